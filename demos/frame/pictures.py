"""A visitor's picture as a tensor, and a tensor as a picture for the screen."""

from typing import TYPE_CHECKING

import gradio as gr
import PIL.Image
from PIL import ImageDraw

from dlcv.core.errors import InputError
from dlcv.core.images import draw, reader

from .components import SafeImage

if TYPE_CHECKING:
    import torch

CHOOSE = "Choose a picture first: upload one, take one, or click an example."


def upright(picture: PIL.Image.Image | None) -> PIL.Image.Image:
    """A visitor's picture in RGB and in its own size, upright, on white. InputError where there is none."""
    if not isinstance(picture, PIL.Image.Image):
        raise InputError(CHOOSE)
    return reader.on_white(reader.read(picture).image)


def tensor(picture: PIL.Image.Image | None, longest: int | None = None) -> "torch.Tensor":
    """A visitor's picture as (3, H, W) in [0, 1], upright, scaled down to `longest` pixels on its longer side at most.

    Raises InputError where there is none.
    """
    from dlcv.core.images import fit  # here: it brings torch

    return fit.tensor_of(upright(picture), longest)


def image(picture: "torch.Tensor") -> PIL.Image.Image:
    """A tensor (3, H, W) in [0, 1] as a picture."""
    return PIL.Image.fromarray(draw.grey(picture.permute(1, 2, 0)))


def drawn_seven() -> PIL.Image.Image:
    """A seven, black on white, 280 x 280: what endpoints that take a drawing have for an example."""
    paper = PIL.Image.new("L", (280, 280), 255)
    ImageDraw.Draw(paper).line([(80, 70), (200, 70), (130, 220)], fill=0, width=18, joint="curve")
    return paper


def picture_column(
    examples: list,
    elem_id: str,
    *,
    label: str = "Photograph",
    height: int = 280,
    examples_label: str = "Examples",
    **kwargs,
) -> tuple[gr.Image, gr.Dataset]:
    """The place for a visitor's picture (upload, camera, clipboard), which begins with the first example, and the
    examples below it, whose `select` says which one is chosen."""
    picture = SafeImage(
        value=examples[0],
        label=label,
        show_label=False,
        sources=["upload", "webcam", "clipboard"],
        height=height,
        elem_id=elem_id,
        **kwargs,
    )
    shown = gr.Examples([[one] for one in examples], picture, label=examples_label, cache_examples=False)
    return picture, shown.dataset
