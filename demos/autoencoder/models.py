"""The models of the autoencoder tab, and the pictures that visitors send them."""

from typing import Any, NamedTuple

from demos import frame
from dlcv.core import runtime
from dlcv.core.images import draw

UNITS = 30


class Family(NamedTuple):
    """The models of a data set."""

    plane: str  # two units
    network: str  # 30 units
    pca: str
    vae: str
    title: str


FAMILIES = {
    "digits": Family("autoencoder-mnist-2d", "autoencoder-mnist-30d", "pca-mnist", "vae-mnist-40d", "MNIST"),
    "garments": Family(
        "autoencoder-fashion-2d", "autoencoder-fashion-30d", "pca-fashion", "vae-fashion-40d", "Fashion-MNIST"
    ),
}
COPYING, DENOISING = "autoencoder-mnist-wide", "autoencoder-mnist-denoising"
NARROW = [name for family in FAMILIES.values() for name in (family.network, family.plane, family.pca)]
ALL = [*NARROW, COPYING, DENOISING]

predictor = frame.model("dlcv.autoencoder.predictor", *ALL)


class About(frame.Query):
    """Question about a data set."""

    data: frame.Choice(FAMILIES)

    @property
    def family(self) -> Family:
        """The models of the data set."""
        return FAMILIES[self.data]


class Drawing(About):
    """Question about a drawing, a data URI."""

    picture: Any = None


def read_picture(picture, data: str):
    """A data URI or a picture as one of the data set's, (1, 1, 28, 28)."""
    from dlcv.core.images import digits

    return digits.read(picture, garment=data == "garments")


def sheet(pictures, columns: int = 1) -> str:
    """Pictures (..., 28, 28), cut to [0, 1], as one picture in a data URI."""
    return draw.data_uri(draw.sheet(pictures.clamp(0, 1), columns))


def vae_model(name: str):
    """A VAE that ships, for what it does otherwise."""
    from dlcv.core import weights

    return runtime.shelf.get(("autoencoder", name), lambda: weights.load(weights.model_class(name), name))


runtime.preload(vae_model, *[family.vae for family in FAMILIES.values()])
