"""The chair that every file of the corpus holds: a seat, a back towards +y and four legs, z up."""

import numpy as np

PIECES = [((0, 0, 0.45), (0.5, 0.5, 0.06)), ((0, 0.23, 0.75), (0.5, 0.05, 0.55))]
PIECES += [((x, y, 0.21), (0.05, 0.05, 0.42)) for x in (-0.22, 0.22) for y in (-0.22, 0.22)]
QUADS = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
CORNERS = np.array([[at >> 2 & 1, at >> 1 & 1, at & 1] for at in range(8)]) - 0.5
VERTICES = np.concatenate([np.array(at) + CORNERS * size for at, size in PIECES])
QUAD_FACES = np.concatenate([8 * box + QUADS for box in range(len(PIECES))])
FACES = np.concatenate([QUAD_FACES[:, [0, 1, 2]], QUAD_FACES[:, [0, 2, 3]]])
COLOUR = np.array([200, 40, 90], np.uint8)


def y_up(points: np.ndarray) -> np.ndarray:
    """Points (V, 3) turned so that y is up and the chair looks along z, as in OBJ and glTF."""
    return points @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float64)


def cloud(count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3) on the chair, evenly by area, and their normals."""
    numbers = np.random.default_rng(0)
    a, b, c = VERTICES[FACES].transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    areas = np.linalg.norm(normals, axis=1)
    chosen = numbers.choice(len(FACES), count, p=areas / areas.sum())
    along = numbers.random((count, 2, 1))
    along = np.where(along.sum(1, keepdims=True) > 1, 1 - along, along)
    points = a[chosen] + along[:, 0] * (b - a)[chosen] + along[:, 1] * (c - a)[chosen]
    return points, normals[chosen] / areas[chosen, None]
