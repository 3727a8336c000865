"""Meshes and scans of many programs: PLY, OBJ, STL, OFF, PCD and LAS in the ways that their descriptions allow."""

import io
import re
import struct

import numpy as np
import pytest
import trimesh

from dlcv.core.errors import InputError
from dlcv.pointnet import formats
from tests.pointnet.files import COLOUR, chair, surface, written

CHAIR = chair()
POINTS = surface()[:500].astype(np.float32).astype(np.float64)
SHADE = (np.arange(len(POINTS)) % 256).astype(np.uint8)
COLOURS = np.stack([SHADE, 255 - SHADE, np.full_like(SHADE, 7)], 1)
QUADS = [(0, 2, 6, 4), (1, 5, 7, 3), (0, 4, 5, 1), (2, 3, 7, 6), (0, 1, 3, 2), (4, 6, 7, 5)]  # of corners in binary


def boxes() -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """The chair's corners (48, 3), and its sides: quads, every fifth of them as two triangles."""
    corners, sides = [], []
    for box in CHAIR.split():
        start = len(corners)
        low, high = box.bounds
        corners += [[(low, high)[at >> 2 - axis & 1][axis] for axis in range(3)] for at in range(8)]
        sides += [tuple(start + at for at in quad) for quad in QUADS]
    mixed = []
    for at, (a, b, c, d) in enumerate(sides):
        mixed += [(a, b, c), (a, c, d)] if at % 5 == 0 else [(a, b, c, d)]
    return np.array(corners), mixed


CORNERS, SIDES = boxes()


def is_chair(found: formats.Found) -> bool:
    """Whether it is the chair: its bounds and its area."""
    mesh = trimesh.Trimesh(found.points, found.faces, process=False)
    return np.allclose(mesh.bounds, CHAIR.bounds, atol=2e-3) and mesh.area == pytest.approx(CHAIR.area, rel=1e-2)


# PLY

ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}
LETTERS = {"float": "f", "double": "d", "uchar": "B", "char": "b", "ushort": "H", "int": "i", "uint": "I"}


def ply(order: str, elements: dict, end: str = "\n", comment: str = "") -> bytes:
    """A PLY of elements {name: ([property lines], rows)}; a list in a row stands under 'list <length> <kind> name'."""
    head, body = ["ply", f"format {order} 1.0"] + [f"comment {comment}"] * bool(comment), b""
    for element, (properties, rows) in elements.items():
        head += [f"element {element} {len(rows)}"] + [f"property {line}" for line in properties]
        for row in rows:
            words = []
            for line, value in zip(properties, row):
                kind = line.split()
                if kind[0] == "list":
                    words += [(LETTERS[kind[1]], len(value)), *((LETTERS[kind[2]], one) for one in value)]
                else:
                    words.append((LETTERS[kind[0]], value))
            if order == "ascii":
                body += (" ".join(f"{value:.9g}" for _, value in words) + end).encode()
            else:
                whole = ((letter, float(value) if letter in "fd" else int(value)) for letter, value in words)
                body += b"".join(struct.pack(ORDERS[order] + letter, value) for letter, value in whole)
    return (end.join([*head, "end_header"]) + end).encode("latin-1") + body


XYZ = ["float x", "float y", "float z"]
SIDE = "list uchar int vertex_indices"
VIEWS = [list(range(at % 4)) for at in range(len(POINTS))]


@pytest.mark.parametrize("order", ORDERS)
def test_ply_with_triangles_and_quads(order):
    faces = [(side,) for side in SIDES]
    assert is_chair(formats.parse(ply(order, {"vertex": (XYZ, CORNERS), "face": ([SIDE], faces)}), "ply"))
    named = "list uint uint vertex_index", "uchar flags"
    with_more = [(side, 3) for side in SIDES]
    assert is_chair(formats.parse(ply(order, {"vertex": (XYZ, CORNERS), "face": (named, with_more)}, "\r\n"), "ply"))


