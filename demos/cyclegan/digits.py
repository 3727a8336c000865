"""Digits of MNIST as USPS and MNIST-M would have them, and two readers: one that was adapted, one that was not."""

import functools

import PIL.Image

from demos import frame
from dlcv.core import runtime
from dlcv.core.errors import InputError
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
    """A reader of digits, loaded on first use."""
    from dlcv.cyclegan.predictor import classifier

    return classifier(name)


runtime.preload(classifier, *READERS.values())


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


def translate_digit(query: dict) -> dict:
    """A drawing as MNIST has it, in another domain, and back again; what the readers say of it there."""
    import torch

    from dlcv.core.datasets import mnist_m
    from dlcv.core.images import digits
    from dlcv.cyclegan import predictor

    picture = query.get("picture")
    if not isinstance(picture, str):
        raise InputError("Draw a digit first.")
    domain = frame.choice(query, "domain", DOMAINS)
    digit = digits.read(picture)
    generator = torch.Generator().manual_seed(int(frame.number(query, "seed", 0, 999_999)))
    patches = mnist_m.blend(torch.zeros(COUNT, *digit.shape[1:]), photographs(), generator)
    seen = predictor.translate_digit(digit, DOMAINS[domain], patches)

    def sheet(pictures):
        return data_uri(colour_sheet(pictures.expand(-1, 3, -1, -1), len(pictures)))

    readings = {"source": seen.source_only, "adapted": seen.adapted}
    return {
        "seen": sheet(digit),
        "translated": sheet(seen.translated),
        "back": sheet(seen.reconstructed),
        "count": len(seen.translated),
        "readings": {
            name: [{"digit": row.argmax().item(), "sure": round(row.max().item(), 3)} for row in found]
            for name, found in readings.items()
        },
    }


def board() -> None:
    """The pad, a row of pictures for each domain, and how well the readers read there."""
    frame.Board("cyclegan/digits", server_functions=[translate_digit], value=DOMAINS)
    frame.weights_card(
        {title: [name] for title, name in READERS.items()},
        by="data",
        title="Right answers where no label was seen",
        note="A line for what a classifier learned from, a column for whose test digits it reads. Ours are framed alike"
        " in all domains and moved about while a classifier learns, so even one that never saw a translation reads"
        " USPS and MNIST well; before the backgrounds of MNIST-M it fails.",
    )
