"""What is on a small picture: its pixels, and the digit that another network reads."""

from __future__ import annotations

import base64
import functools
import io

import numpy as np
from PIL import Image


def pixels(uri: str) -> np.ndarray:
    """The picture in a data URI, in [0, 1]."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))) / 255


@functools.cache
def reader():
    """The shipped Spatial Transformer."""
    from dlcv.stn.predictor import STNPredictor

    return STNPredictor("affine", "all")


def digit_in(picture: np.ndarray) -> int:
    """The digit that the shipped Spatial Transformer reads in a picture (28, 28) in [0, 1]."""
    import torch

    from dlcv.stn.predictor import Distortion

    x = torch.from_numpy(picture.astype(np.float32))[None, None]
    return int(reader().rectify(reader().distort(x, Distortion())).probabilities.argmax())
