"""A causal language model that is asked for its next token, in transformers.

In float32 and batches of like length; a beginning that all prompts share is computed once.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simpatico.errors import ModelError
from simpatico.finetune.mood import Array
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

BATCH = 32


class CausalModel:
    """A causal model that is asked for its next token.

    Args:
        base: folder of the model.
        adapter: folder of a LoRA adapter, merged into it; None: none.
        progress: told (label, prompts done, prompts in all).

    Raises:
        SettingsError: torch, transformers or peft is not installed.
        ModelError: a folder holds no such model, or the adapter changes nothing.
    """

    def __init__(
        self,
        base: Path,
        adapter: Path | None = None,
        *,
        progress: ProgressCallback = lambda label, done, total: None,
    ) -> None:
        self._torch = needs("torch", "torch", "a language model")
        self._progress = progress
        hub = needs("transformers", "transformers", "a language model")
        bars = hub.utils.logging.is_progress_bar_enabled()
        hub.utils.logging.disable_progress_bar()
        try:
            self.tokenizer = hub.AutoTokenizer.from_pretrained(base, local_files_only=True)
            model = hub.AutoModelForCausalLM.from_pretrained(
                base, dtype=self._torch.float32, local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise ModelError(f"{base} holds no causal model: {error}") from error
        finally:
            if bars:
                hub.utils.logging.enable_progress_bar()
        if adapter is not None:
            model = _merged(model, adapter)
        device = "cuda" if self._torch.cuda.is_available() else "cpu"
        self._device = device
        self._model = model.to(device).eval()
        self._start: tuple[list[int], Any] = ([], None)

    def word_ids(self, words: Sequence[str]) -> list[int]:
        """The token of each word with a space before it.

        Raises:
            ModelError: a word is more than one token, or two words are the same one.
        """
        ids = [self.tokens(f" {word}") for word in words]
        if any(len(each) != 1 for each in ids) or len({each[0] for each in ids}) < len(ids):
            wrong = [word for word, each in zip(words, ids, strict=True) if len(each) != 1]
            raise ModelError(f"wanted words of one token each; these are not: {wrong}")
        return [each[0] for each in ids]

    def tokens(self, text: str) -> list[int]:
        """A text as token ids, nothing added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def next_words(
        self,
        prompts: Sequence[Sequence[int]],
        ids: Sequence[int],
        *,
        start: Sequence[int] = (),
        label: str = "Reading",
    ) -> Array:
        """How likely each of some tokens comes next: logits (n, len(ids)), up to a constant.

        Args:
            prompts: token ids; each at least one.
            ids: the tokens asked about.
            start: token ids that stand before every prompt.
            label: of the progress bar.
        """
        torch = self._torch
        out = np.zeros((len(prompts), len(ids)), dtype=np.float32)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        rows = self._model.lm_head.weight[list(ids)]
        with torch.inference_mode():
            shared = self._shared(start)
            for at in range(0, len(order), BATCH):
                part = order[at : at + BATCH]
                last = [len(prompts[i]) - 1 for i in part]
                # Padding stands behind the last token, which no earlier one sees: no mask needed.
                padded = [[*prompts[i], *[0] * (max(last) + 1 - len(prompts[i]))] for i in part]
                past = copy.deepcopy(shared)
                if past is not None:
                    past.batch_repeat_interleave(len(part))
                hidden = self._model.model(
                    torch.tensor(padded, device=self._device),
                    past_key_values=past,
                    use_cache=past is not None,
                ).last_hidden_state
                found = hidden[torch.arange(len(part)), last] @ rows.T
                out[part] = found.float().cpu().numpy()
                self._progress(label, min(at + BATCH, len(order)), len(order))
        return out

    def _shared(self, start: Sequence[int]) -> Any:
        """What the model makes of a beginning; the last one asked for is remembered."""
        if self._start[0] != list(start):
            ids = self._torch.tensor([list(start)], device=self._device)
            made = self._model.model(ids, use_cache=True).past_key_values if start else None
            self._start = (list(start), made)
        return self._start[1]


def _merged(model: Any, adapter: Path) -> Any:
    peft = needs("peft", "peft", "the row lora")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    try:
        merged = peft.PeftModel.from_pretrained(
            model, str(adapter), local_files_only=True
        ).merge_and_unload()
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(f"{adapter} holds no adapter for this model: {error}") from error
    if all(bool((weight == before[name]).all()) for name, weight in merged.named_parameters()):
        raise ModelError(f"the adapter in {adapter} changes nothing: it is not trained")
    return merged
