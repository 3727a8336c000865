"""Numbers between Python and a board's script: bytes in base64, and rounded ones in JSON."""

import base64
from typing import Any

import numpy as np

from dlcv.core.errors import InputError


def coded(values: Any, dtype: str) -> str:
    """Numbers in base64, as a board's script reads them with numbersOf(text, Type)."""
    return base64.b64encode(np.asarray(values).astype(dtype).tobytes()).decode()


def decoded(text: Any, dtype: str, refusal: str, *, count: int | None = None, most: int = 1_000_000) -> np.ndarray:
    """Numbers (count,) that a board's script sends back in base64, or any number of them up to `most`.

    Raises InputError with the sentence `refusal` where they are not.
    """
    size = np.dtype(dtype).itemsize
    try:
        if not isinstance(text, str) or not 0 < len(text) <= 4 * (most * size + 2) / 3:
            raise ValueError
        data = base64.b64decode(text, validate=True)
        if len(data) % size or len(data) != size * (len(data) // size if count is None else count):
            raise ValueError
    except ValueError:
        raise InputError(refusal) from None
    return np.frombuffer(data, dtype)


def rounded(values: Any, digits: int = 4) -> Any:
    """A tensor, or numbers in nested lists and tuples, as lists of rounded numbers."""
    if hasattr(values, "tolist"):
        return np.round(values.tolist(), digits).tolist()  # of thousands at once, as while a slider moves
    if isinstance(values, (list, tuple)):
        return [rounded(value, digits) for value in values]
    return round(values, digits)
