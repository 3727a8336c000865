"""The plane's board: a classifier of points that the visitor puts, and DeepFool on it, step by step."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from demos import frame
from demos.frame.keep import Keep
from demos.frame.questions import Asked
from dlcv.core.errors import InputError

if TYPE_CHECKING:
    from dlcv.adversarial.deepfool import Step
    from dlcv.adversarial.plane import Plane

SIDE = 96  # of the map of decisions
MOST, CLASSES = 200, 4
FAR = 50.0  # no border is that far: a colour that no point has

Labels = Annotated[list[frame.Whole(0, CLASSES - 1)], Field(max_length=MOST), Asked(f"a list of up to {MOST} colours")]
planes: "Keep[Plane]" = Keep(64, "This classifier is no longer remembered. Put a point, and it is trained anew.")


class Learn(frame.Query):
    """Question for a classifier of points in [-1, 1] x [-1, 1]."""

    points: frame.Points(2, MOST, 1)
    labels: Labels
    linear: frame.Yes = False


class Walk(frame.Query):
    """Question for DeepFool's way from a point."""

    run: frame.Text
    at: frame.Numbers(2, -1, 1)


def learn(query: Learn) -> dict:
    """Name of a classifier that has learned the points, and its map of decisions, row by row from the top."""
    import torch

    from dlcv.adversarial.plane import Plane

    if len(query.points) != len(query.labels):
        raise InputError("Every point needs a colour.")
    plane = Plane(torch.tensor(query.points, dtype=torch.float32), torch.tensor(query.labels), query.linear)
    line = (torch.arange(SIDE) + 0.5) / SIDE * 2 - 1
    grid = torch.stack(torch.meshgrid(-line, line, indexing="ij"), -1).flip(-1).reshape(-1, 2)
    return {"run": planes.add(plane), "map": frame.coded(plane.classes(grid), "u1")}


def walk(query: Walk) -> dict:
    """DeepFool's steps from a point, with the borders that each of them takes for straight."""
    import torch

    point = torch.tensor(query.at, dtype=torch.float32)
    steps = planes.get(query.run).path(point)
    return {
        "steps": [seen(step, point) for step in steps],
        "length": steps[-1].perturbation.norm().item(),
        "done": bool(steps[-1].done),
    }


def seen(step: "Step", point) -> dict:
    """A step as the board draws it."""
    borders = zip(step.candidates[0, 1:].tolist(), step.gaps[0], step.normals[0], step.distances[0].tolist())
    return {
        "at": frame.rounded(point + step.perturbation[0], 5),
        "now": int(step.logits.argmax()),
        "chosen": int(step.chosen),
        "borders": [
            {"to": to, "gap": gap.item(), "normal": normal.tolist(), "distance": distance}
            for to, gap, normal, distance in borders
            if 0 < distance < FAR
        ],
    }


def board() -> "frame.gr.HTML":
    """The plane's board."""
    return frame.Board("adversarial/plane", server_functions=[learn, walk], gpu=False)
