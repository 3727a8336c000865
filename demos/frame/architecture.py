"""A drawing of a tab's network, made of the network itself."""

import functools
import os
from collections.abc import Callable
from dataclasses import asdict

from dlcv.core import weights

from .board import Board
from .questions import Query
from .sections import section

TEXT = (
    "The layers of `%s` in the order in which they run: a box is as tall as its maps are large and as wide as they are"
    " many; grey ones learn nothing. Arcs pass layers by. Click a box to see what it is, and the code that makes it."
)


def architecture(
    topic: str, name: str, *shapes: tuple[int, ...], run: Callable | None = None, closed: tuple[str, ...] = ()
) -> None:
    """Draw the layers of a checkpoint's network; the one that is clicked is named in the code.

    The network runs once, when the board is first seen, on zeros of `shapes`, or as `run(network, *zeros)` has it;
    `closed` as `dlcv.core.architecture.described` has it.
    """

    @functools.cache
    def layers() -> list[dict]:
        import torch

        from dlcv.core.architecture import described

        network = weights.load(weights.model_class(name), name).cpu()
        inputs = [torch.zeros(shape, requires_grad=True) for shape in shapes]
        layers = described(network, lambda: run(network, *inputs) if run else network(*inputs), closed)
        return [asdict(layer) for layer in layers]

    def describe_network(query: Query) -> dict:
        space = os.environ.get("SPACE_ID")
        return {"layers": layers(), "repository": f"https://huggingface.co/spaces/{space}/blob/main/" if space else ""}

    section("The network", TEXT % name, name="Network", folded=True)
    Board("frame/architecture", board_id=f"{topic}-architecture", server_functions=[describe_network], gpu=False)
