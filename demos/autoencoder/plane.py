"""The plane of a code of two units: where real pictures lie, what the rest decodes to, and the pull back to them."""

import functools
from typing import Any

import numpy as np

from demos import frame
from dlcv.core.images.draw import grey

from .models import About, predictor, sheet

STEPS = 24  # pictures along each side
ARROWS = 30  # arrows along each side
DRIFT = 30  # steps of a point that is let go
MARGIN = 0.12  # of the width that the codes take, on every side


class Point(About):
    """Question about a point of the plane; parts of its sides, y up."""

    at: frame.Numbers(2, 0, 1)


class Window:
    """The part of the plane that is shown: around the codes of test pictures."""

    def __init__(self, name: str):
        self.model = predictor(name)
        low, high = np.quantile(self.codes, [0.005, 0.995], axis=0)
        self.low = low - MARGIN * (high - low)
        self.size = (1 + 2 * MARGIN) * (high - low)

    @property
    def codes(self) -> np.ndarray:
        """Codes of test pictures, (N, 2)."""
        return self.model.model.kept_codes.cpu().numpy()

    def parts(self, codes) -> np.ndarray:
        """Where codes (..., 2) lie, as parts of the sides."""
        return (np.asarray(codes) - self.low) / self.size

    def codes_at(self, parts) -> Any:
        """Codes (..., 2), a tensor, at parts of the sides."""
        import torch

        return torch.tensor(self.low + np.asarray(parts) * self.size, dtype=torch.float32)


@functools.lru_cache(maxsize=2)
def window(name: str) -> Window:
    """The window of a model, computed once."""
    return Window(name)


def grid(steps: int) -> np.ndarray:
    """Centres of `steps` x `steps` cells, (steps^2, 2), row by row from the top."""
    line = (np.arange(steps) + 0.5) / steps
    return np.stack(np.meshgrid(line, 1 - line), -1).reshape(-1, 2)


@functools.lru_cache(maxsize=2)
def plane(name: str) -> dict:
    """All that the plane of a model shows, computed once."""
    place = window(name)
    model, start = place.model, grid(ARROWS)
    codes = place.codes_at(start)
    ends = place.parts(codes + model.pull(codes))
    return {
        "sheet": sheet(model.decode(place.codes_at(grid(STEPS))), STEPS),
        "points": frame.coded(place.parts(place.codes), "f4"),
        "labels": frame.coded(model.model.kept_labels.cpu(), "u1"),
        "arrows": frame.coded(np.concatenate([start, ends - start], 1), "f4"),
        "names": model.class_names,
        "model": name,
    }


def show_plane(query: About) -> dict:
    """Pictures, codes of test pictures and arrows of the plane."""
    return plane(query.family.plane)


def decode_point(query: Point) -> dict:
    """Picture at a point, 784 bytes in base64, and where the pull takes it: asked during a drag."""
    place = window(query.family.plane)
    code = place.codes_at([query.at])
    pull = place.parts(code + place.model.pull(code))[0] - query.at
    return {"pixels": frame.coded(grey(place.model.decode(code)), "u1"), "pull": frame.rounded(pull, 5)}


def let_go(query: Point) -> dict:
    """Way of a point that is let go, in parts, and the pictures on it."""
    place = window(query.family.plane)
    codes = place.model.drift(place.codes_at(query.at), DRIFT)
    return {"way": frame.rounded(place.parts(codes), 5), "sheet": sheet(place.model.decode(codes), DRIFT + 1)}


def board() -> "frame.gr.HTML":
    """The plane's board."""
    return frame.Board("autoencoder/plane", server_functions=[show_plane, decode_point, let_go])
