"""The pose as two cameras with the points between them, what lies in one plane, and all of it as files."""

import base64
import io
import json
import zipfile

from demos import frame
from dlcv.core.images import draw

from .pairs import Found, found_by, known, nothing

FILES = {
    "matches.csv": "Matches, CSV",
    "matches.json": "Matches, JSON",
    "geometry.json": "F, E, H and the pose, JSON",
    "points.ply": "Points, PLY",
    "colmap.zip": "For COLMAP",
}
MOST_POINTS = 1500


def space(query: Found) -> dict:
    """The second camera as the first sees it, points and their colours; and the overlay where one plane is seen."""
    from dlcv.correspondence import export
    from dlcv.correspondence import predictor as of

    one = known(query.pair)
    found = found_by(one, query.method, query.threshold)
    if not found.in_common:
        return {"note": nothing(found), "points": None, "overlay": None}
    points, colours = export.cloud(one.pair, found)
    homography = of.plane(one.pair, found.inliers)
    laid = None if homography is None else export.overlay(one.pair, homography)
    return {
        "note": "",
        "points": frame.coded(points[:MOST_POINTS], "<f4"),
        "colours": frame.coded(colours[:MOST_POINTS], "u1"),
        "rotation": found.pose.rotation.tolist(),
        "translation": found.pose.translation.tolist(),
        "overlay": None if laid is None else draw.data_uri(laid, "JPEG"),
        "guessed": any(camera.source == "guessed" for camera in one.pair.cameras),
    }


class Taken(Found):
    """Question for a file."""

    file: frame.Choice(FILES) = "matches.csv"


def take(query: Taken) -> dict:
    """A file in base64. Places are in pixels of the visitor's own pictures."""
    from dlcv.correspondence import export

    one = known(query.pair)
    found = found_by(one, query.method, query.threshold)
    if query.file == "matches.csv":
        content = export.as_csv(one.pair, one.weighed, found.inliers).encode()
    elif query.file == "matches.json":
        names = ("x1", "y1", "x2", "y2", "weight", "inlier")
        rows = export.rows(one.pair, one.weighed, found.inliers)
        content = json.dumps([dict(zip(names, row)) for row in rows]).encode()
    elif query.file == "geometry.json":
        content = json.dumps(export.matrices(one.pair, found), indent=1).encode()
    elif query.file == "points.ply":
        content = export.as_ply(*export.cloud(one.pair, found)).encode()
    else:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in export.as_colmap(one.pair, found.inliers).items():
                file.writestr(name, text)
        content = packed.getvalue()
    return {"file": base64.b64encode(content).decode()}
