"""The models of the siamese tab, and the drawings that visitors send them."""

import json
from pathlib import Path

import numpy as np

from demos import frame
from dlcv.core.images import draw

CHARACTERS = "siamese-omniglot"
COMPARED = {
    "siamese-omniglot-random": "contrastive, random negatives",
    "siamese-omniglot-mined": "contrastive, semi-hard negatives",
    "siamese-omniglot-triplets": "triplets, semi-hard negatives",
}
"""A smaller network after 120 batches each, by what it learned from."""
ALL = [CHARACTERS, *COMPARED, "siamese-mnist-2d", "siamese-faces"]
UNITS = 128

predictor = frame.model("dlcv.siamese.predictor", CHARACTERS)


def read_drawing(picture):
    """A data URI or a picture as the network of characters sees it, (1, 1, 32, 32) uint8."""
    from dlcv.siamese import strokes

    return strokes.read(picture).unsqueeze(0)


def seen(pictures) -> str:
    """Pictures (N, 1, 32, 32) uint8 as ink on paper, side by side, in a data URI."""
    return draw.data_uri(draw.sheet(1 - pictures[:, 0].float() / 255, len(pictures)))


def omniglot() -> list:
    """Twenty characters of a held-out alphabet, each as strokes [x, y, x, y, ...] in twentieths of the paper."""
    return json.loads(Path(__file__).with_name("omniglot.json").read_text(encoding="utf-8"))["characters"]


def known(texts: list[str]):
    """Embeddings (K, D) that a board sends back, each in base64."""
    import torch

    refusal = f"An embedding has {UNITS} numbers."
    rows = [frame.decoded(text, "f4", refusal, count=UNITS) for text in texts]
    return torch.from_numpy(np.array(rows, "f4").reshape(-1, UNITS)).clamp(-1, 1).nan_to_num()
