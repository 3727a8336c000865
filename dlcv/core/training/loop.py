"""The one training loop of the house, on `accelerate`: seeds, mixed precision, averaged weights, a bar, a log, resume.

A topic gives its model, its loss and its data; what comes back is the exponential moving average of the weights.
`runs/<name>/state` is written every few minutes and on Ctrl-C; the same command started again goes on from there.
"""

import argparse
import functools
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from accelerate import Accelerator, DataLoaderConfiguration, PartialState
from accelerate.utils import set_seed
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from .. import runtime, weights
from ..datasets import parse_with_data

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of glibc's mallopt


@dataclass
class Recipe:
    """How long and how fast to learn."""

    epochs: int = 20
    batch_size: int = 256
    learning_rate: float = 2e-3  # its peak: linear warm-up over `warmup` of the steps, then a cosine to zero
    warmup: float = 0.02
    weight_decay: float = 0.0
    clip: float = 5.0  # bound on the norm of the gradient
    betas: tuple[float, float] = (0.9, 0.999)  # of Adam
    average: float = 0.999  # decay of the averaged weights, per step
    seed: int = 0
    save_minutes: float = 3.0
    workers: int = 0  # processes beside that read and vary the data, for a GPU that would wait for it
    preset: str = "cpu"  # which of a training's presets this is


def passport_recipe(module: str, name: str, recipe: Recipe) -> dict:
    """A recipe as passports have it, with the command that trains the model of that name again."""
    preset = "" if recipe.preset == "cpu" else f" --preset {recipe.preset}"
    return {"command": f"python -m {module} --model {name}{preset}", **asdict(recipe)}


def save_checkpoint(
    model: nn.Module, name: str, module: str, recipe: Recipe, *, licence: str, source: str, **more
) -> None:
    """Write checkpoints/<name> as `weights.save` does, from one process of all that trained.

    `module` is the one whose command trains the model again, such as "dlcv.vae.train"; `more` joins the recipe in the
    passport.
    """
    if PartialState().is_main_process:
        made_by = passport_recipe(module, name, recipe) | more
        weights.save(model, name, topic=module.split(".")[1], recipe=made_by, licence=licence, source=source)


