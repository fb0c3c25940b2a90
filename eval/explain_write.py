"""Replies written by a language model: raw text, greedy, nothing checked yet.

The base model writes many at a time, on transformers in float32 in batches of like length; the
explainer adapter one after the other, in the embedded engine, as in use.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from simpatico.adapters import gguf_of, load_adapter
from simpatico.agent.engine import LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.explaining import MAX_REPLY_TOKENS, Brief, grammar, prompt_of
from simpatico.finetune.causal import CausalModel
from simpatico.modelstore import ModelStore
from simpatico.protocols import ProgressCallback

BATCH = 64
TIMEOUT_S = 120.0


class Timed(NamedTuple):
    """A reply with the seconds to its first piece and to its end."""

    text: str
    first_s: float
    whole_s: float


class Writer(CausalModel):
    """A causal model that goes on writing."""

    def continued(
        self, prompts: Sequence[str], *, max_tokens: int, label: str = "Writing"
    ) -> list[str]:
        """What the model writes after each prompt, the likeliest token each time.

        Args:
            prompts: raw text.
            max_tokens: of one reply.
            label: of the progress bar.
        """
        torch, tokenizer = self._torch, self.tokenizer
        end = tokenizer.eos_token_id
        ids = [self.tokens(prompt) for prompt in prompts]
        out = [""] * len(prompts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        with torch.inference_mode():
            for at in range(0, len(order), BATCH):
                part = order[at : at + BATCH]
                longest = len(ids[part[-1]])
                padded = [[end] * (longest - len(ids[i])) + ids[i] for i in part]
                mask = [[0] * (longest - len(ids[i])) + [1] * len(ids[i]) for i in part]
                written = self._model.generate(
                    torch.tensor(padded, device=self._device),
                    attention_mask=torch.tensor(mask, device=self._device),
                    max_new_tokens=max_tokens,
                    do_sample=False,
                    eos_token_id=end,
                    pad_token_id=end,
                )
                for row, i in enumerate(part):
                    text = tokenizer.decode(written[row, longest:], skip_special_tokens=True)
                    out[i] = text.strip()
                self._progress(label, min(at + BATCH, len(order)), len(order))
        return out

    def chatted(
        self, chats: Sequence[Sequence[dict[str, str]]], *, max_tokens: int, label: str = "Writing"
    ) -> list[str]:
        """What the model answers to each chat, as its own template puts it."""
        prompts = [
            self.tokenizer.apply_chat_template(
                list(chat), tokenize=False, add_generation_prompt=True
            )
            for chat in chats
        ]
        return self.continued(prompts, max_tokens=max_tokens, label=label)


def in_llamacpp(
    briefs: Sequence[Brief],
    adapter: Path,
    *,
    base: str,
    cache: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Timed]:
    """Have replies to briefs written by the embedded engine with the explainer adapter.

    Raises:
        ModelError: weights or adapter are missing or do not fit.
        LLMUnavailable, BadReply: the engine failed.
    """
    weights = next(ModelStore(cache).path(base).glob("*.gguf"))
    file = gguf_of(load_adapter(adapter), weights, cache)

    async def write(url: str, key: str) -> list[Timed]:
        llm = OpenAILLM(url, base, key, TIMEOUT_S, flavour="llamacpp", adapters=("explainer",))
        try:
            done = []
            for brief in briefs:
                done.append(await _timed(llm, brief))
                progress("Explainer", len(done), len(briefs))
            return done
        finally:
            await llm.aclose()

    with LlamaServer(weights, adapters=[file]) as (url, key):
        return asyncio.run(write(url, key))


async def _timed(llm: OpenAILLM, brief: Brief) -> Timed:
    start = time.perf_counter()
    first, text = 0.0, ""
    async for piece in llm.stream(
        prompt_of(brief),
        max_tokens=MAX_REPLY_TOKENS,
        grammar=grammar(brief),
        stop=("\n",),
        adapter="explainer",
    ):
        first = first or time.perf_counter() - start
        text += piece
    return Timed(text.strip(), first, time.perf_counter() - start)
