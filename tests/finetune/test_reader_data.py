"""Public data sets as examples for the reader adapter."""

import csv
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.domain import INTENTS, MOODS
from simpatico.errors import DataError
from simpatico.finetune import reader_data
from simpatico.finetune.examples import Example, Piece
from simpatico.finetune.reader_data import (
    EMORY_MOODS,
    GOEMOTIONS_COUNTS,
    emory_shares,
    emorynlp,
    goemotions,
    mixture,
    newest,
    overlap,
)
from simpatico.finetune.reader_dialogues import (
    IARD_INTENTS,
    iard,
    intent_of,
    read_iard,
    redial,
    split_iard,
    stance_of,
    write_title,
)
from simpatico.finetune.recipe import Mixture
from simpatico.reading import INTENT_WORDS, MOOD_WORDS, NEED_WORDS
from simpatico.text import fold

EMORY_HEADER = "Utterance,Speaker,Emotion,Scene_ID,Utterance_ID,Season,Episode\n"
YES, NO, SILENT = {"seen": 1, "liked": 1}, {"seen": 1, "liked": 0}, {"seen": 2, "liked": 2}
UNSEEN = {"seen": 0, "liked": 1}
OWN = [Example(prompt="them: hi\nread:", answer=(Piece(text=" neutral"),), source="own")]


