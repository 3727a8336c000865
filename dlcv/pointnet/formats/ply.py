"""PLY of any program: text or binary of either byte order, lists of varying length, polygons and strips.

trimesh and meshio refuse binary elements with lists of varying length, which Blender writes for a mesh of triangles and
quads and photogrammetry beside its points; plyfile reads them, ten times as slowly.
"""

import re
import struct
from typing import NamedTuple

import numpy as np

from ...core.errors import InputError
from .columns import AXES, Table, cloud
from .found import MOST_POINTS, Found, bytes_of, check_count, strip, triangles, with_face_colours

TYPES = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4"},
    **{"double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"},
    **{"float32": "f4", "float64": "f8", "int64": "i8", "uint64": "u8", "float16": "f2", "half": "f2"},
}
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": "="}
CORNERS = ("vertex_indices", "vertex_index", "vertexindices", "indices")
HARMONIC = 0.28209479  # of degree 0: what Gaussian splats write of a colour is times this, and 0.5 more
CUT = "This PLY file ends before its last point. Fetch it again."


class Property(NamedTuple):
    """One number of every row of an element, or a list of such."""

    name: str
    kind: np.dtype
    length: np.dtype | None  # the type of a list's length


class Lists(NamedTuple):
    """Lists of varying length, one after the other."""

    flat: np.ndarray  # (sum of lengths,)
    lengths: np.ndarray  # (rows,)


def _header(data: bytes) -> tuple[str, dict[str, tuple[int, list[Property]]], int]:
    """The byte order, the elements with their number of rows, and where the data begin."""
    end = re.search(rb"(?:^|[\r\n])end_header[ \t]*(\r\n|\n|\r)", data[:100_000])
    if not end:
        raise ValueError("no end of the header")
    order, elements = "=", {}
    for line in re.split(rb"[\r\n]+", data[: end.start()]):
        match line.decode("latin-1").split():
            case ["format", name, *_]:
                order = ORDERS[name.lower()]
            case ["element", name, count]:
                properties: list[Property] = []
                elements[name.lower()] = int(count), properties
            case ["property", "list", length, kind, name]:
                properties.append(Property(name.lower(), _type(kind, order), _type(length, order)))
            case ["property", kind, name]:
                properties.append(Property(name.lower(), _type(kind, order), None))
    return order, elements, end.end()


def _type(name: str, order: str) -> np.dtype:
    return np.dtype(np.float64) if order == "=" else np.dtype(order + TYPES[name.lower()])


def _element(data: np.ndarray, at: int, count: int, properties: list[Property]) -> tuple[dict, int]:
    """The properties of an element that begins at byte `at`, and where the next one begins."""
    names = [one.name for one in properties]
    lists = [one for one in properties if one.length is not None]
    if not lists or not count:
        row = np.dtype([(f"{i}", one.kind) for i, one in enumerate(properties)])
        rows = _rows(data, at, count, row)
        return dict(zip(names, (rows[f"{i}"] for i in range(len(names))))), at + rows.nbytes
    fields, lengths = [], {}
    start = at
    for i, one in enumerate(properties):  # as if all rows were like the first
        if one.length is not None:
            lengths[i] = int(_rows(data, start, 1, one.length)[0])
            fields.append((f"n{i}", one.length))
            start += one.length.itemsize
        shape = (lengths[i],) if i in lengths else ()
        fields.append((f"{i}", one.kind, shape))
        start += one.kind.itemsize * lengths.get(i, 1)
    row = np.dtype(fields)
    if at + count * row.itemsize <= data.nbytes:
        rows = _rows(data, at, count, row)
        if all((rows[f"n{i}"] == length).all() for i, length in lengths.items()):
            found = {
                name: Lists(rows[f"{i}"].reshape(-1), np.full(count, lengths[i])) if i in lengths else rows[f"{i}"]
                for i, name in enumerate(names)
            }
            return found, at + rows.nbytes
    return _ragged(data, at, count, properties)


def _rows(data: np.ndarray, at: int, count: int, row: np.dtype) -> np.ndarray:
    """Rows of this type from byte `at` on."""
    if at + count * row.itemsize > data.nbytes:
        raise InputError(CUT)
    return data[at : at + count * row.itemsize].view(row)


