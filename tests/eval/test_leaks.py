from simpatico.eval.leaks import checks_of, near_duplicates

WORDS = " ".join(f"w{at}" for at in range(40))


def test_near_duplicates_share_most_runs_of_words() -> None:
    asked = [f"{WORDS} more", WORDS[: len(WORDS) // 2], "", "thanks"]
    assert near_duplicates(asked, [WORDS, "Thanks!"]) == [True, False, False, True]
    assert near_duplicates(asked, []) == [False] * 4


def test_each_look_finds_what_it_looks_for() -> None:
    found = checks_of(
        "sentences",
        ids=["a:1", "b", "c:7"],
        learnt_ids=["a:9", "x"],
        texts=["so much joy", "cheer up", f"{WORDS} end"],
        learnt_texts=[WORDS],
        answers=[["joy"], ["cheer_up", "joy"], ["fear"]],
    )
    assert [(each.n_found, each.n) for each in found] == [(1, 3), (1, 3), (2, 3)]