@pytest.mark.parametrize("order", ORDERS)
def test_ply_with_lists_beside_the_points(order):
    """As photogrammetry writes, and with a grid as Stanford's scans have it."""
    rows = [(*point, views, *colour) for point, views, colour in zip(POINTS, VIEWS, COLOURS)]
    properties = [*XYZ, "list uint uint view_indices", "uchar red", "uchar green", "uchar blue"]
    grid = [([at] if at % 3 else [],) for at in range(200)]
    found = formats.parse(ply(order, {"vertex": (properties, rows), "range_grid": ([SIDE], grid)}), "ply")
    np.testing.assert_allclose(found.points, POINTS, rtol=1e-6)
    np.testing.assert_array_equal(found.colours, COLOURS)
    assert found.faces is None


def test_ply_in_other_orders_and_types():
    properties = ["uchar diffuse_blue", "double z", "uchar diffuse_red", "double y", "uchar diffuse_green", "double x"]
    rows = [(b, z, r, y, g, x) for (x, y, z), (r, g, b) in zip(POINTS, COLOURS)]
    camera = (["float focal", "list uchar float matrix"], [(1.5, [1, 0, 0, 1])])
    for order in ORDERS:
        found = formats.parse(ply(order, {"camera": camera, "vertex": (properties, rows)}, comment="für Müller"), "ply")
        np.testing.assert_allclose(found.points, POINTS, rtol=1e-7)
        np.testing.assert_array_equal(found.colours, COLOURS)


def test_colours_of_ply():
    zero = ply("ascii", {"vertex": ([*XYZ, "uchar red", "uchar green", "uchar blue"], [(*p, 0, 0, 0) for p in POINTS])})
    assert formats.parse(zero, "ply").colours is None
    dark = ply(
        "binary_little_endian",
        {"vertex": ([*XYZ, "uchar red", "uchar green", "uchar blue"], [(*p, 1, 0, 1) for p in POINTS])},
    )
    assert (formats.parse(dark, "ply").colours == [1, 0, 1]).all()  # bytes are no parts of 1
    splats = [*XYZ, "float nx", "float ny", "float nz", "float f_dc_0", "float f_dc_1", "float f_dc_2", "float opacity"]
    rows = [(*point, 0, 0, 1, *((colour / 255 - 0.5) / 0.28209479), 1) for point, colour in zip(POINTS, COLOURS)]
    found = formats.parse(ply("binary_little_endian", {"vertex": (splats, rows)}), "ply")
    np.testing.assert_array_equal(found.colours, COLOURS)
    faces = [(side, *COLOUR) for side in SIDES]
    sides = {"vertex": (XYZ, CORNERS), "face": ([SIDE, "uchar red", "uchar green", "uchar blue"], faces)}
    found = formats.parse(ply("binary_big_endian", sides), "ply")
    assert is_chair(found) and (found.colours == COLOUR).all()


def test_strips_of_ply():
    strip = [0, 1, 2, 3, -1, 4, 5, 6, 7]
    elements = {"vertex": (XYZ, CORNERS), "tristrips": (["list int int vertex_indices"], [(strip,)])}
    found = formats.parse(ply("binary_big_endian", elements), "ply")
    assert found.faces.tolist() == [[0, 1, 2], [1, 2, 3], [4, 5, 6], [5, 6, 7]]


def test_broken_ply_gets_a_sentence():
    whole = ply("binary_little_endian", {"vertex": (XYZ, CORNERS), "face": ([SIDE], [(side,) for side in SIDES])})
    for data in (
        whole[:-5],
        whole[:400],
        whole.replace(b"float y", b"flote y"),
        whole.replace(b"vertex 48", b"vertex -8"),
    ):
        with pytest.raises(InputError, match="PLY"):
            formats.parse(data, "ply")


# OBJ, STL, OFF


def obj(face: str = "{0}", relative: bool = False) -> str:
    """The chair box by box, y and z as they are; every corner of a face as that text says."""
    lines = []
    for box in range(6):
        lines += ["v " + " ".join(f"{value:.6f}" for value in corner) for corner in CORNERS[8 * box : 8 * box + 8]]
        for side in SIDES:
            if side[0] // 8 == box:
                numbers = [at - 8 * (box + 1) if relative else at + 1 for at in side]
                lines.append("f " + " ".join(face.format(number) for number in numbers))
    return "\n".join(lines) + "\n"


