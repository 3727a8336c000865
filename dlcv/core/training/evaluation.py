"""Outputs and accuracy of trained networks over many inputs, and the command that scores a topic's checkpoints."""

import argparse
import sys
from collections.abc import Callable

import torch
from torch import nn

from .. import weights
from ..datasets import parse_with_data
from ..weights import scores
from .classifiers import ClassifierOutput


def command_line(description: str, topic: str, evaluate: Callable[[str], list[dict]], command: str) -> None:
    """The command `python -m dlcv.<topic>.evaluate`: scores what ships with `evaluate(name)`, rows of metrics.json.

    Prints the table and writes it beside the weights; exits with 1 where a bar is missed.
    """
    names = weights.names(topic)
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", nargs="+", choices=names, default=names)
    args = parse_with_data(parser)
    if missed := scores.report({name: evaluate(name) for name in args.model}, command):
        sys.exit(f"missed: {', '.join(missed)}")


@torch.inference_mode()
def outputs(model: nn.Module, x: torch.Tensor, *fields: str, at_once: int = 100) -> list[torch.Tensor]:
    """These fields of a network's output for inputs (N, ...), each (N, ...) float32 on the CPU, `at_once` at a time."""
    device = next(model.parameters()).device
    parts = []
    for batch in x.split(at_once):
        output = model(batch.to(device))
        parts.append([getattr(output, field).float().cpu() for field in fields])
    return [torch.cat(columns) for columns in zip(*parts, strict=True)]


def classify(model: nn.Module, pictures: torch.Tensor) -> ClassifierOutput:
    """Logits and features of pictures (N, C, S, S), on the CPU."""
    return ClassifierOutput(*outputs(model, pictures, *ClassifierOutput._fields))


def accuracy(model: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> float:
    """Percentage of inputs (N, ...) whose most probable class is their label (N,)."""
    return 100 * (outputs(model, x, "logits")[0].argmax(1) == labels).float().mean().item()
