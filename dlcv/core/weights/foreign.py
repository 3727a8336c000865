"""Networks that others published: pulled from their publisher when a visitor asks, never copied."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

from .passports import WeightsError


@contextmanager
def as_published(name: str) -> Iterator[None]:
    """A WeightsError with a sentence where a file that others published does not fit the network it is read into."""
    try:
        yield
    except (RuntimeError, pickle.UnpicklingError, AttributeError) as error:
        found = " ".join(str(error).split())[:200]
        raise WeightsError(f"The file of {name} is not the one that was published: {found}") from error
