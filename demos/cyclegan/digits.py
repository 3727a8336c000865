"""Digits of MNIST as USPS and MNIST-M would have them, read by two classifiers: one was adapted, one was not."""

import functools
from typing import Any

import PIL.Image

from demos import frame
from dlcv.core import runtime
from dlcv.core.images.draw import colour_sheet, data_uri

COUNT = 4  # backgrounds a digit is shown before
DOMAINS = {"usps": "USPS", "mnist-m": "MNIST-M"}
READERS = {
    "MNIST as it is": "reader-mnist",
    "MNIST translated to USPS": "reader-mnist-as-usps",
    "MNIST translated to MNIST-M": "reader-mnist-as-mnist-m",
    "USPS as it is": "reader-usps",
    "USPS translated to MNIST": "reader-usps-as-mnist",
}


def classifier(name: str):
    """A classifier of digits, loaded on first use."""
    from dlcv.cyclegan.predictor import classifier

    return classifier(name)


runtime.preload(classifier, *READERS.values())


class Drawing(frame.Query):
    """Question for a drawing, a data URI, in another domain."""

    picture: Any = None
    domain: frame.Choice(DOMAINS)
    seed: frame.Whole(0, 999_999)  # of the backgrounds


@functools.cache
def photographs() -> list:
    """The example photographs, (3, H, W) bytes, as small as the ones that MNIST-M took its patches from."""
    from torchvision.transforms.v2.functional import pil_to_tensor

    small = []
    for path in frame.PHOTOGRAPHS:
        picture = PIL.Image.open(path).convert("RGB")
        picture.thumbnail((480, 480))
        small.append(pil_to_tensor(picture))
    return small


def translate_digit(query: Drawing) -> dict:
    """Pictures of a drawing as MNIST has it, in another domain and back again; what the classifiers read there."""
    import torch

    from dlcv.core.datasets import mnist_m
    from dlcv.core.images import digits
    from dlcv.cyclegan import predictor

    digit = digits.read(query.picture)
    patches = mnist_m.blend(
        torch.zeros(COUNT, *digit.shape[1:]), photographs(), torch.Generator().manual_seed(query.seed)
    )
    out = predictor.translate_digit(digit, DOMAINS[query.domain], patches)

    def sheet(pictures):
        return data_uri(colour_sheet(pictures.expand(-1, 3, -1, -1), len(pictures)))

    readings = {"source": out.source_only, "adapted": out.adapted}
    return {
        "seen": sheet(digit),
        "translated": sheet(out.translated),
        "back": sheet(out.reconstructed),
        "count": len(out.translated),
        "readings": {
            name: [{"digit": row.argmax().item(), "sure": round(row.max().item(), 3)} for row in probabilities]
            for name, probabilities in readings.items()
        },
    }


def board() -> None:
    """The pad, and a row of pictures for each domain."""
    frame.Board("cyclegan/digits", server_functions=[translate_digit], value=DOMAINS)


def scores() -> None:
    """How well the readers read there."""
    frame.weights_card(
        {title: [name] for title, name in READERS.items()},
        by="data",
        title="right answers where no label was seen",
        name="Scores, digits",
        note="A line for what a classifier learned from, a column for whose test digits it reads. Ours are framed alike"
        " in all domains and moved about while a classifier learns, so even one that never saw a translation reads"
        " USPS and MNIST well; before the backgrounds of MNIST-M it fails.",
    )
