"""The generators that the authors of CycleGAN published: pulled from the Hub when a visitor asks, never copied.

The file is a pickle, the only form that is offered; it is read with `weights_only`, so nothing in it is run. Of one
file a record of its sha256 was found that agrees with the Space's commit; of the others none, so they are compared with
what the Hub announces (core/weights/foreign.py).
"""

from typing import TYPE_CHECKING

from ..core import runtime
from ..core.weights import foreign

if TYPE_CHECKING:
    from .model import Generator

REPO, REVISION = "davidpiscasio/unpaired-img2img", "3ce13dcd9fafca8f086ff5a532cf2cc34431995e"
STYLES = {
    "horse2zebra": "Horses into zebras",
    "zebra2horse": "Zebras into horses",
    "apple2orange": "Apples into oranges",
    "orange2apple": "Oranges into apples",
    "style_monet": "Photographs into Monet, by the authors",
    "style_vangogh": "Photographs into van Gogh",
}
SHA256 = {"apple2orange": "ff989c98f3a077cd11c2623ed8742e2ef147e81d10b4e4c2ee6935796bda957a"}
NOTICE = (
    "Weights by Jun-Yan Zhu, Taesung Park and co-authors, whose code is under the BSD licence; nothing is stated about"
    " the weights, so take them as being for research and teaching only. They are pulled from the Hub, 46 MB each."
)


def published(style: str) -> foreign.Published:
    """The file of one of STYLES."""
    return foreign.Published(
        f"checkpoints/{style}_pretrained/latest_net_G.pth",
        SHA256.get(style),
        licence="none stated, for research and teaching only",
        repo=REPO,
        revision=REVISION,
        repo_type="space",
    )


def load_style(style: str) -> "Generator":
    """One of STYLES, from the Hub cache or the Hub. Raises WeightsError with a sentence where that fails."""
    import torch  # here, so that a screen may name the styles without waiting for it

    from .model import load_published

    path = foreign.fetch(style, published(style))
    with foreign.as_published(style):
        generator = load_published(torch.load(path, map_location="cpu", weights_only=True))
    return generator.to(runtime.device())


def style(name: str) -> "Generator":
    """The generator of that style, loaded on first use."""
    return runtime.shelf.get(("cyclegan", "published", name), lambda: load_style(name))
