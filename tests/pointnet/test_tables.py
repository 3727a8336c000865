"""Tables of points as programs write them: whatever separates, names and encodes their columns, the points are the
same; where two readings are possible, which columns are meant is asked."""

import io
import re

import numpy as np
import pytest

from dlcv.core.errors import InputError
from dlcv.pointnet import formats
from tests.pointnet.files import saved, surface

POINTS = surface()[:400].round(4)
COUNTING = np.arange(len(POINTS))
SHADE = np.linspace(0, 255, len(POINTS)).round()
COLOURS = np.c_[SHADE, 255 - SHADE, np.full(len(POINTS), 7)]


def table(columns, separator=",", *, names="", decimal=".", quote="", digits=4) -> str:
    """Columns of numbers or words as a text; numbers that are whole stand without a decimal sign."""

    def written(value) -> str:
        if isinstance(value, str):
            return value
        text = f"{value:.0f}" if float(value).is_integer() else f"{value:.{digits}f}"
        return f"{quote}{text.replace('.', decimal)}{quote}"

    rows = [separator.join(map(written, row)) for row in zip(*columns)]
    return "\n".join(([names] if names else []) + rows) + "\n"


X, Y, Z = POINTS.T
NORMALS = [np.zeros(len(X)), np.zeros(len(X)), np.ones(len(X))]
WORDS = ["a chair"] * len(X)
READ = {
    "decimal commas between semicolons": table([X, Y, Z], ";", decimal=","),
    "decimal commas between blanks": table([X, Y, Z], " ", decimal=","),
    "decimal commas between tabs": table([X, Y, Z], "\t", names="x\ty\tz", decimal=","),
    "decimal commas and a colour": table([X, Y, Z, *COLOURS.T], "  ", decimal=","),
    "decimal commas in quotes": table([X, Y, Z], names='"x","y","z"', decimal=",", quote='"'),
    "points in quotes": table([X, Y, Z], names='"X","Y","Z"', quote='"'),
    "Excel's first line": "sep=;\n" + table([X, Y, Z], ";", names="x;y;z"),
    "another order": table([Z, COUNTING + 0.5, X, Y], names="Z,t,X,Y"),
    "units": table([X, Y, Z, SHADE], names="X [m],Y (m),Z [m],Intensity"),
    "a nameless index": table([COUNTING, X, Y, Z], names=",x,y,z"),
    "names of rows without a name": table([COUNTING + 1, X, Y, Z], names='"x" "y" "z"', separator=" "),
    "an index without names": table([COUNTING, X, Y, Z]),
    "numbers of columns": table([X, Y, Z], names="0,1,2"),
    "numbers of columns after an index": table([COUNTING, X, Y, Z], names=",0,1,2"),
    "an id and a map": table([COUNTING, X, Y, Z], names="id,easting,northing,elevation"),
    "east north up": table([X, Y, Z], names="E;N;U", separator=";"),
    "x, y and a height": table([COUNTING, X, Y, Z], names="fid,x,y,height"),
    "normals first": table([*NORMALS, X, Y, Z], names='"N:0","N:1","N:2","Points:0","Points:1","Points:2"'),
    "underscores": table([X, Y, Z, *NORMALS], names="Points_0,Points_1,Points_2,V_0,V_1,V_2"),
    "brackets": table([SHADE, X, Y, Z], names="label,points[0],points[1],points[2]"),
    "prefixes": table([X, Y, Z, *NORMALS], names="pos_x,pos_y,pos_z,vel_x,vel_y,vel_z"),
    "dots": table([*NORMALS, X, Y, Z], names="normal.x,normal.y,normal.z,position.x,position.y,position.z"),
    "any three names": table([X, Y, Z], names="alpha,beta,gamma"),
    "words beside": table([WORDS, X, Y, Z], names="what,x,y,z"),
    "words without names": table([WORDS, X, Y, Z], ";"),
    "empty fields": table([X, [""] * len(X), Y, Z], names="x,note,y,z"),
    "a field more": re.sub("\n", ",\n", table([X, Y, Z])),
    "a field more below names": re.sub("(?<=\\d)\n", ";\n", table([Z, X, Y], ";", names="Z;X;Y")),
    "a field more everywhere": re.sub("\n", ";\n", table([Z, X, Y], ";", names="Z;X;Y")),
    "a name more": table([Z, X, Y], names="Z,X,Y,"),
    "a comment with names": "# made by a program\n# x y z\n" + table([X, Y, Z], " "),
    "names after slashes": table([X, Y, Z, *COLOURS.T], " ", names="//X Y Z R G B"),
    "the count first": f"{len(X)}\n" + table([X, Y, Z], " "),
    "prose first": "A scan of 2026, chair 3\nby nobody\n\n" + table([X, Y, Z], names="X,Y,Z"),
    "a title of two words": "chair scan\n" + table([X, Y, Z], " "),
    "names of three columns of six": table([X, Y, Z, *NORMALS], names="x,y,z"),
    "a line of units": "x,y,z\nm,m,m\n" + table([X, Y, Z]),
    "commas and blanks": table([X, Y, Z], " , "),
    "commas and tabs": table([X, Y, Z], ",\t"),
    "now commas, now semicolons": re.sub(",([^,]*\n)", r";\1", table([X, Y, Z])),
    "points and semicolons after commas": re.sub(",([^,\n]*,[^,\n]*\n)", r";\1", table([X, Y, Z, X, Y])),
    "lists": re.sub("(.+)\n", r"[\1],\n", table([X, Y, Z], ", ")),
    "bars": table([X, Y, Z], "|"),
    "old Macintosh": table([X, Y, Z]).replace("\n", "\r"),
    "Windows": table([X, Y, Z], names="x,y,z").replace("\n", "\r\n"),
    "minus signs of typography": table([X, Y, Z]).replace("-", "\u2212"),
    "powers of ten": "\n".join(" ".join(f"{value:.6e}" for value in point) for point in POINTS),
    "comments between": table([X, Y, Z]).replace("\n", "\n# so\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_however_it_is_written(name):
    found = formats.parse(READ[name].encode(), "csv")
    np.testing.assert_allclose(found.points, POINTS, atol=1e-9)


ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "gb18030", "shift_jis"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_is_read_in_whatever_encoding(encoding):
    word = "椅子" if encoding in ("gb18030", "shift_jis") else "Stühlchen" if "-8" not in encoding else "椅子 Stühlchen"
    text = f"# {word}\n" + table([X, Y, Z, COUNTING], names=f"x,y,z,{word}")
    np.testing.assert_allclose(formats.parse(text.encode(encoding), "txt").points, POINTS)


def test_commas_between_thousands_are_no_decimal_commas():
    points = POINTS * 1000
    text = "\n".join(";".join(f"{value:,.1f}" for value in point) for point in points)
    np.testing.assert_allclose(formats.parse(text.encode(), "csv").points, points, atol=0.051)
    swiss = "\n".join(" ".join(f"{value:,.1f}".replace(",", "'") for value in point) for point in points)
    np.testing.assert_allclose(formats.parse(swiss.encode(), "xyz").points, points, atol=0.051)
    points = (points - [3000, -2000, 1000]) * 9  # 999 beside 1,234
    text = "\n".join(";".join(f"{value:,.0f}" for value in point) for point in points)
    np.testing.assert_allclose(formats.parse(text.encode(), "csv").points, points, atol=0.51)
    text = "\n".join("1,234;56;" + str(at) for at in range(50))
    with pytest.raises(InputError, match="thousands"):
        formats.parse(text.encode(), "csv")


def test_empty_coordinates_are_points_left_out():
    text = table([X, Y, Z], names="x,y,z").replace(f"{X[7]:.4f},", ",", 1)
    found = formats.parse(text.encode(), "csv")
    assert len(found.points) == len(POINTS) and np.isnan(found.points).any(1).sum() == 1


WITH_COLOURS = {
    "red first": table([X, Y, Z, *COLOURS.T], names="x,y,z,red,green,blue"),
    "blue first": table([*COLOURS.T[::-1], X, Y, Z], names="B,G,R,X,Y,Z"),
    "parts of one": table([X, Y, Z, *COLOURS.T / 255], names="X,Y,Z,Rf,Gf,Bf", digits=6),
    "sixteen bits": table([X, Y, Z, *COLOURS.T * 257], names="x,y,z,r,g,b"),
    "a vector": table([X, Y, Z, *COLOURS.T], names='"Points:0","Points:1","Points:2","RGB:0","RGB:1","RGB:2"'),
    "no names": table([X, Y, Z, *COLOURS.T], " "),
    "an intensity between": table([X, Y, Z, X * 100, *COLOURS.T], " "),
    "packed": table([X, Y, Z, COLOURS @ [65536, 256, 1]], names="x,y,z,rgb"),
}


@pytest.mark.parametrize("name", WITH_COLOURS)
def test_colours_are_found_by_name_or_place(name):
    found = formats.parse(WITH_COLOURS[name].encode(), "csv")
    np.testing.assert_allclose(found.points, POINTS)
    np.testing.assert_array_equal(found.colours, COLOURS)


@pytest.mark.parametrize("columns", [NORMALS, [np.zeros(len(X))] * 3])
def test_normals_and_nothing_are_no_colours(columns):
    assert formats.parse(table([X, Y, Z, *columns], " ").encode(), "xyz").colours is None
    assert formats.parse(table([X, Y, Z, *[np.zeros(len(X))] * 3], names="x,y,z,r,g,b").encode(), "csv").colours is None


ASKED = {
    "four names that say nothing": (table([X, Y, Z, SHADE], names="a,b,c,d"), ("1", "2", "3")),
    "two places": (table([*NORMALS, X, Y, Z], names="pos_x,pos_y,pos_z,x,y,z"), ("x", "y", "z")),
    "a map and a place": (table([*NORMALS, X, Y, Z], names="x,y,z,easting,northing,h"), ("Easting", "northing", "h")),
    "a number before": (table([SHADE, X, Y, Z], " "), ("2", "3", "4")),
    "the time before": (table([COUNTING * 0.1, X, Y, Z], ";"), ("2", "3", "4")),
    "one time before": (table([np.full(len(X), 1.7e9 + 0.5), X, Y, Z]), ("2", "3", "4")),
    "angles": (table([X, Y, Z], names="longitude,latitude,altitude"), ("1", "2", "3")),
    "columns by number": (table([X, Y, Z, SHADE, SHADE, SHADE], names="V1,V2,V3,V4,V5,V6"), ("V1", "V2", "V3")),
}


@pytest.mark.parametrize("name", ASKED)
def test_where_two_readings_are_possible_the_columns_are_asked_for(name):
    text, columns = ASKED[name]
    with pytest.raises(formats.WhichColumns, match="Which columns are x, y and z") as asked:
        formats.parse(text.encode(), "csv")
    width = len(text.split("\n")[1].replace(";", ",").replace(" ", ",").split(","))
    assert len(asked.value.names) == width and {len(row) for row in asked.value.rows} == {width}
    np.testing.assert_allclose(formats.parse(text.encode(), "csv", columns).points, POINTS)
    for wrong in (("1", "2"), ("1", "2", "2"), ("1", "2", "99"), ("1", "2", "nowhere"), ("0", "1", "2")):
        with pytest.raises(formats.WhichColumns):
            formats.parse(text.encode(), "csv", wrong)


REFUSED = {
    "decimal commas between commas": (table([X, Y, Z], decimal=","), "semicolons"),
    "the same with names": (table([X, Y, Z], names="x,y,z", decimal=","), "semicolons"),
    "no third": (table([COUNTING, X, Y], names="id,x,y"), "No columns are named"),
    "colours alone": (table([*COLOURS.T], names="r,g,b"), "No columns are named"),
    "two columns": (table([X, Y], names="x,y"), "table"),
    "words": ("It was a dark\nand stormy night\n" * 20, "table"),
    "a row short": (table([X, Y, Z]) + "1,2\n" * 200, "table"),
    "a row long": (table([X, Y, Z]) + "1,2,3,4,5\n", "table"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_of_points_gets_a_sentence(name):
    text, words = REFUSED[name]
    with pytest.raises(InputError, match=words) as told:
        formats.parse(text.encode(), "csv")
    assert str(told.value).endswith(".")


# Arrays


def records(**fields) -> np.ndarray:
    kinds = [(name, value.dtype, value.shape[1:]) for name, value in fields.items()]
    rows = np.zeros(len(POINTS), kinds)
    for name, value in fields.items():
        rows[name] = value
    return rows


def archive(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


ARRAYS = {
    "rows.npy": saved(POINTS),
    "columns.npy": saved(POINTS.T),
    "fortran.npy": saved(np.asfortranarray(POINTS)),
    "big endian.npy": saved(POINTS.astype(">f8")),
    "half.npy": saved(POINTS.astype(np.float16)),
    "one of a batch.npy": saved(POINTS[None]),
    "one of a batch of columns.npy": saved(POINTS.T[None]),
    "colours.npy": saved(np.c_[POINTS, COLOURS]),
    "colours in columns.npy": saved(np.c_[POINTS, COLOURS].T),
    "records.npy": saved(records(id=COUNTING, x=X, y=Y, z=Z)),
    "a field of three.npy": saved(records(normal=np.array(NORMALS).T, xyz=POINTS, rgb=COLOURS.astype(np.uint8))),
    "arr_0.npz": archive(arr_0=POINTS),
    "named.npz": archive(label=np.array(3), points=POINTS, normals=np.array(NORMALS).T),
    "axes.npz": archive(x=X, y=Y, z=Z, label=SHADE),
    "a name of its own.npz": archive(chair=POINTS, scale=np.array(2.0)),
    "a mesh.npz": archive(vertices=POINTS, faces=np.array([[0, 1, 2]])),
    "records.npz": archive(cloud=records(x=X, y=Y, z=Z)),
    "colours.npz": archive(xyz=POINTS, colors=COLOURS.astype(np.uint8)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_read_however_it_lies(name):
    found = formats.parse(ARRAYS[name], name.rpartition(".")[2])
    np.testing.assert_allclose(found.points, POINTS, atol=2e-3 if "half" in name else 1e-9)
    if "colours" in name or "three" in name:
        np.testing.assert_array_equal(found.colours, COLOURS)
    assert (found.faces is not None) == ("mesh" in name)


@pytest.mark.parametrize("data, kind, words", [
    (saved(np.zeros((4, 100, 3))), "npy", "several clouds"),
    (saved(np.zeros((40, 60, 3))), "npy", r"reshape\(-1, 3\)"),
    (archive(first=POINTS, second=POINTS), "npz", "first, second"),
    (saved(np.zeros((100, 3), complex)), "npy", "no numbers"),
    (saved(np.zeros((28, 28))), "npy", r"shape \(28, 28\)"),
    (saved(np.zeros((48, 64))), "npy", r"shape \(48, 64\)"),
])  # fmt: skip
def test_several_clouds_are_not_taken_for_one(data, kind, words):
    with pytest.raises(InputError, match=words):
        formats.parse(data, kind)


def test_the_columns_of_an_array_are_asked_for():
    data = saved(np.c_[SHADE, POINTS])
    with pytest.raises(formats.WhichColumns) as asked:
        formats.parse(data, "npy")
    assert asked.value.likely == [1, 2, 3] and len(asked.value.rows[0]) == 4
    np.testing.assert_allclose(formats.parse(data, "npy", ("2", "3", "4")).points, POINTS)