def command_line(
    description: str,
    presets: dict[str, dict[str, Recipe]],
    train: Callable[[str, Recipe, Path], None],
) -> None:
    """The command `python -m dlcv.<topic>.train`: calls `train(name, recipe, runs)` for each model asked for.

    `presets` has for each preset the recipes of all models by name.
    """
    names = list(presets["cpu"])
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--preset", choices=presets, default="cpu")
    parser.add_argument("--model", nargs="+", choices=names, default=names)
    parser.add_argument("--epochs", type=int, help="instead of the preset's")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="logs and states to resume from")
    args = parse_with_data(parser)
    keep_freed_memory()
    for name in args.model:
        recipe = replace(presets[args.preset][name], preset=args.preset)
        train(name, replace(recipe, epochs=args.epochs) if args.epochs else recipe, args.runs)


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where its C library is glibc.

    Otherwise every large tensor is fetched from the system anew, which clears it first: half the time of a step on
    clouds of points.
    """
    for setting, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 2**28)):
        runtime.of_glibc("mallopt", setting, value)


@dataclass(frozen=True)
class Step:
    """The update that a loss is asked for.

    What a loss does in turns or at random follows from it, so that a training that was stopped goes on as if it had
    not been.
    """

    number: int  # of the updates before it
    steps: int  # of the whole training
    seed: int = 0  # of the first update
    processes: int = 1
    device: torch.device | str = "cpu"

    @property
    def progress(self) -> float:
        """The part of the training that is done, in [0, 1)."""
        return self.number / self.steps

    @functools.cached_property
    def generator(self) -> torch.Generator:
        """Random numbers of this update and process alone."""
        return torch.Generator(self.device).manual_seed(self.seed + self.number * self.processes)

    def at(self, number: int) -> "Step":
        """Another update of the same training."""
        return replace(self, number=number)


class _Clock:
    """Steps done so far, as accelerate wants it for its state folder."""

    step = 0

    def state_dict(self):
        return {"step": self.step}

    def load_state_dict(self, state):
        self.step = state["step"]


def moving_average(decay: float) -> Callable:
    """Exponential moving average of weights that does not remember where it began: its decay grows up to `decay`."""

    def update(averaged, current, count):
        kept = min(decay, (1 + int(count)) / (10 + int(count)))
        for mean, value in zip(averaged, current):
            mean.lerp_(value, 1 - kept) if mean.is_floating_point() else mean.copy_(value)

    return update


def as_it_is(batch):
    """What a `Dataset` gives for a batch is a batch already; the losses know its form."""
    return batch


def rate_at(step: int, steps: int, recipe: Recipe) -> float:
    """The learning rate at a step, as a part of its peak."""
    warmup = max(1, round(recipe.warmup * steps))
    return min((step + 1) / warmup, 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps)))


def fit(
    model: nn.Module,
    loss: Callable[[nn.Module, tuple, Step], dict[str, torch.Tensor]],
    data: Dataset,
    recipe: Recipe,
    run: Path,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    layout: torch.memory_format = torch.channels_last,
    remembered: Iterable = (),
) -> nn.Module:
    """Minimise `loss(model, batch, step)["loss"]` over `data`; the other entries are only logged.

    Args:
        model: called only through its forward, so that several processes can share the gradient.
        loss: gets a batch on the model's device; torch's own random numbers are seeded like those of `step.generator`.
        data: indexed by lists of indices (`datasets.TensorBatches`).
        run: folder of log.jsonl and of the state to resume from.
        validate: scores the averaged weights after each epoch, on the main process.
        layout: of the weights in memory, and so of the maps; instance norm is faster on `torch.contiguous_format`.
        remembered: what the loss keeps from one step to the next, with `state_dict` and `load_state_dict`.

    Returns:
        The averaged model, in eval mode.
    """
    accelerator = Accelerator(
        mixed_precision=runtime.precision(),
        cpu=runtime.device().type == "cpu",
        dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True),
        step_scheduler_with_optimizer=False,
    )
    set_seed(recipe.seed)
    loader = DataLoader(
        data,
        recipe.batch_size,
        shuffle=True,
        drop_last=True,
        collate_fn=as_it_is,
        num_workers=recipe.workers,
        persistent_workers=recipe.workers > 0,
    )
    optimizer = torch.optim.AdamW(
        model.parameters(), recipe.learning_rate, recipe.betas, weight_decay=recipe.weight_decay
    )
    model = model.to(accelerator.device, memory_format=layout)
    averaged = AveragedModel(model, multi_avg_fn=moving_average(recipe.average), use_buffers=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    steps = recipe.epochs * len(loader)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps, recipe))
    clock, processes = _Clock(), accelerator.num_processes
    seed = recipe.seed * steps * processes + accelerator.process_index
    accelerator.register_for_checkpointing(schedule, averaged, clock, *remembered)
    state = run / "state"
    if (state / "done").exists():
        accelerator.load_state(state)
        schedule.base_lrs = [recipe.learning_rate]  # the state has the rate it was saved with: the recipe's counts
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * rate_at(clock.step, steps, recipe)
    log = _Log(run, recipe, accelerator)

    try:
        for epoch in range(clock.step // len(loader), recipe.epochs):
            loader.set_epoch(epoch)
            skipped = clock.step - epoch * len(loader)
            batches = accelerator.skip_first_batches(loader, skipped) if skipped else loader
            model.train()
            bar = tqdm(
                batches, f"epoch {epoch + 1}/{recipe.epochs}", disable=not accelerator.is_main_process, mininterval=5
            )
            for batch in bar:
                step = Step(clock.step, steps, seed, processes, accelerator.device)
                torch.manual_seed(step.generator.initial_seed())  # dropout and torchvision's transforms draw from it
                with accelerator.autocast():
                    terms = loss(model, batch, step)
                optimizer.zero_grad()
                accelerator.backward(terms["loss"])
                accelerator.clip_grad_norm_(model.parameters(), recipe.clip)
                optimizer.step()
                schedule.step()
                averaged.update_parameters(accelerator.unwrap_model(model))
                clock.step += 1
                log.add(terms)
                if log.minutes_since_save() > recipe.save_minutes:
                    save_state(accelerator, state, log)
            log.write(epoch + 1, clock.step, validate(averaged.module.eval()) if validate else {})
    except KeyboardInterrupt:
        save_state(accelerator, state, log)
        raise SystemExit(f"Stopped at step {clock.step} of {steps}; the same command goes on from there.") from None
    save_state(accelerator, state, log)
    accelerator.end_training()
    return averaged.module.eval()


def save_state(accelerator: Accelerator, state: Path, log: "_Log") -> None:
    """Write all that is needed to go on; the mark `done` is written last, so half a state is never resumed from."""
    (state / "done").unlink(missing_ok=True)
    accelerator.save_state(state)
    if accelerator.is_main_process:
        (state / "done").touch()
    log.saved_at = time.monotonic()


class _Log:
    """One JSON line an epoch: the recipe first, then means over the epoch of every term, where it is there."""

    def __init__(self, run: Path, recipe: Recipe, accelerator: Accelerator):
        self.path, self.accelerator = run / "log.jsonl", accelerator
        self.saved_at = self.began_at = time.monotonic()
        self.seen: dict[str, list[torch.Tensor]] = {}
        if accelerator.is_main_process:
            run.mkdir(parents=True, exist_ok=True)
            self._line({"recipe": asdict(recipe), "precision": accelerator.mixed_precision})

    def add(self, terms):
        for name, value in terms.items():  # not every step has every term
            self.seen.setdefault(name, []).append(value.detach().float())

    def minutes_since_save(self):
        return (time.monotonic() - self.saved_at) / 60

    def write(self, epoch, step, scores):
        if self.accelerator.is_main_process:
            means = {name: round(torch.stack(values).mean().item(), 5) for name, values in self.seen.items()}
            seconds = round(time.monotonic() - self.began_at, 1)
            self._line({"epoch": epoch, "step": step, "seconds": seconds, **means, **scores})
        self.seen.clear()

    def _line(self, entry):
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
