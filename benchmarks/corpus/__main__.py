"""What the gallery reads in the corpus: python -m benchmarks.corpus FOLDER; see benchmarks/corpus.

A file is right where its points are near the chair's, stand upright, have the colour or none, and
PointNet says chair; or, where its name begins with `refused`, where a sentence says why not. Prints a table by format
and by writer and every file that is wrong; exits with 1 where there is one.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import torch
from scipy.spatial import cKDTree

from dlcv.core.errors import InputError
from dlcv.core.geometry.clouds import normalised
from dlcv.pointnet.predictor import PointNetPredictor
from dlcv.pointnet.reading import read, upright

from .shape import COLOUR, cloud

CLOSE = 0.2  # of the radius; a chair that lies or is stretched is 0.5 off
CHAIR = cKDTree(normalised(torch.from_numpy(cloud(20_000)[0])).numpy())
COLOURED = re.compile(
    r"colours.*(ply|pcd|obj|off|glb|gltf|txt|npy)|xyzrgb$|-(16|8)\.las|records\.np|-many|-map|-upper|pcl|leica"
)


def verdict(path: Path, model: PointNetPredictor) -> tuple[str, str]:
    """'chair', 'refused' or 'WRONG', and what was said."""
    refused = path.name.startswith("refused")
    try:
        reading = read(path)
    except InputError as error:
        return ("refused" if refused else "WRONG"), str(error)
    except Exception as error:
        return "WRONG", repr(error)
    points = upright(reading.points, reading.up)
    seen = model.classify(points)
    name = model.class_names[int(seen.probabilities.argmax())]
    off = max(CHAIR.query(points.numpy())[0].max(), cKDTree(points.numpy()).query(CHAIR.data)[0].max())
    said = f"{name}, strangeness {seen.ood_score:.2f}, {off:.3f} off, colours {reading.colours is not None}"
    good = name == "chair" and seen.ood_score <= 1 and off < CLOSE and not refused
    if reading.colours is not None:
        good &= bool((reading.colours.int() - torch.tensor(COLOUR.astype(int))).abs().max() <= 2)
    elif COLOURED.search(path.name):
        said += ", though it has some"
    return ("chair" if good else "WRONG"), said


def main() -> int:
    """Runs the command; returns its exit status."""
    model, found, wrong = PointNetPredictor("pointnet-max"), Counter(), []
    for path in sorted(Path(sys.argv[1]).iterdir()):
        what, said = verdict(path, model)
        writer = path.name.removeprefix("refused-").split("-")[0].split(".")[0]
        found.update([(f"by {writer}", what), (path.suffix[1:], what), ("all", what)])
        if what != "chair" or "though" in said or "-v" in sys.argv:
            wrong.append(f"{what:8} {path.name}: {said}")
    print("\n".join(wrong))
    print(f"{'':14}{'chair':>8}{'refused':>9}{'WRONG':>7}")
    for row in sorted({row for row, _ in found}):
        print(f"{row:14}{found[row, 'chair']:8}{found[row, 'refused']:9}{found[row, 'WRONG']:7}")
    return int(found["all", "WRONG"] > 0)


if __name__ == "__main__":
    sys.exit(main())
