"""The time of a turn in llama.cpp, as the product runs it, whatever engine the scores came from."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from simpatico.agent.engine import LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.eval.baselines_llm import Prompted
from simpatico.eval.baselines_text import Scorer
from simpatico.eval.compare import Times, clock
from simpatico.finetune.export import export_gguf

TOP_LOGPROBS = 64


def in_llamacpp(
    gguf: Callable[[], Path], *, n_tokens: int, adapter: Path | None = None
) -> Callable[[Scorer, Sequence[str]], Times]:
    """A clock for a row that is a language model.

    Args:
        gguf: gives the file of its base.
        n_tokens: generated for a turn, with their alternatives.
        adapter: folder of a LoRA adapter of the base.
    """

    def times(scorer: Scorer, texts: Sequence[str]) -> Times:
        model = gguf()
        prompts = [scorer.start + scorer.asked(text) for text in texts] if isinstance(
            scorer, Prompted
        ) else list(texts)  # fmt: skip
        name = "reader" if adapter else ""
        with tempfile.TemporaryDirectory() as work, asyncio.Runner() as runner:
            files = [export_gguf(adapter, model, Path(work) / "reader.gguf")] if adapter else []
            with LlamaServer(model, adapters=files) as (url, key):
                llm = OpenAILLM(
                    url, model.parent.name, key, 60, flavour="llamacpp",
                    adapters=(name,) if name else (),
                )  # fmt: skip

                def read(prompt: str) -> None:
                    runner.run(
                        llm.complete(
                            prompt, max_tokens=n_tokens, top_logprobs=TOP_LOGPROBS, adapter=name
                        )
                    )

                try:
                    return clock(read, prompts)
                finally:
                    runner.run(llm.aclose())

    return times
