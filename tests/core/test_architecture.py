"""A network described by what passes through it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from dlcv.core.architecture import described


class Hourglass(nn.Module):
    """Two levels down, two up, with a skip on the upper one."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([self.block(3, 8), self.block(8, 16)])
        self.row = nn.Sequential(*(nn.Sequential(nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 1)) for _ in range(4)))
        self.up = nn.Conv2d(24, 5, 3, padding=1)
        self.never = nn.Linear(2, 2)

    @staticmethod
    def block(channels_in: int, channels_out: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1), nn.BatchNorm2d(channels_out), nn.ReLU()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.down[0](x)
        coarse = self.row(self.down[1](fine))
        return self.up(torch.cat([fine, F.interpolate(coarse, scale_factor=2.0)], dim=1))


def layers():
    network = Hourglass().eval()
    return described(network, lambda: network(torch.zeros(1, 3, 32, 48, requires_grad=True)))


def test_layers_stand_in_the_order_of_their_run_with_what_they_give():
    found = {layer.name: layer for layer in layers()}
    assert list(found)[:2] == ["down.0", "down.1"] and list(found)[-1] == "up"
    assert found["down.0"].shape == (8, 16, 24) and found["down.1"].shape == (16, 8, 12)
    assert found["up"].shape == (5, 16, 24)
    assert found["down.0"].kind == "Conv2d, BatchNorm2d, ReLU"
    assert found["up"].weights == 24 * 5 * 9 + 5
    assert "never" not in found


def test_a_skip_is_a_source_and_the_input_is_none():
    found = layers()
    names = [layer.name for layer in found]
    assert found[0].sources == ()
    assert found[1].sources == (0,)
    assert found[-1].sources == (0, len(found) - 2), names


def test_equal_blocks_in_a_row_are_one():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return x + self.inner(x)

    class Row(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(1, 4, 1), *(Block() for _ in range(5)), nn.Conv2d(4, 1, 1))

    network = Row()
    found = described(network, lambda: network.body(torch.zeros(1, 1, 6, 6, requires_grad=True)))
    assert [(layer.kind, layer.times) for layer in found] == [("Conv2d", 1), ("Block", 5), ("Conv2d", 1)]
    assert found[1].weights == 5 * 20
    assert found[2].sources == (1,)
