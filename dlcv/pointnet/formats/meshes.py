"""Meshes as text: OBJ here, OFF and STL by trimesh."""

import io
import re
import struct

import numpy as np

from ...core.errors import InputError
from .found import Found, bytes_of, triangles
from .text import decoded

EMPTY = "There is no shape in this file."


def _points_for_commas(written: str) -> str:
    """A text of numbers between blanks with points where it has decimal commas."""
    return written if re.search(r"\d\.\d", written) else re.sub(r"(?<=\d),(?=\d)", ".", written)


def _numbers(lines: list[str]) -> np.ndarray:
    """All numbers of these lines; ValueError where there is something else."""
    joined = " ".join(lines)
    numbers = np.fromstring(joined, np.float64, sep=" ")
    if len(numbers) != len(joined.split()):
        raise ValueError("a word that is no number")
    return numbers


def obj(data: bytes, kind: str, *_) -> Found:
    """Wavefront OBJ: vertices with or without colours, polygons of any size; materials are in another file.

    trimesh reads another shape where indices are relative, lines are indented, or a face has textures at some corners.
    """
    written = _points_for_commas(decoded(data).replace("\r\n", "\n").replace("\r", "\n").replace("\\\n", " "))
    lines = re.findall(r"^[ \t]*(v|fo?)[ \t]+([^\n#]+)", written, re.MULTILINE)
    vertices = [line for word, line in lines if word == "v"]
    if not vertices:
        raise InputError(EMPTY)
    width = min(len(line.split()) for line in vertices)
    if width < 3:
        raise ValueError("a vertex of fewer than three numbers")
    rows = _numbers([" ".join(line.split()[:width]) for line in vertices]).reshape(len(vertices), width)
    colours = bytes_of(rows[:, 3:6]) if width in (6, 7) and rows[:, 3:6].min() >= 0 else None
    polygons = [line for word, line in lines if word != "v"]
    if not polygons:
        return Found(rows[:, :3], None, colours)
    corners = _numbers([re.sub(r"/\S*", "", line) for line in polygons]).astype(np.int64)
    lengths = np.array([len(line.split()) for line in polygons])
    is_vertex = np.array([word == "v" for word, _ in lines])
    before = np.repeat(np.cumsum(is_vertex)[~is_vertex], lengths)  # a relative index counts back from here
    return Found(rows[:, :3], triangles(np.where(corners < 0, before + corners, corners - 1), lengths), colours)


def off(data: bytes, kind: str, *_) -> Found:
    """OFF, and COFF with the colours of its vertices, which trimesh leaves out."""
    written = _points_for_commas(decoded(data))
    found = _by_trimesh(written.encode(), kind)
    lines = [line for line in re.sub("#.*", "", written).splitlines() if line.strip()]
    head, _, counts = lines[0].partition("OFF")
    rows = lines[1 if counts.strip() else 2 :][: len(found.points)]
    width = len(rows[0].split())
    if "C" in head and width in (6, 7, 9, 10):
        rows = _numbers(rows).reshape(-1, width)
        return found._replace(colours=bytes_of(rows[:, 6:9] if width > 7 else rows[:, 3:6]))
    return found


def stl(data: bytes, kind: str, *_) -> Found:
    """STL, text or binary."""
    size = 84 + 50 * struct.unpack_from("<I", data, 80)[0] if len(data) >= 84 else 0
    if 84 < size <= len(data) and (size == len(data) or b"\0" in data[:1000]):
        return _by_trimesh(bytes(80) + data[80:size], kind)  # without what some programs write behind
    return _by_trimesh(_points_for_commas(decoded(data)).encode(), kind)


def _by_trimesh(data: bytes, kind: str) -> Found:
    """The mesh that trimesh reads."""
    import trimesh

    mesh = trimesh.load_scene(io.BytesIO(data), file_type=kind, process=False).to_mesh()
    if not len(mesh.vertices):
        raise InputError(EMPTY)
    return Found(np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces) if len(mesh.faces) else None)
