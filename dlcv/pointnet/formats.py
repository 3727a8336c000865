"""Files of point clouds and meshes: bytes in, points, triangles and colours out.

Meshes and PLY are read by trimesh, LAS by laspy, arrays by numpy, text and PCD here. A reader gets the bytes and
nothing else: no other file and no address is opened on behalf of one, and nothing is unpickled.
"""

import io
import json
import re
import struct
import zipfile
from typing import NamedTuple

import numpy as np

from ..core.errors import InputError

MOST_POINTS = 5_000_000
MOST_UNPACKED = 200_000_000  # bytes that the arrays of an npz may take
NUMBER = rb"[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|nan|inf|infinity)"
AXES = ("x", "y", "z")
COLOURS = (("red", "green", "blue"), ("r", "g", "b"))


class Found(NamedTuple):
    """What a file holds, as it stands there."""

    points: np.ndarray  # (V, 3) float64
    faces: np.ndarray | None = None  # (F, 3), indices into `points`, where it is a mesh
    colours: np.ndarray | None = None  # (V, 3) uint8


def _bytes_of(colours: np.ndarray) -> np.ndarray:
    """Colours of any range as bytes: parts of 1, bytes as they are, or 16 bits."""
    colours = np.nan_to_num(np.asarray(colours, np.float64))
    scale = 255 if colours.max(initial=0) <= 1 else 1 if colours.max() <= 255 else 1 / 257
    return (colours * scale).round().clip(0, 255).astype(np.uint8)


# ---- meshes and PLY


def _check_gltf(data: bytes, kind: str) -> None:
    """A few bytes of glTF can ask for endless memory: by arrays without data, and by drawing one mesh many times."""
    if kind == "glb":
        data = data[20 : 20 + struct.unpack("<I", data[12:16])[0]]
    tree = json.loads(data)
    counts = [accessor["count"] for accessor in tree.get("accessors", []) if "bufferView" in accessor]
    if len(counts) < len(tree.get("accessors", [])):
        raise InputError("This glTF file describes points that it does not hold. Save it again without sparse arrays.")
    sizes = [
        sum(counts[at] for part in mesh["primitives"] for at in (*part["attributes"].values(), part.get("indices", 0)))
        for mesh in tree.get("meshes", [])
    ]
    drawn = sum(sizes[node["mesh"]] for node in tree.get("nodes", []) if "mesh" in node)
    if max(sum(counts), sum(sizes), drawn) > 4 * MOST_POINTS:
        raise InputError("This scene draws too many points. Save its main object alone.")


def _mesh(data: bytes, kind: str) -> Found:
    """PLY, OBJ, OFF, STL, GLB and glTF: all meshes and clouds of the scene, in one piece."""
    import trimesh

    if kind in ("glb", "gltf"):
        _check_gltf(data, kind)
    scene = trimesh.load_scene(io.BytesIO(data), file_type=kind, process=False, skip_materials=kind in ("obj", "ply"))
    parts = []
    for part in scene.dump():
        if isinstance(part, trimesh.Trimesh) and len(part.faces):
            visual = part.visual.to_color() if part.visual.kind == "texture" else part.visual
            parts.append(Found(part.vertices, part.faces, visual.vertex_colors[:, :3] if visual.kind else None))
        elif hasattr(part, "vertices"):
            colours = getattr(part, "colors", None)
            coloured = colours is not None and len(colours) == len(part.vertices) and kind != "obj"
            parts.append(Found(part.vertices, None, colours[:, :3] if coloured else None))
    if any(part.faces is not None for part in parts):  # points and lines beside a mesh are marks in the scene
        parts = [part for part in parts if part.faces is not None]
    if not parts:
        raise InputError("There is no shape in this file.")
    points = np.concatenate([np.asarray(part.points, np.float64) for part in parts])
    starts = np.cumsum([0, *(len(part.points) for part in parts)])
    faces = None
    if parts[0].faces is not None:
        faces = np.concatenate([start + np.asarray(part.faces) for start, part in zip(starts, parts)])
    colours = [part.colours for part in parts]
    return Found(points, faces, None if any(c is None for c in colours) else np.concatenate(colours))


# ---- tables of numbers


