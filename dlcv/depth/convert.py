"""Write checkpoints/tiefenrausch from the files that its authors published: python -m dlcv.depth.convert FOLDER

FOLDER is `model` of github.com/facebookresearch/one_shot_3d_photography at commit ff094d02. Its two files are networks
of Caffe2 (messages of Protocol Buffers): one fills tensors, the other has the operators that use them, in order.
"""

import argparse
import itertools
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from ..core import weights
from .tiefenrausch import Convolution, Limits, Tiefenrausch, TiefenrauschConfig

NAME = "tiefenrausch"
RECIPE = {
    "published": "Kopf et al. 2020",
    "command": "git clone https://github.com/facebookresearch/one_shot_3d_photography"
    " && python -m dlcv.depth.convert one_shot_3d_photography/model",
}
SOURCE = (
    "MegaDepth, by Johannes Kopf and co-authors (One Shot 3D Photography, 2020), Copyright (c) 2020 Facebook Research."
    " Not trained here: every weight as published in github.com/facebookresearch/one_shot_3d_photography at ff094d02"
)
INPUT, OUTPUT, TYPE, ARGUMENT = 1, 2, 4, 5  # numbers of the fields of an operator
FLOAT, INTEGERS = 2, 6  # of an argument; an integer and bytes have others


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: their numbers, each with its integer or its bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = 0
        for shift in itertools.count(0, 7):
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value

    while at < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            yield number, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        yield number, message[at : at + size]
        at += size


class Operator:
    """An operator of Caffe2: its type, the names of what goes in and out, and its arguments."""

    def __init__(self, message: bytes):
        self.inputs, self.arguments = [], {}
        for number, content in fields(message):
            if number == INPUT:
                self.inputs.append(content.decode())
            elif number == OUTPUT:
                self.output = content.decode()
            elif number == TYPE:
                self.type = content.decode()
            elif number == ARGUMENT:
                (_, name), *values = fields(content)
                self.arguments[name.decode()] = self._value(values)

    @staticmethod
    def _value(values: list[tuple[int, int | bytes]]):
        number, content = values[0]
        if number == FLOAT:
            return struct.unpack("<f", content)[0]
        if number == INTEGERS:
            return [value - 2**64 if value >= 2**63 else value for _, value in values]  # negative ones have 64 bits
        return content

    @property
    def scale(self) -> float:
        """What a step of 8 bits stands for."""
        return self.arguments["Y_scale"]

    @property
    def zero(self) -> int:
        """The value of 8 bits that stands for 0."""
        return self.arguments["Y_zero_point"]


def operators(path: Path) -> list[Operator]:
    """The operators of a network, in order."""
    return [Operator(content) for number, content in fields(path.read_bytes()) if number == 2]


def _limit(limits: Limits, told: Operator) -> None:
    limits.range.copy_(torch.tensor([-told.zero * told.scale, (255 - told.zero) * told.scale]))


@torch.no_grad()
def converted(folder: Path) -> Tiefenrausch:
    """The network from the published files in a folder. Raises ValueError where they are of another network."""
    tensors = {fill.output: fill for fill in operators(folder / "tiefenrausch_init.pb")}
    told = operators(folder / "tiefenrausch.pb")
    convolutions = [one for one in told if one.type == "Int8Conv"]
    sums = [one for one in told if one.type == "Int8Add"]
    model = Tiefenrausch(TiefenrauschConfig())
    ours = [part for part in model.modules() if isinstance(part, Convolution)]  # in their order, too
    inside = {part.limits for part in ours}
    first, *limits = [part for part in in_order(model) if part not in inside]
    for layer, one in zip(ours, convolutions, strict=True):
        weight, bias = (tensors[name] for name in one.inputs[1:])
        shape = weight.arguments["shape"]  # (out, k, k, in)
        values = np.frombuffer(weight.arguments["values"], np.uint8).reshape(shape).copy()
        layer.weight.copy_(torch.from_numpy(values).permute(0, 3, 1, 2))
        layer.zero.fill_(weight.zero)
        layer.scale.fill_(weight.scale)
        layer.bias.copy_(bias.scale * torch.tensor(bias.arguments["values"], dtype=torch.float64))
        _limit(layer.limits, one)
    [quantise] = [one for one in told if one.type == "Int8Quantize"]
    for layer, one in zip([first, *limits], [quantise, *sums], strict=True):
        _limit(layer, one)
    return model.eval()


def in_order(model: Tiefenrausch) -> list[Limits]:
    """The limits of the input, of each residual block and of each skip, as the network comes to them."""
    parts = [model.input, *_limits(model.encoder), *_limits(model.skips)]
    for stage, total in zip(model.decoder, model.sums):
        parts += [*_limits(stage), total]
    return parts


def _limits(part: torch.nn.Module) -> list[Limits]:
    return [one for one in part.modules() if isinstance(one, Limits)]


def main() -> None:
    """Convert the published files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    model = converted(parser.parse_args().folder)
    weights.save(model, NAME, topic="depth", recipe=RECIPE, licence="mit", source=SOURCE, half=False)


if __name__ == "__main__":
    main()