def emory_file(folder: Path, *rows: str) -> Path:
    file = folder / "emory.csv"
    file.write_text(EMORY_HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    return file


def iard_file(folder: Path, said: list[tuple[str, str, list[str]]], n: int = 1) -> Path:
    rows = {
        str(key): {
            "dialogue_info": {
                f"{role[0].upper()}{at}": {
                    "role": role,
                    "utterance_text": text,
                    "sub-intent/action": codes,
                }
                for at, (role, text, codes) in enumerate(said, 1)
            }
        }
        for key in range(n)
    }
    file = folder / "dialogues.json"
    file.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return file


def redial_file(folder: Path, messages: list[tuple[int, str]], **changes: Any) -> Path:
    row = {
        "conversationId": "11",
        "initiatorWorkerId": 1,
        "respondentWorkerId": 2,
        "movieMentions": {"5": "Heat  (1995)", "6": "Se7en (1995)", "7": "Alien (1979)"},
        "initiatorQuestions": {"5": YES, "6": UNSEEN, "7": NO},
        "respondentQuestions": {"5": YES, "6": SILENT, "7": NO},
        "messages": [{"senderWorkerId": who, "text": text} for who, text in messages],
    } | changes
    file = folder / "train.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return file


def stances(example: Example) -> list[str]:
    return [piece.text for piece in example.answer if piece.weight]


def test_goemotions_labels_share_equally(tmp_path: Path) -> None:
    joy, love = MOODS.index("joy"), MOODS.index("love")
    file = tmp_path / "train.tsv"
    file.write_text(f"so happy for you\t{joy},{love}\tx1\nmeh\t3\tx2\n", encoding="utf-8")
    both, one = goemotions(file)
    assert both.prompt == "them: so happy for you\nread:"
    assert both.answer == (Piece(text=" joy", shares=((" joy", 0.5), (" love", 0.5))),)
    assert one.answer == (Piece(text=" annoyed"),)


def test_emory_context_is_of_the_scene_and_of_who_spoke(tmp_path: Path) -> None:
    file = emory_file(
        tmp_path,
        "Other scene.,['A'],Sad,1,1,1,2",
        "\"Hey, you.\",['A'],Neutral,2,1,1,2",
        "Coffee?,['B'],Neutral,2,2,1,2",
        "Yay!,['A'],Joyful,2,3,1,2",
        "No!,['B'],Mad,2,4,1,2",
    )
    found = emorynlp(file)
    assert found[1].prompt == "them: Hey, you.\nread:"
    assert found[3].prompt == "them: Hey, you.\nus: Coffee?\nthem: Yay!\nread:"
    assert found[4].prompt == "them: Coffee?\nus: Yay!\nthem: No!\nread:"
    assert found[1].answer == (Piece(text=" neutral"),)
    assert dict(found[4].answer[0].shares).keys() == {" annoyed", " objection", " anger"}


@pytest.mark.parametrize("emotion", EMORY_MOODS)
def test_emory_shares_are_known_moods_and_sum_to_one(emotion: str) -> None:
    shares = emory_shares(emotion)
    assert set(shares) <= set(MOODS)
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert shares.get("neutral", 0) == {"Neutral": 1, "Peaceful": 0.5, "Powerful": 0.5}.get(
        emotion, 0
    )


@pytest.mark.parametrize(
    ("codes", "text", "intent"),
    [
        (["OTH", "IQU"], "Hi, any good comedies?", "seek"),
        (["SEE", "CRI-A"], "I have seen it. Something newer?", "refine"),
        (["REJ", "INQ"], "I did not like that. Is the other one good?", "ask_about"),
        (["ACC", "CON"], "Sounds good. Anything else?", "accept"),
        (["ACC", "OTH"], "I'll watch it, bye", "accept"),
        (["REJ", "CRI-F"], "No, too silly", "reject"),
        (["SEE"], "I've seen that one", "seen"),
        (["SEE"], "Yes I have, it was fine", "seen"),
        (["SEE", "PRO"], "I loved it", "feedback"),
        (["OTH"], "Thanks, have a great day", "goodbye"),
        (["OTH"], "Hello there", "smalltalk"),
        (["NRE"], "Never heard of it", "unknown"),
    ],
)
def test_intents_of_iard_as_ours(codes: list[str], text: str, intent: str) -> None:
    assert intent_of(codes, text) == intent
    assert intent_of(codes[::-1], text) == intent


def test_only_the_intent_of_a_seekers_turn_is_learnt(tmp_path: Path) -> None:
    said = [
        ("recommender", "Hi! What do you like?", ["OTH"]),
        ("seeker", "comedies...Or this: @12 <Heat (1995)>  <Heat (1995)> ...", ["IQU"]),
        ("recommender", "Seen @7 <Big>  ?", ["REC-E"]),
        ("seeker", "Saw it&gt;", ["SEE"]),
    ]
    (dialogue,) = read_iard(iard_file(tmp_path, said))
    first, second = iard([dialogue])
    assert [p.weight for p in first.answer] == [0, 0, 1]
    assert first.answer[2].text == " seek"
    drawn = [iard([dialogue], seed=seed)[0].answer[:2] for seed in range(60)]
    assert {mood.text.strip() for mood, _ in drawn} <= {*MOOD_WORDS.values()}
    assert {need.text.strip() for _, need in drawn} <= {*NEED_WORDS.values()}
    assert 15 < sum(mood.text == " neutral" for mood, _ in drawn) < 45
    assert 15 < sum(need.text == " any" for _, need in drawn) < 45
    assert first.prompt.startswith("us: Hi! What do you like?\nthem: comedies. Or this: ")
    assert newest(first).casefold().count("heat") == 1
    assert not {"@", "<", ">"} & set(first.prompt)
    assert second.prompt.count("\n") == 3
    assert newest(second) == "Saw it>"


def test_the_split_is_by_dialogue_and_does_not_hang_on_the_order(tmp_path: Path) -> None:
    file = iard_file(tmp_path, [("seeker", "hi", ["OTH"])], n=50)
    dialogues = read_iard(file)
    split = split_iard(dialogues)
    ids = [{one.id for one in part} for part in split]
    assert [len(part) for part in ids] == [30, 10, 10]
    assert len(set.union(*ids)) == 50
    assert split_iard(dialogues[::-1]) == split
    assert split_iard(dialogues, seed=1) != split


@pytest.mark.parametrize(
    ("seeker", "other", "text", "repeated", "stance"),
    [
        (YES, YES, "I loved _", False, "liked"),
        (YES, YES, "something like _", False, "liked"),
        (YES, SILENT, "or _", False, "liked"),
        (YES, YES, "or _", True, None),
        (YES, YES, "I have seen _ already", True, "seen"),
        (YES, YES, "Have you seen _ ?", False, None),
        (YES, NO, "I loved _", False, None),
        (NO, NO, "I didn't really like _", True, "disliked"),
        (NO, NO, "something like _", False, None),
        (UNSEEN, UNSEEN, "I haven't seen _ , I will check it out", True, "named"),
        (UNSEEN, UNSEEN, "I loved _", True, None),
        ({"seen": 1, "liked": 2}, SILENT, "We saw _ last week", True, "seen"),
        ({"seen": 1, "liked": 2}, SILENT, "something like _", False, None),
        (SILENT, SILENT, "I loved _", False, None),
        ({}, {}, "I loved _", False, None),
    ],
)
def test_a_stance_needs_both_the_answers_and_the_words(
    seeker: dict[str, int], other: dict[str, int], text: str, repeated: bool, stance: str | None
) -> None:
    assert stance_of(seeker, other, text, repeated=repeated) == stance


def test_stances_stand_in_the_order_of_the_message(tmp_path: Path) -> None:
    text = "I loved @5 but not a fan of @7 . Haven't seen @6 , is it like @5 ?"
    file = redial_file(tmp_path, [(2, "Hi"), (2, "Seen @6 ?"), (1, "hello"), (1, text)])
    (example,) = redial(file)
    assert stances(example) == [" liked", " hated", " named"]
    assert example.answer[0].text.strip() in MOOD_WORDS.values()
    assert example.answer[1].text.strip() in NEED_WORDS.values()
    assert [p.weight for p in example.answer[:4]] == [0, 0, 0, 0]
    assert example.answer[2].text.strip() in INTENT_WORDS.values()
    assert example.answer[3] == Piece(text=" |", weight=0)
    assert "@" not in example.prompt
    first = example.prompt.splitlines()[0]
    assert first.startswith("us: Seen ") and "se7en" in first.casefold()
    # The same film is written the same way wherever it comes up.
    assert newest(example).count("Heat") == 2 or newest(example).count("heat") == 2


def test_messages_with_a_doubtful_stance_are_left_out(tmp_path: Path) -> None:
    said = [(2, "Have you seen @5 ?"), (1, "hm @5"), (1, "I loved @5 and @99"), (2, "I love @5")]
    assert redial(redial_file(tmp_path, said)) == []
    assert redial(redial_file(tmp_path, [(1, "I loved @5 " + "so much " * 80)])) == []
    assert redial(redial_file(tmp_path, [(1, "I loved @5")], initiatorQuestions=[])) != []


def test_dialogues_are_skipped_by_id_and_a_tenth_is_held_out(tmp_path: Path) -> None:
    file = redial_file(tmp_path, [(1, "I loved @5")])
    assert len(redial(file)) == 1
    assert redial(file, skip={"11"}) == redial(file, held_out=True) == []
    file = redial_file(tmp_path, [(1, "I loved @5")], conversationId="20")
    assert redial(file) == []
    assert len(redial(file, held_out=True)) == 1


def test_titles_are_written_in_three_ways() -> None:
    rng = np.random.default_rng(0)
    written = Counter(write_title("The Matrix  (1999)", rng) for _ in range(300))
    assert set(written) == {"The Matrix", "the matrix", "The Matrix (1999)"}
    assert written.most_common(1)[0][0] == "The Matrix"
    assert write_title("Zootopia", np.random.default_rng(1)) in ("Zootopia", "zootopia")


def test_wrong_files_are_data_errors_that_say_where(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    for loader in (goemotions, emorynlp, read_iard, redial):
        with pytest.raises(DataError, match=str(tmp_path / "none")):
            loader(tmp_path / "none")
        bad.write_text("")
        with pytest.raises(DataError, match=str(bad)):
            loader(bad)
    bad.write_text("fine\t1\tx\nno such label\t28\tx\n")
    with pytest.raises(DataError, match="bad:2"):
        goemotions(bad)
    with pytest.raises(DataError, match="emory.csv:3: wanted one of Neutral, .*'Glad'"):
        emorynlp(emory_file(tmp_path, "Hi.,['A'],Sad,1,1,1,2", "Oh.,['A'],Glad,1,2,1,2"))
    with pytest.raises(DataError, match="emory.csv:2: Speaker"):
        emorynlp(emory_file(tmp_path, "Hi.,Monica,Sad,1,1,1,2"))
    with pytest.raises(DataError, match="emory.csv:2: empty"):
        emorynlp(emory_file(tmp_path))
    with pytest.raises(DataError, match=r"dialogues.json:2: dialogue 0 .*wanted one of INQ"):
        read_iard(iard_file(tmp_path, [("seeker", "hi", ["XYZ"])]))
    with pytest.raises(DataError, match=r"dialogues.json:2: .*'boss'"):
        read_iard(iard_file(tmp_path, [("boss", "hi", ["OTH"])]))
    wrong = redial_file(tmp_path, [(1, "I loved @5")], initiatorQuestions={"5": {"seen": 7}})
    with pytest.raises(DataError, match=r"train.jsonl:1: .*got 7"):
        redial(wrong)
    wrong.write_text('{"conversationId": "11"}\n')
    with pytest.raises(DataError, match="train.jsonl:1"):
        redial(wrong)


def test_overlap_ignores_case_and_punctuation() -> None:
    assert overlap(["Hello there!", "Zoë"], ["hello, there", "zoe", "new"]) == (
        "hello, there",
        "zoe",
    )


def test_a_source_that_runs_out_is_drawn_again(tmp_path: Path) -> None:
    rows = [OWN[0].model_copy(update={"source": str(i)}) for i in range(4)]
    only = Mixture(goemotions=0, emorynlp=0, iard=0, redial=0, own=10)
    drawn = Counter(one.source for one in mixture(tmp_path, only, own=rows))
    assert sorted(drawn.values()) == [2, 2, 3, 3]
    with pytest.raises(DataError, match="wanted 10 examples"):
        mixture(tmp_path, only, own=[])


def test_a_teacher_that_never_saw_a_sentence_has_its_share_of_the_label(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    texts = {2: "I am so angry about it", 17: "what a joy, lovely", 25: "so sad, I cried"}
    rows = [(text, label) for _ in range(20) for label, text in texts.items()]
    rows += [("I am so angry about it", 17)]  # against twenty others
    file = tmp_path / "train.tsv"
    file.write_text("".join(f"{text} {i}\t{label}\t{i}\n" for i, (text, label) in enumerate(rows)))

    plain = goemotions(file)
    taught = goemotions(file, teacher_weight=0.5, seed=0)
    assert plain[-1].answer == (Piece(text=" joy"),)
    shares = dict(taught[-1].answer[0].shares)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares[" anger"] > 0.3 and shares[" joy"] > 0.5
    agreed = dict(taught[0].answer[0].shares)
    assert agreed[" anger"] > 0.8 and taught[0].answer[0].text == " anger"


def test_the_table_covers_iard_and_names_our_intents() -> None:
    assert len(IARD_INTENTS) == 16
    assert set(IARD_INTENTS.values()) < set(INTENTS)


@pytest.fixture(scope="module")
def sets() -> Path:
    folder = Path(os.environ.get("DATA_SETS", reader_data.__file__))
    if not (folder / "iard" / "dialogues.json").exists():
        pytest.skip("needs the reader's data: set DATA_SETS to the folder docs/data.md describes")
    return folder


@pytest.mark.data
def test_frequencies_are_those_of_goemotions(sets: Path) -> None:
    found = goemotions(sets / "goemotions" / "train.tsv")
    counts = Counter(
        text for one in found for text, _ in one.answer[0].shares or ((one.answer[0].text, 1.0),)
    )
    assert len(found) == 43_410
    assert {mood: counts[f" {MOOD_WORDS[mood]}"] for mood in GOEMOTIONS_COUNTS} == GOEMOTIONS_COUNTS


@pytest.mark.data
def test_every_utterance_of_emorynlp_is_read(sets: Path) -> None:
    file = sets / "emorynlp" / "emorynlp_train_final.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        texts = [row["Utterance"] for row in csv.DictReader(lines)]
    found = emorynlp(file)
    assert len(found) == len(texts) == 7551
    assert [newest(one)[:50] for one in found] == [" ".join(text.split())[:50] for text in texts]


@pytest.mark.data
def test_no_dialogue_that_iard_measures_on_is_trained_on(sets: Path) -> None:
    dialogues = read_iard(sets / "iard" / "dialogues.json")
    split = split_iard(dialogues)
    assert [len(part) for part in split] == [179, 59, 60]
    measured = {one.id for one in (*split.dev, *split.test)}
    file = sets / "redial" / "train.jsonl"

    # Ids mean the same dialogue in both sets, and no other dialogue of ReDial is one of IARD's.
    def words(text: str) -> str:
        return fold(re.sub(r"@\d+(?:\s*<[^<>]*>)*", " ", text))

    ours = {
        row["conversationId"]: words(" ".join(one["text"] for one in row["messages"]))
        for row in map(json.loads, file.read_text("utf-8").splitlines())
    }
    said = {
        key: [words(turn["utterance_text"]) for turn in row["dialogue_info"].values()]
        for key, row in json.loads((sets / "iard" / "dialogues.json").read_text("utf-8")).items()
    }
    shared = [key for key in said if key in ours]
    assert len(shared) == 77
    assert min(np.mean([text in ours[key] for text in said[key]]) for key in shared) > 0.8
    everything = "\n".join(text for key, text in ours.items() if key not in said)
    assert not [key for key in said if sum(len(t) > 40 and t in everything for t in said[key]) > 2]

    kept = redial(file, skip=measured)
    assert 3000 < len(kept) < len(redial(file))
    test = [newest(one) for one in iard([*split.dev, *split.test])]
    long = [text for text in overlap((newest(one) for one in kept), test) if len(text) > 40]
    assert long == []


@pytest.mark.data
def test_the_mixture_holds_what_was_asked_for(sets: Path) -> None:
    plan = Mixture(goemotions=300, emorynlp=100, iard=100, redial=200, own=1)
    made = mixture(sets, plan, own=OWN, seed=3)
    counts = Counter(one.source for one in made)
    assert counts == {"goemotions": 300, "emorynlp": 100, "iard": 100, "redial": 200, "own": 1}
    films = [one for one in made if one.source == "redial"]
    assert sum(set(stances(one)) == {" liked"} for one in films) == 100
    assert len({one.source for one in made[:20]}) > 2
