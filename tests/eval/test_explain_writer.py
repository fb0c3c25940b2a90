"""Writing many replies at a time, on a model of a few random weights."""

from pathlib import Path

import pytest

PROMPTS = ["a b c reply:", "d reply:", "a a a a b b c d d reply:", "c reply:"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    words = ["?", "<end>", "\n", "reply:", *(f" {letter}" for letter in "abcdefghij")]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\S+|\n"), "isolated")
    folder = tmp_path_factory.mktemp("tiny")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    fast.save_pretrained(folder)
    torch.manual_seed(1)
    shape = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False,
        initializer_range=1.0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


def test_a_batch_writes_what_each_prompt_alone_does(tiny: Path) -> None:
    from simpatico.eval.explain_write import Writer

    told: list[tuple[int, int]] = []
    writer = Writer(tiny, progress=lambda label, done, total: told.append((done, total)))
    together = writer.continued(PROMPTS, max_tokens=12)
    alone = [writer.continued([text], max_tokens=12)[0] for text in PROMPTS]
    assert together == alone
    assert any(together) and told[0] == (4, 4)