def _table(rows: np.ndarray, names: list[str]) -> Found:
    """A cloud from a table (V, columns) whose columns have these names, or none: then x, y, z and perhaps a colour."""
    if rows.ndim != 2 or rows.shape[1] < 3:
        raise InputError("A table of points needs three columns, x, y and z, and a row a point.")
    if set(AXES) <= set(names):
        points = rows[:, [names.index(axis) for axis in AXES]]
        columns = next(([names.index(c) for c in three] for three in COLOURS if set(three) <= set(names)), None)
        return Found(points, None, _bytes_of(rows[:, columns]) if columns else None)
    rest = rows[:, 3:6]
    coloured = rest.shape[1] == 3 and rest.min(initial=0) >= 0 and 1 < rest.max(initial=0) <= 255  # else normals
    return Found(rows[:, :3], None, _bytes_of(rest) if coloured else None)


def _text(data: bytes, kind: str) -> Found:
    """XYZ, CSV and the like: a point a line, between commas, semicolons or blanks; a line of names may come first."""
    if b"\0" in data[:4096]:
        raise InputError(f"This is no text, although its name ends in .{kind}.")
    lines = [line for line in re.sub(rb"[,;\t\r]", b" ", data).split(b"\n") if line.strip()]
    lines = [line for line in lines if not line.lstrip().startswith((b"#", b"//"))]
    names = []
    if lines and not all(re.fullmatch(NUMBER, word, re.IGNORECASE) for word in lines[0].split()):
        names = [word.strip(b"\"'").lower().decode(errors="replace") for word in lines.pop(0).split()]
    elif len(lines) > 1 and len(lines[0].split()) == 1 < len(lines[1].split()):
        del lines[0]  # XYZ often begins with the number of its points
    if len(lines) > MOST_POINTS:
        raise InputError(f"This file has more than {MOST_POINTS:,} points. Thin it first.")
    if not lines:
        raise InputError("There is no point in this file.")
    try:
        rows = np.loadtxt((line.decode("ascii") for line in lines), ndmin=2, comments=None)
    except ValueError:
        raise InputError(
            "This text is no table of points: every line needs the same count of numbers, x, y and z first."
        ) from None
    return _table(rows, names)


def _array(array: np.ndarray) -> Found:
    """A cloud from an array (V, 3 or more)."""
    if array.dtype.kind not in "fiu":
        raise InputError("The array in this file holds no numbers. Save one of shape (points, 3).")
    if array.ndim != 2 or array.shape[1] < 3:
        raise InputError(f"The array has the shape {array.shape}. Save one of shape (points, 3).")
    if len(array) > MOST_POINTS:
        raise InputError(f"This file has more than {MOST_POINTS:,} points. Thin it first.")
    return _table(array[:, :6].astype(np.float64), [])


