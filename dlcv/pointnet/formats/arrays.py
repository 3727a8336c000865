"""Arrays as numpy saves them, and archives of such."""

import contextlib
import io
import math
import re
import zipfile

import numpy as np

from ...core.errors import InputError
from .columns import AXES, Table, cloud
from .found import MOST_UNPACKED, Found, bytes_of, check_count

POINTS = (
    "points", "xyz", "pos", "vertices", "positions", "position", "coords", "coord", "coordinates", "verts", "v",
    "point_cloud", "pointcloud", "cloud", "pcd", "pc", "pts", "vertex", "locations", "data", "x", "arr_0",
)  # fmt: skip
FACES = ("faces", "triangles", "face", "tri", "cells", "f")
COLOURS = ("colors", "colours", "rgb", "color", "colour", "point_colors", "vertex_colors")
WIDEST = 24  # columns that a cloud may have; a picture has more


def _numbers(array: np.ndarray) -> np.ndarray:
    """An array of numbers as one of shape (V, C), the points in rows; InputError where it is none."""
    if array.dtype.kind not in "fiub":
        raise InputError("The array in this file holds no numbers. Save one of shape (points, 3).")
    shape = array.shape
    array = array.squeeze(tuple(at for at, side in enumerate(shape[:-2]) if side == 1))
    if array.ndim == 2 and array.shape[0] < min(array.shape[1], WIDEST) and 3 <= array.shape[0]:
        array = array.T
    if array.ndim == 3 and min(array.shape[1:]) >= 3:
        raise InputError(
            f"The array has the shape {shape}: several clouds, or a grid of points. Save one of shape (points, 3), "
            "as array[0] or array.reshape(-1, 3)."
        )
    if array.ndim != 2 or not 3 <= array.shape[1] <= WIDEST:
        raise InputError(f"The array has the shape {shape}. Save one of shape (points, 3).")
    check_count(len(array))
    return array


def _structured(array: np.ndarray) -> Table:
    """A table from an array of records: x, y and z as fields, or a field of three."""
    names, values = [], {}
    for name in array.dtype.names:
        field = array[name].reshape(array.size, -1) if array.size else np.zeros((0, 1))
        for part in range(min(field.shape[1], WIDEST)):
            if field.dtype.kind in "fiub":
                values[len(names)] = field[:, part]
            names.append(name if field.shape[1] == 1 else f"{name}:{part}")
    return Table(names, values)


def _cloud(array: np.ndarray, columns: tuple[str, ...]) -> Found:
    """A cloud from an array of numbers or of records."""
    if array.dtype.names:
        check_count(array.size)
        return cloud(_structured(array), columns)
    array = _numbers(array)
    return cloud(Table([""] * array.shape[1], dict(enumerate(array.T))), columns)


def _header(file: io.IOBase) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array in a file of numpy, up to whose numbers it is read."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(file)
    return shape, kind


def _loaded(data: bytes) -> np.ndarray:
    """The array of an .npy file; InputError where it holds Python objects."""
    file = io.BytesIO(data)
    shape, kind = _header(file)
    if kind.hasobject:
        raise InputError("This file holds Python objects, which are not opened. Save an array of numbers.")
    if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize > len(data) - file.tell():
        raise ValueError("an array that is cut short")  # numpy would take the memory of all of it first
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def npy(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """An array as numpy saves it."""
    return _cloud(_loaded(data), columns)


def npz(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """The points of an archive of numpy: an array of a usual name, else the only one with three columns; or arrays
    named x, y and z. With triangles beside it, a mesh."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # What is declared is also all that is unpacked: zipfile reads no further.
        entries = {entry.filename.removesuffix(".npy").lower(): entry for entry in archive.infolist()}
        if sum(entry.file_size for entry in entries.values()) > MOST_UNPACKED:
            raise InputError("This archive unpacks to far more than it should. Save the points alone.")
        shapes = {}
        for name, entry in entries.items():
            with archive.open(entry) as member, contextlib.suppress(ValueError):  # something else than an array
                shapes[name] = _header(member)

        def array(name: str) -> np.ndarray:
            return _loaded(archive.read(entries[name]))

        flat = {name: shape for name, (shape, _) in shapes.items() if len(shape) == 1}
        if len({flat.get(axis) for axis in AXES} - {None}) == 1 and set(AXES) <= set(flat):
            names = [name for name, shape in flat.items() if shape == flat["x"]]
            values = {at: array(name) for at, name in enumerate(names)}
            return cloud(Table(names, {at: one for at, one in values.items() if one.dtype.kind in "fiub"}), columns)
        name = _of_points(shapes)
        points = array(name)
        found = _cloud(points, columns)
        three = next((one for one in COLOURS if shapes.get(one, ((),))[0][-1:] == (3,)), None)
        if found.colours is None and three and len(shapes[three][0]) == 2 and shapes[three][0][0] == len(found.points):
            found = found._replace(colours=bytes_of(array(three)))
        faces = next((one for one in FACES if shapes.get(one, ((),))[0][-1:] == (3,)), None)
        if faces and len(shapes[faces][0]) == 2 and shapes[faces][1].kind in "iu" and name != faces:
            found = found._replace(faces=array(faces).astype(np.int64))
        return found


def _of_points(shapes: dict[str, tuple[tuple[int, ...], np.dtype]]) -> str:
    """The name of the array that holds the points; InputError where there is none, or more than one that could."""
    wide = [
        name
        for name, (shape, kind) in shapes.items()
        if kind.names or (len(shape) >= 2 and kind.kind in "fiu" and max(shape) >= 3 and min(shape[-2:]) >= 3)
    ]
    for name in POINTS:
        if name in wide:
            return name
    others = [name for name in wide if name not in (*FACES, *COLOURS) and not re.search("normal|uv|index", name)]
    if len(others) == 1:
        return others[0]
    if others:
        listed = ", ".join(others[:6])
        raise InputError(f"Several arrays of this archive could be the points: {listed}. Save them as points.")
    if any(kind.hasobject for _, kind in shapes.values()):
        raise InputError("This file holds Python objects, which are not opened. Save an array of numbers.")
    raise InputError("There is no array of points in this archive. Save one of shape (points, 3), named points.")
