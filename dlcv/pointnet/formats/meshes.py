"""OBJ, STL and OFF."""

import io
import re

import numpy as np

from ...core.errors import InputError
from .found import Found, bytes_of, triangles
from .text import decoded

BINARY_STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
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


def stl(data: bytes, kind: str, *_) -> Found:
    """STL, text or binary, with or without what some programs write behind the last triangle.

    trimesh refuses the latter, and writes a traceback into the log of a text whose normals are no numbers.
    """
    count = int.from_bytes(data[80:84], "little")
    if 0 < 84 + 50 * count <= len(data) and (84 + 50 * count == len(data) or b"\0" in data[:1000]):
        corners = np.frombuffer(data, BINARY_STL, count, 84)["corners"].reshape(-1, 3)
    else:
        written = _points_for_commas(decoded(data))
        lines = re.findall(r"\bvertex\s+(\S+\s+\S+\s+\S+)", written, re.IGNORECASE)
        corners = _numbers(lines).reshape(-1, 3)
        if not re.match(r"\s*solid", written, re.IGNORECASE) or len(corners) % 3:
            raise ValueError("no text of triangles")
    if not len(corners):
        raise InputError(EMPTY)
    return Found(corners.astype(np.float64), np.arange(len(corners)).reshape(-1, 3))


def off(data: bytes, kind: str, *_) -> Found:
    """OFF by trimesh, and the colours of the vertices of COFF, which it leaves out."""
    import trimesh

    written = _points_for_commas(re.sub("#.*", "", decoded(data))).lstrip()
    written = (
        re.sub(r"^(\w*)off", r"\1OFF", written) if re.match(r"\w*off", written, re.IGNORECASE) else f"OFF\n{written}"
    )
    mesh = trimesh.load_scene(io.BytesIO(written.encode()), file_type="off", process=False).to_mesh()
    if not len(mesh.vertices):
        raise InputError(EMPTY)
    found = Found(np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces))
    lines = [line for line in written.splitlines() if line.strip()]
    head, _, counts = lines[0].partition("OFF")
    rows = lines[1 if counts.strip() else 2 :][: len(found.points)]
    width = len(rows[0].split())
    if "C" in head and width in (6, 7, 9, 10):
        rows = _numbers(rows).reshape(-1, width)
        return found._replace(colours=bytes_of(rows[:, 6:9] if width > 7 else rows[:, 3:6]))
    return found
