"""What a visitor takes away: matches as CSV, geometry as JSON, points as PLY, and COLMAP's text form of two views."""

import torch
from PIL import Image

from ..core.images.draw import grey
from .estimators import triangulated
from .predictor import Geometry, Pair, Weighed, plane

PLY = """ply
format ascii 1.0
comment unit: the distance between the two cameras; x right, y down, z forward from the first one
element vertex {count}
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
end_header
"""


def in_own_pixels(points: torch.Tensor, shrunk: float) -> torch.Tensor:
    """Places (P, 2) in the visitor's own picture, pixel centres at integers."""
    return (points.double() + 0.5) / shrunk - 0.5


def own_intrinsics(pair: Pair) -> list[torch.Tensor]:
    """K (3, 3) of both of the visitor's own pictures."""
    found = []
    for camera, shrunk in zip(pair.cameras, pair.shrunk):
        matrix = camera.intrinsics.clone()
        matrix[:2, :2] /= shrunk
        matrix[:2, 2] = in_own_pixels(matrix[:2, 2], shrunk)
        found.append(matrix)
    return found


def rows(pair: Pair, weighed: Weighed, inliers: torch.Tensor) -> list[list[float]]:
    """A row for each match: x, y, x', y' in the visitor's own pixels, its weight, and 1 where it is an inlier."""
    ends = [in_own_pixels(points, shrunk) for points, shrunk in zip(pair.matches[:2], pair.shrunk)]
    columns = torch.cat([*ends, weighed.weights[:, None].double(), inliers[:, None].double()], 1)
    return [[round(value, 3) for value in row[:4]] + [round(row[4], 4), int(row[5])] for row in columns.tolist()]


def as_csv(pair: Pair, weighed: Weighed, inliers: torch.Tensor) -> str:
    """The same as CSV."""
    lines = [",".join(map(str, row)) for row in rows(pair, weighed, inliers)]
    return "\n".join(["x1,y1,x2,y2,weight,inlier", *lines, ""])


def matrices(pair: Pair, found: Geometry) -> dict:
    """F, E, H where one plane is seen, the cameras and the pose, as JSON has them, for the visitor's own pixels."""
    first, second = own_intrinsics(pair)
    answer: dict = {"K1": first.tolist(), "K2": second.tolist(), "focal_from": [one.source for one in pair.cameras]}
    if found.essential is None:
        return answer | {"E": None, "F": None, "H": None, "R": None, "t": None}
    fundamental = torch.linalg.inv(second).T @ found.essential @ torch.linalg.inv(first)
    homography = plane(pair, found.inliers)
    if homography is not None:  # own pixels = S (pixels here)
        here = [kept.intrinsics for kept in pair.cameras]
        to_own = [own @ torch.linalg.inv(one) for own, one in zip((first, second), here)]
        homography = to_own[1] @ homography @ torch.linalg.inv(to_own[0])
        homography = (homography / homography[2, 2]).tolist()
    pose = found.pose
    return answer | {
        "E": found.essential.tolist(),
        "F": (fundamental / fundamental.norm()).tolist(),
        "H": homography,
        "R": pose.rotation.tolist() if pose else None,
        "t": pose.translation.tolist() if pose else None,
    }


def cloud(pair: Pair, found: Geometry, far: float = 100.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Triangulated inliers (M, 3) nearer than `far` baselines, and their colours (M, 3) uint8 in the first picture."""
    if found.pose is None:
        return torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.uint8)
    first, second = (points[found.inliers] for points in pair.normalised)
    points = triangulated(first, second, found.pose)
    seen = points.isfinite().all(1) & (points[:, 2] < far)
    places = pair.matches.first[found.inliers][seen].round().long()
    picture = pair.pictures[0]
    x, y = places[:, 0].clamp(0, picture.shape[2] - 1), places[:, 1].clamp(0, picture.shape[1] - 1)
    return points[seen], torch.from_numpy(grey(picture[:, y, x].T))


def as_ply(points: torch.Tensor, colours: torch.Tensor) -> str:
    """Points (M, 3) and their colours (M, 3) as PLY."""
    lines = (f"{x:.5g} {y:.5g} {z:.5g} {r} {g} {b}" for (x, y, z), (r, g, b) in zip(points.tolist(), colours.tolist()))
    return PLY.format(count=len(points)) + "".join(f"{line}\n" for line in lines)


def as_colmap(
    pair: Pair, inliers: torch.Tensor, names: tuple[str, str] = ("first.jpg", "second.jpg")
) -> dict[str, str]:
    """Text files that COLMAP's feature_importer and matches_importer read: keypoints of both pictures, and the inliers
    as raw matches. COLMAP has the corner of the first pixel at 0, so that its centre is at 0.5."""
    files = {}
    for name, points, shrunk in zip(names, pair.matches[:2], pair.shrunk):
        own = in_own_pixels(points, shrunk)[inliers] + 0.5
        lines = [f"{x:.3f} {y:.3f} 1 0 " + " ".join(["0"] * 128) for x, y in own.tolist()]
        files[f"{name}.txt"] = "\n".join([f"{len(own)} 128", *lines, ""])
    numbers = "".join(f"{number} {number}\n" for number in range(int(inliers.sum())))
    return files | {"matches.txt": f"{names[0]} {names[1]}\n{numbers}\n"}


def overlay(pair: Pair, homography: torch.Tensor) -> Image.Image:
    """The first picture laid over the second by a homography (3, 3), half and half where both are."""
    import cv2

    width, height = pair.sizes[1]
    rows_of = [picture.permute(1, 2, 0).numpy() for picture in pair.pictures]
    warped = cv2.warpPerspective(rows_of[0], homography.numpy(), (width, height))
    covered = cv2.warpPerspective(rows_of[0][..., 0] * 0 + 1, homography.numpy(), (width, height))[..., None] / 2
    return Image.fromarray(grey(covered * warped + (1 - covered) * rows_of[1]))
