"""The networks of the adversarial tab, and the pictures that visitors send them."""

from typing import TYPE_CHECKING, Any

from demos import frame
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

PHOTOGRAPHS = "mobilenet-photographs"
USUAL = "lenet-mnist"
RETRAINED = {
    USUAL: "The usual network",
    "lenet-mnist-deepfool": "Retrained on DeepFool's pictures",
    "lenet-mnist-fgsm": "Retrained on FGSM's pictures",
}
GARMENTS = "lenet-fashion"
NETWORKS = [PHOTOGRAPHS, *RETRAINED, "perceptron-mnist", GARMENTS]
UNIVERSAL = {"digits": "universal-mnist", "photographs": "universal-photographs"}
NORMS = {"2": 2.0, "inf": float("inf")}
METHODS = ["DeepFool", "FGSM", "PGD"]

predictor = frame.model("dlcv.adversarial.predictor", *NETWORKS)


def read_photograph(picture: Any) -> "torch.Tensor":
    """A data URI or a picture as MobileNetV2 sees it, (1, 3, 224, 224), each value one of 256."""
    from demos.frame import pictures
    from dlcv.adversarial.predictor import eight_bits, squared
    from dlcv.core.images import digits

    opened = digits.decode_data_uri(picture) if isinstance(picture, str) else picture
    x = pictures.tensor(opened)
    seen = x if x.shape[1:] == (224, 224) else squared(x)  # one that was cut already comes back as it is
    return eight_bits(seen[None])


def read_picture(picture: Any, network: str) -> "torch.Tensor":
    """A data URI or a picture as the network of that name sees it, (1, C, H, W) in [0, 1]."""
    from dlcv.core.images import digits

    return read_photograph(picture) if network == PHOTOGRAPHS else digits.read(picture, garment=network == GARMENTS)


def shown(x: "torch.Tensor") -> str:
    """Pictures (N, C, S, S) side by side, cut to [0, 1], as a PNG in a data URI."""
    x = x.clamp(0, 1)
    return draw.data_uri(draw.colour_sheet(x, len(x)) if x.shape[1] == 3 else draw.sheet(x, len(x)))


LEVELS = 32767  # the largest change of a pixel, as boards have it


def levels(r: "torch.Tensor") -> dict:
    """r as boards keep it: whole numbers of 16 bits, in base64, and the largest change, which LEVELS stands for."""
    largest = r.abs().max().item()
    return {"r": frame.coded((r * (LEVELS / max(largest, 1e-12))).round(), "<i2"), "largest": largest}


def measured(name: str, metric: str) -> list[dict]:
    """Rows of that metric that `evaluate` wrote beside the weights of that name."""
    from dlcv.core import weights

    return [row for row in weights.metrics(name).get("rows", []) if row["metric"] == metric]
