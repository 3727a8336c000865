"""A visitor's own two photographs, and the features of a pair as files."""

import base64
import io
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import frame

from .matches import Asked
from .models import kept, pair_of

if TYPE_CHECKING:
    from dlcv.lift.features import Features

FILES = {
    "first.npz": "First picture, NPZ",
    "second.npz": "Second picture, NPZ",
    "first.txt": "First, COLMAP's text",
    "second.txt": "Second, COLMAP's text",
}
ROOM = 127  # COLMAP's descriptors are bytes; of length 1, none of 128 numbers is beyond 1


class Taken(Asked):
    """Question for the features of one of both pictures, as a file."""

    file: frame.Choice(FILES)


def choose(first: Any, second: Any) -> Any:
    """The board's value for a visitor's two photographs; nothing until both are there."""
    return gr.skip() if first is None or second is None else kept(first, second)


def take(query: Taken) -> dict:
    """The features that LIFT found in one of both pictures, the best first."""
    from dlcv.lift.predictor import some

    one, other = pair_of(query.pair).features("lift")
    found = some(one if query.file.startswith("first") else other, int(query.count))
    data = as_npz(found) if query.file.endswith(".npz") else as_colmap(found).encode()
    return {"file": base64.b64encode(data).decode()}


def as_npz(found: "Features") -> bytes:
    """Features for NumPy: keypoints (N, 2) in pixels, the centre of the first one at 0, OpenCV's size, angles in
    degrees, scores, and descriptors (N, 128)."""
    file = io.BytesIO()
    np.savez(
        file,
        keypoints=found.xy.numpy(),
        size=(4 * found.scale).numpy(),
        angle=found.angle.rad2deg().numpy() % 360,
        score=found.score.numpy(),
        descriptors=found.descriptor.numpy(),
    )
    return file.getvalue()


def as_colmap(found: "Features") -> str:
    """Features as COLMAP's `feature_importer` reads them: x, y (the corner of the picture at 0), sigma, angle in
    radians, and 128 bytes a line."""
    sides = (found.descriptor * ROOM + 128).round().clamp(0, 255).int().tolist()
    rows = zip(found.xy.tolist(), (2 * found.scale).tolist(), found.angle.tolist(), sides)
    lines = [f"{len(sides)} 128"]
    for (x, y), sigma, angle, numbers in rows:
        lines.append(f"{x + 0.5:.3f} {y + 0.5:.3f} {sigma:.3f} {angle:.4f} {' '.join(map(str, numbers))}")
    return "\n".join(lines) + "\n"


def board(server_functions: list, value: dict) -> None:
    """Two places for photographs, and the matches in them."""
    from demos.frame.components import SafeImage

    with gr.Row():
        places = [
            SafeImage(label=label, sources=["upload", "webcam", "clipboard"], height=200, elem_id=f"lift-{name}")
            for label, name in (("First photograph", "first"), ("Second photograph", "second"))
        ]
    shown = frame.Board("lift/lift", server_functions=server_functions, value=value, board_id="lift-own")
    quiet = {"api_visibility": "private", "show_progress_on": shown, "trigger_mode": "always_last"} | frame.COMPUTE
    gr.on([place.change for place in places], frame.guard(choose), places, shown, **quiet)