def _ragged(data: np.ndarray, at: int, count: int, properties: list[Property]) -> tuple[dict, int]:
    """The same where the lists of the rows differ in length: where each begins is found row by row."""
    starts = [np.zeros(count, np.int64) for _ in properties]
    lengths = [np.ones(count, np.int64) for _ in properties]
    steps = [(*both, one.kind.itemsize, _reader(one)) for *both, one in zip(starts, lengths, properties)]
    for row in range(count):
        for place, length, size, read in steps:
            if read:
                number = length[row] = int(read.unpack_from(data, at)[0])
                at += read.size
                if number < 0:
                    raise ValueError("a list with a negative length")
                size *= number
            place[row] = at
            at += size
    if at > data.nbytes:
        raise InputError(CUT)
    found = {}
    for place, length, one in zip(starts, lengths, properties):
        number = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        where = (np.repeat(place, length) + number * one.kind.itemsize)[:, None] + np.arange(one.kind.itemsize)
        flat = data[where].reshape(-1).view(one.kind)
        found[one.name] = flat if one.length is None else Lists(flat, length)
    return found, at


def _reader(one: Property) -> struct.Struct | None:
    """What reads the length of a list; None for a single number."""
    if one.length is None:
        return None
    order = ">" if one.length.byteorder == ">" else "<"
    return struct.Struct(order + {"l": "q", "L": "Q"}.get(one.length.char, one.length.char))


def _elements(data: bytes) -> dict[str, dict[str, np.ndarray | Lists]]:
    """The properties of every element that says something of the shape."""
    order, elements, at = _header(data)
    if order == "=":  # every number of a text is taken as eight bytes, so that both are read alike
        body = np.fromstring(data[at:].replace(b",", b".").decode("latin-1"), np.float64, sep=" ").view(np.uint8)
        at = 0
    else:
        body = np.frombuffer(data, np.uint8)
    found, wanted = {}, {"vertex", "face", "tristrips"} & set(elements)
    for name, (count, properties) in elements.items():
        if count < 0:
            raise ValueError("a negative count")
        if count > body.nbytes:
            raise InputError(CUT)
        check_count(count if name == "vertex" else count // 2)
        if wanted and properties:
            found[name], at = _element(body, at, count, properties)
        wanted -= {name}
    return found


def _colours(element: dict[str, np.ndarray]) -> np.ndarray | None:
    """The colours of a face, one of them as PLY names them."""
    for names in (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b")):
        if set(names) <= set(element):
            return bytes_of(np.stack([element[name] for name in names], 1))
    return None


def _splats(vertex: dict[str, np.ndarray]) -> np.ndarray | None:
    """The colours of Gaussian splats."""
    if not {"f_dc_0", "f_dc_1", "f_dc_2"} <= set(vertex):
        return None
    light = 0.5 + HARMONIC * np.stack([vertex[f"f_dc_{at}"] for at in range(3)], 1)
    return bytes_of(light.clip(0, 1))


def _faces(elements: dict) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Triangles (F, 3) and, where faces have colours, a colour (F, 3) each."""
    face = elements.get("face", {})
    name = next((name for name in CORNERS if isinstance(face.get(name), Lists)), None)
    name = name or next((name for name, one in face.items() if isinstance(one, Lists)), None)
    if name is not None and len(face[name].lengths):
        corners, lengths = face[name]
        faces, colours = triangles(corners.astype(np.int64), lengths), _colours(face)
        return faces, None if colours is None else np.repeat(colours, np.maximum(lengths - 2, 0), axis=0)
    for one in elements.get("tristrips", {}).values():
        corners = one.flat.astype(np.int64)
        parts = np.split(corners, np.flatnonzero(corners < 0))
        return np.concatenate([strip(part[part >= 0]) for part in parts]), None
    return None, None


def ply(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """A mesh, or a cloud where there are no faces."""
    elements = _elements(data)
    vertex = {name: one for name, one in elements.get("vertex", {}).items() if isinstance(one, np.ndarray)}
    if not vertex:
        raise InputError("There is no shape in this file.")
    names = list(vertex)
    found = cloud(Table(names, dict(enumerate(vertex.values()))), columns or (AXES if set(AXES) <= set(vertex) else ()))
    if found.colours is None:
        found = found._replace(colours=_splats(vertex))
    faces, colours = _faces(elements)
    if faces is None or not len(faces):
        return found
    if colours is not None and found.colours is None and len(faces) <= MOST_POINTS // 3:
        if not 0 <= faces.min() <= faces.max() < len(found.points):
            raise ValueError("a corner of a triangle is none of the points")
        return with_face_colours(found.points, faces, colours)
    return found._replace(faces=faces)
