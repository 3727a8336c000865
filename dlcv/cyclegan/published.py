"""The generators that the authors of CycleGAN published: pulled from the Hub when a visitor asks, never copied.

The file is a pickle, the only form that is offered; it is read with `weights_only`, so nothing in it is run.
"""

from typing import TYPE_CHECKING

from ..core import runtime
from ..core.weights import foreign, hub

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
NOTICE = (
    "Weights by Jun-Yan Zhu, Taesung Park and co-authors, whose code is under the BSD licence; nothing is stated about"
    " the weights, so take them as being for research and teaching only. They are pulled from the Hub, 46 MB each."
)


def load_style(style: str) -> "Generator":
    """One of STYLES, from the Hub cache or the Hub. Raises WeightsError with a sentence where that fails."""
    import torch  # here, so that a screen may name the styles without waiting for it

    from .model import load_published

    file = f"checkpoints/{style}_pretrained/latest_net_G.pth"
    (path,) = hub.fetch(style, REPO, [file], REVISION, repo_type="space")
    with foreign.as_published(style):
        generator = load_published(torch.load(path, map_location="cpu", weights_only=True))
    return generator.to(runtime.device())


def style(name: str) -> "Generator":
    """The generator of that style, loaded on first use."""
    return runtime.shelf.get(("cyclegan", "published", name), lambda: load_style(name))