OBJ = {
    "plain": obj(),
    "relative": obj(relative=True),
    "textures and normals": "vt 0 0\nvn 0 0 1\n" + obj("{0}/1/1"),
    "normals": "vn 0 0 1\n" + obj("{0}//1"),
    "textures at some corners": "vt 0 0\n" + obj().replace("f 1 ", "f 1/1 "),
    "indented": "  " + obj().replace("\n", "\n\t"),
    "tabs": obj().replace(" ", "\t"),
    "old Macintosh": obj().replace("\n", "\r"),
    "continued": obj().replace("f 1 ", "f 1 \\\n "),
    "comments": obj().replace("\n", " # Stühlchen\n"),
    "materials": "mtllib räume.mtl\n"
    + obj().replace("f ", "usemtl a\nf ", 1).replace("f 9 ", "usemtl b\ng c\ns off\nf 9 "),
    "decimal commas": obj().replace(".", ","),
    "weights": re.sub("(?m)^(v .*)$", r"\1 1.0", obj()),
    "lines beside": obj() + "l 1 2 3\np 4\n",
}


@pytest.mark.parametrize("name", OBJ)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_obj_is_read_however_it_is_written(name, encoding):
    assert is_chair(formats.parse(OBJ[name].encode(encoding), "obj"))


def test_obj_with_colours_and_large_polygons():
    text = "".join(
        f"v {x:.6f} {y:.6f} {z:.6f} {r / 255:.4f} {g / 255:.4f} {b / 255:.4f}\n"
        for (x, y, z), (r, g, b) in zip(POINTS, COLOURS)
    )
    found = formats.parse(text.encode(), "obj")
    np.testing.assert_allclose(found.points, POINTS, atol=1e-6)
    np.testing.assert_array_equal(found.colours, COLOURS)
    hexagon = "".join(f"v {np.cos(at):.5f} {np.sin(at):.5f} 0\n" for at in np.arange(6) * np.pi / 3)
    found = formats.parse(f"{hexagon}f 1 2 3 4 5 6\n".encode(), "obj")
    assert trimesh.Trimesh(found.points, found.faces).area == pytest.approx(1.5 * 3**0.5, rel=1e-4)


@pytest.mark.parametrize("text", ["v 1\n" * 20, "v 1 2 3\nv 1 b 3\n", "v 1 2 3\nf 1 2 9\n", "v 1 2 3\nf a b c\n"])
def test_broken_obj_gets_a_sentence(text):
    with pytest.raises(InputError, match="OBJ"):
        formats.parse(text.encode(), "obj")


def test_stl_and_off_with_what_programs_add():
    binary, text = CHAIR.export(file_type="stl"), CHAIR.export(file_type="stl_ascii")
    for data in (
        binary + b"\0\0left over",
        b"solid Stuhl" + binary[11:],
        text.replace("solid", "solid Stühlchen", 1).encode("latin-1"),
        text.upper().encode(),
        " ".join(text.split()).encode(),
        ("\ufeff" + text).encode("utf-16"),
    ):
        assert is_chair(formats.parse(data, "stl"))
    off = CHAIR.export(file_type="off")
    coloured = [
        "COFF",
        f"{len(POINTS)} 1 0",
        *(f"{x} {y} {z} {r} {g} {b} 255" for (x, y, z), (r, g, b) in zip(POINTS, COLOURS)),
    ]
    for lines in (coloured, [f"COFF {coloured[1]}", *coloured[2:]]):
        np.testing.assert_array_equal(formats.parse("\n".join([*lines, "3 0 1 2"]).encode(), "off").colours, COLOURS)
    for data in (
        "# Stühlchen\n" + off,
        off.replace("OFF\n", "OFF "),
        off.replace("OFF\n", "OFF").replace("\n", "\r\n"),
    ):
        assert is_chair(formats.parse(data.encode("latin-1"), "off"))


# PCD and LAS