def _npy(data: bytes, kind: str) -> Found:
    """An array as numpy saves it."""
    try:
        return _array(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise InputError(
                "This file holds Python objects, which are not opened. Save an array of numbers."
            ) from None
        raise


def _npz(data: bytes, kind: str) -> Found:
    """The array named points, xyz, pos or vertices of an archive of numpy, else its first with three columns."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # What is declared is also all that is unpacked: zipfile reads no further.
        members = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if sum(entry.file_size for entry in members.values()) > MOST_UNPACKED:
            raise InputError("This archive unpacks to far more than it should. Save the points alone.")
        first = [name for name in ("points", "xyz", "pos", "vertices") if name in members]
        for name in [*first, *members]:
            if members[name].file_size > 128:
                found = archive.read(members[name])
                if first or re.search(rb"\(\d+, [3-9]\)", found[:128]):  # its shape, in the header
                    return _npy(found, kind)
    raise InputError("There is no array of points in this archive. Save one of shape (points, 3), named points.")


# ---- scanners


def _pcd(data: bytes, kind: str) -> Found:
    """PCD of the Point Cloud Library, as text or binary, with colours packed in `rgb` or in columns of their own."""
    head, mark, body = data.partition(b"\nDATA ")
    header = {line.split()[0]: line.split()[1:] for line in head.decode("ascii").splitlines() if line.split()}
    encoding, _, body = body.partition(b"\n")
    if not mark or not set(AXES) <= set(header["FIELDS"]):
        raise InputError("This PCD file has no fields x, y and z.")
    names, count = header["FIELDS"], int(header["POINTS"][0])
    if not 0 <= count <= MOST_POINTS:
        raise InputError(f"This file has more than {MOST_POINTS:,} points. Thin it first.")
    repeats = list(map(int, header.get("COUNT", ["1"] * len(names))))
    kinds = [{"F": "f", "I": "i", "U": "u"}[kind] + size for kind, size in zip(header["TYPE"], header["SIZE"])]
    if encoding.strip() == b"ascii":
        columns = [name for name, repeat in zip(names, repeats) for _ in range(repeat)]
        rows = np.loadtxt(io.BytesIO(body), ndmin=2, max_rows=count)
        table = {name: rows[:, columns.index(name)] for name in names}
    elif encoding.strip() == b"binary":
        fields = [(f"{at}", "<" + kind, (repeat,)) for at, (kind, repeat) in enumerate(zip(kinds, repeats))]
        rows = np.frombuffer(body, np.dtype(fields), count)
        table = {name: rows[f"{at}"][:, 0] for at, name in enumerate(names)}
    else:
        raise InputError("Compressed PCD is not read here. Save it as binary or ascii.")
    points = np.stack([table[axis].astype(np.float64) for axis in AXES], 1)
    if "rgb" in table:  # 0x00RRGGBB, often declared as a float of those bits
        packed = table["rgb"]
        if kinds[names.index("rgb")] == "f4":
            packed = packed.astype(np.float32).view(np.uint32)
        packed = packed.astype(np.uint32)
        return Found(points, None, np.stack([packed >> shift & 255 for shift in (16, 8, 0)], 1).astype(np.uint8))
    return Found(points)


LAS_RECORDS = (100, 54, b"\0"), (243, 60, b"\4")
"""Where the header of a LAS file counts its records and its extended ones, the bytes that one has at least, and the
minor version, byte 25, from which on there are such records."""


def _las(data: bytes, kind: str) -> Found:
    """LAS, what laser scanners write."""
    import laspy

    for at, length, since in LAS_RECORDS:
        if data[25:26] >= since and int.from_bytes(data[at : at + 4], "little") * length > len(data):
            raise InputError("This LAS file ends before its last record. Fetch it again.")  # laspy would read on
    with laspy.open(io.BytesIO(data)) as file:
        size = file.header.point_format.size
        if file.header.are_points_compressed:
            raise InputError("Compressed LAS is not read here. Save it as LAS, not LAZ.")
        if file.header.point_count * size > len(data):
            raise InputError("This LAS file ends before its last point. Fetch it again.")
        if file.header.point_count > MOST_POINTS:
            raise InputError(f"This file has more than {MOST_POINTS:,} points. Thin it first.")
        scan = file.read()
    names = set(scan.point_format.dimension_names)
    coloured = set(COLOURS[0]) <= names
    colours = np.stack([scan[name] for name in COLOURS[0]], 1) if coloured else None
    return Found(np.asarray(scan.xyz, np.float64), None, _bytes_of(colours) if coloured else None)


READERS = {
    **dict.fromkeys(("ply", "obj", "off", "stl", "glb", "gltf"), _mesh),
    **dict.fromkeys(("xyz", "csv", "txt"), _text),
    **{"npy": _npy, "npz": _npz, "pcd": _pcd, "las": _las},
}
PICTURES = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WebP", b"%PDF": "PDF"}


def parse(data: bytes, kind: str) -> Found:
    """What is in a file of these bytes, whose name ends in `kind`, one of READERS; InputError with what to do else."""
    if not data.strip(b"\0 \r\n\t"):
        raise InputError("This file is empty.")
    for start, name in PICTURES.items():
        if data.startswith(start):
            raise InputError(f"This is a {name} file, although its name ends in .{kind}. A cloud of points is needed.")
    try:
        found = READERS[kind](data, kind)
        if found.faces is not None and not 0 <= found.faces.min() <= found.faces.max() < len(found.points):
            raise ValueError("a corner of a triangle is none of the points")
    except InputError:
        raise
    except Exception as error:  # whatever the libraries say of a broken file is no sentence for a visitor
        raise InputError(
            f"This file could not be read as {kind.upper()}. It may be cut short, or not be what its name says."
        ) from error
    if len(found.points) > MOST_POINTS:
        raise InputError(f"This file has more than {MOST_POINTS:,} points. Thin it first.")
    return found
