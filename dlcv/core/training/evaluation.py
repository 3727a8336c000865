"""What trained classifiers say of many inputs: the judges of generated and translated pictures, and their accuracy."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn


@dataclass
class ClassifierConfig:
    """Settings of a judge."""

    class_names: tuple[str, ...] = tuple("0123456789")


class Judgement(NamedTuple):
    """What a judge makes of N pictures."""

    logits: torch.Tensor  # (N, classes)
    features: torch.Tensor  # (N, F): what the last layer reads


@torch.inference_mode()
def outputs(model: nn.Module, x: torch.Tensor, *fields: str, at_once: int = 100) -> list[torch.Tensor]:
    """These fields of what a network says of inputs (N, ...), each (N, ...) float32 on the CPU, `at_once` at a time."""
    device = next(model.parameters()).device
    found = []
    for some in x.split(at_once):
        output = model(some.to(device))
        found.append([getattr(output, field).float().cpu() for field in fields])
    return [torch.cat(parts) for parts in zip(*found, strict=True)]


def judge(model: nn.Module, pictures: torch.Tensor) -> Judgement:
    """The judgement of pictures (N, C, S, S), on the CPU."""
    return Judgement(*outputs(model, pictures, *Judgement._fields))


def accuracy(model: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> float:
    """Percentage of inputs (N, ...) that get the class of their label (N,)."""
    return 100 * (outputs(model, x, "logits")[0].argmax(1) == labels).float().mean().item()