def lzf(data: bytes) -> bytes:
    """Packed as LibLZF does, with copies of what lies at most 100 bytes back."""
    out, plain, at = b"", b"", 0

    def flushed() -> bytes:
        return b"".join(bytes([len(plain[i : i + 32]) - 1]) + plain[i : i + 32] for i in range(0, len(plain), 32))

    while at < len(data):
        length = 3
        back = data.rfind(data[at : at + length], max(0, at - 100), at + length - 1)
        if back < 0 or at + length > len(data):
            plain, at = plain + data[at : at + 1], at + 1
            continue
        while length < 264 and at + length < len(data) and data[back + length] == data[at + length]:
            length += 1
        head = length - 2
        distance = at - back - 1
        out += flushed() + bytes([min(head, 7) << 5 | distance >> 8] + [head - 7] * (head >= 7) + [distance & 255])
        plain, at = b"", at + length
    return out + flushed()


def pcd(encoding: str, colour: str = "F", end: str = "\n") -> bytes:
    """A cloud of the Point Cloud Library with padding, a normal and a packed colour."""
    packed = (COLOURS.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)).astype("<u4")
    kinds = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("_", "<u1", (4,)), ("normal_x", "<f4"), ("rgb", "<u4")]
    rows = np.zeros(len(POINTS), kinds)
    rows["x"], rows["y"], rows["z"] = POINTS.T
    rows["rgb"] = packed
    head = [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        "FIELDS x y z _ normal_x rgb",
        "SIZE 4 4 4 1 4 4",
    ]
    head += [
        f"TYPE F F F U F {colour}",
        "COUNT 1 1 1 4 1 1",
        f"WIDTH {len(rows)}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
    ]
    head += [f"POINTS {len(rows)}", f"DATA {encoding}"]
    start = end.join(head + [""]).encode()
    if encoding == "ascii":
        rgb = packed.view("<f4") if colour == "F" else packed
        return (
            start
            + "".join(f"{x:.9g} {y:.9g} {z:.9g} 0 0 0 0 0 {c:.9g}{end}" for (x, y, z), c in zip(POINTS, rgb)).encode()
        )
    if encoding == "binary":
        return start + rows.tobytes()
    columns = b"".join(np.ascontiguousarray(rows[name]).tobytes() for name, *_ in kinds)
    return start + struct.pack("<II", len(lzf(columns)), len(columns)) + lzf(columns)


ENCODINGS = ["ascii", "binary", "binary_compressed"]


@pytest.mark.parametrize("colour", "FU")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_pcd_of_every_encoding(encoding, colour):
    for end in ("\n", "\r\n"):
        found = formats.parse(pcd(encoding, colour, end), "pcd")
        np.testing.assert_allclose(found.points, POINTS, rtol=1e-6)
        np.testing.assert_array_equal(found.colours, COLOURS)


def test_broken_pcd_gets_a_sentence():
    for encoding in ENCODINGS:
        for data in (pcd(encoding)[:-400], pcd(encoding).replace(b"SIZE 4 4", b"SIZE 4")):
            with pytest.raises(InputError, match="PCD"):
                formats.parse(data, "pcd")


def test_las_without_colours_has_none():
    import laspy

    scan = laspy.read(io.BytesIO(written("las")))
    scan.red = scan.green = scan.blue = np.zeros(len(scan.x), np.uint16)
    file = io.BytesIO()
    scan.write(file)
    found = formats.parse(file.getvalue(), "las")
    assert found.colours is None and len(found.points) == 3000


# Whatever its name says


@pytest.mark.parametrize("data, name, words", [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "ply", "Git LFS"),
    (b"\n<!DOCTYPE html><html>404</html>", "obj", "web page"),
    (b"\x1f\x8b\x08" + bytes(99), "pcd", "gzip"),
    (b"PK\x03\x04" + bytes(99), "csv", "ZIP"),
])  # fmt: skip
def test_what_is_something_else_is_named(data, name, words):
    with pytest.raises(InputError, match=words):
        formats.parse(data, name)


def test_a_file_with_another_name_is_read_by_how_it_begins():
    for kind in ("ply", "glb", "npy", "las"):
        assert len(formats.parse(written(kind), "txt").points) == len(formats.parse(written(kind), kind).points)
