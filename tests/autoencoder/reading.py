"""What is on a small picture."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def pixels(uri: str) -> np.ndarray:
    """The grey picture in a data URI, in [0, 1]; of a canvas's, its red."""
    values = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))) / 255
    return values if values.ndim == 2 else values[:, :, 0]
