"""LoRA on a causal language model (Hu et al., 2021): loss on answers only, resumable, seeded.

On a processor the layers below `first_layer` stay as they are, so what they compute is computed
once and kept; with `first_layer = 0` every layer learns. accelerate places the model and spreads
batches over processes (`accelerate launch`), in bfloat16 where the device has it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer

from simpatico.errors import DataError, ModelError
from simpatico.finetune.examples import Example, batches, tokenize
from simpatico.finetune.inputs import Inputs
from simpatico.finetune.interrupts import Interrupts
from simpatico.finetune.recipe import Recipe
from simpatico.protocols import ProgressCallback

CHECKPOINT = "checkpoint"
KEEP_EVERY = 100
"""Steps between checkpoints; an interrupt writes one, too."""


@dataclass(frozen=True)
class Trained:
    """What a run did: optimiser steps, tokens seen, mean loss of the last hundred steps."""

    steps: int
    tokens: int
    loss: float


class Answering(nn.Module):
    """A causal model whose forward is the loss on the answers' tokens."""

    def __init__(self, model: PeftModel, first_layer: int) -> None:
        super().__init__()
        self.peft = model
        self._lower = first_layer
        stack = model.base_model.model.model
        self._below = nn.ModuleList(stack.layers[:first_layer])  # moves with the rest to a device
        for index in range(first_layer):
            stack.layers[index] = _Skip()  # keeps the numbers of the layers above

    @torch.inference_mode()
    def lower(self, ids: Tensor) -> Tensor:
        """What the untouched layers make of tokens padded at their ends: (b, n) -> (b, n, width).

        No token sees what comes after it, so padding needs no mask.
        """
        stack = self.peft.base_model.model.model
        hidden = stack.embed_tokens(ids)
        place = torch.arange(ids.shape[1], device=ids.device)[None]
        turn = stack.rotary_emb(hidden, position_ids=place)
        for layer in self._below:
            hidden = layer(hidden, position_embeddings=turn, position_ids=place)
        return hidden

    def forward(
        self,
        hidden: Tensor,
        mask: Tensor,
        at: Tensor,
        rows: Tensor,
        targets: Tensor,
        weights: Tensor,
    ) -> Tensor:
        """Mean cross-entropy: hidden (b, n, width), mask (b, n), at (m,) in b * n; see `Tokens`."""
        causal = self.peft.base_model.model
        out = causal.model(inputs_embeds=hidden, attention_mask=mask, use_cache=False)
        logits = causal.lm_head(out.last_hidden_state.flatten(0, 1)[at])
        chances = torch.log_softmax(logits.float(), dim=-1)[rows, targets]
        return -(chances * weights).sum() / weights.sum()


class _Skip(nn.Module):
    def forward(self, hidden_states: Tensor, **kwargs: Any) -> Tensor:
        return hidden_states


def train(
    base: Path,
    recipe: Recipe,
    examples: Sequence[Example],
    out: Path,
    *,
    start: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Trained:
    """Train an adapter on examples and write it to `out`; a run that broke off goes on.

    Args:
        base: folder of the base model (`simpatico.finetune.base`).
        recipe: what and how.
        examples: shuffled here, by the recipe's seed.
        out: gets adapter_model.safetensors and adapter_config.json; until done, a checkpoint.
        start: an adapter of the same shape to begin from; None: fresh.
        progress: told of tokens prepared and steps done.

    An interrupt (SIGINT) is heeded after the step under way, with a checkpoint.

    Raises:
        DataError: no examples, or one that cannot be tokenized.
        ModelError: base or start do not fit the recipe, or there is no room on the disk.
    """
    if not examples:
        raise DataError("wanted examples to train on, got none")
    plan = recipe.training
    set_seed(plan.seed)
    accelerator = Accelerator(mixed_precision="bf16")
    tokenizer = AutoTokenizer.from_pretrained(base)
    data = [tokenize(example, tokenizer, max_tokens=plan.max_tokens) for example in examples]
    model = Answering(_with_lora(base, recipe, start), recipe.lora.first_layer)
    model.to(accelerator.device)
    out.mkdir(parents=True, exist_ok=True)
    inputs = Inputs(
        model.lower,
        model.peft.base_model.model.config.hidden_size,
        data,
        keep=out if recipe.lora.first_layer else None,
        base=f"{base} {recipe.lora.first_layer}",
        device=accelerator.device,
        progress=progress,
    )
    if accelerator.device.type == "cpu":
        # Fused attention takes a fifth of a step on its way back there. Only from here on: without
        # a mask, as the lower layers are asked, plain attention would look ahead.
        model.peft.base_model.model.set_attn_implementation("eager")

    groups = [
        group
        for epoch in range(plan.epochs)
        for group in batches(
            [len(each.ids) for each in data],
            plan.batch_size,
            np.random.default_rng([plan.seed, epoch]),
        )
    ]
    n_processes, rank = accelerator.num_processes, accelerator.process_index
    n_steps = len(groups) // n_processes
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=plan.learning_rate, weight_decay=0.0)
    n_warm = max(1, round(plan.warmup * n_steps))
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / n_warm, (n_steps - step) / (n_steps - n_warm + 1))
    )
    run = _Run(out / CHECKPOINT, _fingerprint(recipe, examples, start), model.peft)
    step, tokens, losses = run.resume(optimizer, scheduler)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    with Interrupts() as interrupts:
        while step < n_steps:
            group = groups[step * n_processes + rank]
            with accelerator.autocast():
                loss = wrapped(**inputs.batch(group))
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(learnt, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            step += 1
            tokens += sum(len(data[i].ids) for i in group)
            losses = [*losses[-99:], float(loss.detach())]
            progress(f"training, loss {np.mean(losses):.3f}", step, n_steps)
            stop = interrupts.asked and step < n_steps
            if (step % KEEP_EVERY == 0 or stop) and accelerator.is_main_process:
                run.keep(step, tokens, losses, optimizer, scheduler)
            if stop:
                raise KeyboardInterrupt
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        save_adapter(model.peft, out)
        run.done()
        inputs.drop()
    return Trained(step, tokens, float(np.mean(losses)))


def save_adapter(model: PeftModel, out: Path) -> None:
    """Write an adapter as peft reads it, in float16: safetensors and its configuration."""
    weights = {
        name: weight.detach().to("cpu", torch.float16).contiguous()
        for name, weight in get_peft_model_state_dict(model).items()
    }
    save_file(weights, out / "adapter_model.safetensors", metadata={"format": "pt"})
    config = model.peft_config["default"].to_dict()
    config["base_model_name_or_path"] = Path(str(config["base_model_name_or_path"])).name
    kept = {
        name: sorted(value) if isinstance(value, set) else value
        for name, value in config.items()
        if value is not None and value != {} and value != []
    }
    kept["inference_mode"] = True
    (out / "adapter_config.json").write_text(
        json.dumps(kept, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8"
    )


def _with_lora(base: Path, recipe: Recipe, start: Path | None) -> PeftModel:
    try:
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    except (OSError, ValueError) as error:
        raise ModelError(f"base model {base} cannot be loaded: {error}") from error
    n_layers = model.config.num_hidden_layers
    if recipe.lora.first_layer >= n_layers:
        raise ModelError(
            f"wanted first_layer below {n_layers}, as {base.name} has, "
            f"got {recipe.lora.first_layer}"
        )
    config = LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        target_modules=list(recipe.lora.modules),
        layers_to_transform=list(range(recipe.lora.first_layer, n_layers)),
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, config)
    if start is not None:
        try:
            weights = load_file(start / "adapter_model.safetensors")
            result = set_peft_model_state_dict(adapted, weights)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"adapter {start} does not fit the recipe: {error}") from error
        if result.unexpected_keys:
            raise ModelError(f"adapter {start} has weights the recipe has no place for")
    return adapted


class _Run:
    """A run's checkpoint: weights, optimiser, place. It belongs to one recipe and one data set."""

    def __init__(self, folder: Path, fingerprint: str, model: PeftModel) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._model = model

    def resume(self, optimizer: Any, scheduler: Any) -> tuple[int, int, list[float]]:
        """Where the run stands: (step, tokens, last losses); the start when there is nothing."""
        if not (self._folder / "state.pt").exists():
            return 0, 0, []
        state = torch.load(self._folder / "state.pt", weights_only=True)
        if state["fingerprint"] != self._fingerprint:
            raise ModelError(
                f"{self._folder} belongs to another recipe or other data: choose another --out, "
                "or remove it"
            )
        set_peft_model_state_dict(self._model, load_file(self._folder / "weights.safetensors"))
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        return state["step"], state["tokens"], state["losses"]

    def keep(
        self, step: int, tokens: int, losses: list[float], optimizer: Any, scheduler: Any
    ) -> None:
        """Write a checkpoint; the old one stays until the new one is whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        weights = {
            name: weight.detach().cpu().contiguous()
            for name, weight in get_peft_model_state_dict(self._model).items()
        }
        save_file(weights, self._folder / "weights.new")
        state = {
            "fingerprint": self._fingerprint,
            "step": step,
            "tokens": tokens,
            "losses": losses,
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
        torch.save(state, self._folder / "state.new")
        (self._folder / "weights.new").replace(self._folder / "weights.safetensors")
        (self._folder / "state.new").replace(self._folder / "state.pt")

    def done(self) -> None:
        """Remove the checkpoint."""
        for file in self._folder.glob("*"):
            file.unlink()
        if self._folder.exists():
            self._folder.rmdir()


def _fingerprint(recipe: Recipe, examples: Sequence[Example], start: Path | None) -> str:
    digest = hashlib.sha256(recipe.model_dump_json().encode())
    for example in examples:
        digest.update(example.model_dump_json().encode())
    if start is not None:
        digest.update((start / "adapter_model.safetensors").read_bytes())
    return digest.hexdigest()
