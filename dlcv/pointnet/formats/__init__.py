"""Files of point clouds and meshes: bytes in, points, triangles and colours out.

A reader gets the bytes and nothing else: no other file and no address is opened on behalf of one, and nothing is
unpickled.
"""

import re

import numpy as np

from ...core.errors import InputError
from .arrays import npy, npz
from .columns import WhichColumns as WhichColumns
from .found import MOST_POINTS as MOST_POINTS
from .found import Found as Found
from .found import check_count
from .gltf import gltf
from .meshes import obj, off, stl
from .ply import ply
from .scans import las, pcd
from .text import text

READERS = {
    **{"ply": ply, "obj": obj, "off": off, "stl": stl, "glb": gltf, "gltf": gltf},
    **dict.fromkeys(("xyz", "csv", "txt", "tsv", "asc", "pts", "xyzn", "xyzrgb"), text),
    **{"npy": npy, "npz": npz, "pcd": pcd, "las": las},
}
STARTS = {  # how files of a kind begin, whatever their names end in
    **{rb"ply\s": "ply", rb"glTF": "glb", rb"\x93NUMPY": "npy", rb"LASF": "las", rb"# \.PCD|VERSION \.?\d": "pcd"},
}
OTHERS = {
    **{rb"\x89PNG": "PNG file", rb"\xff\xd8\xff": "JPEG file", rb"GIF8": "GIF file", rb"RIFF": "WebP file"},
    **{rb"%PDF": "PDF file", rb"\x1f\x8b": "gzip archive: unpack it first", rb"PK\x03\x04": "ZIP archive"},
    **{rb"\s*<(!doctype|html)": "web page: the file itself was not fetched", rb"Kaydara FBX": "FBX file"},
    **{rb"version https://git-lfs": "pointer of Git LFS: fetch the file itself"},
}


def kind_of(data: bytes, kind: str) -> str:
    """The kind of a file by how it begins, else by its name."""
    return next((true for start, true in STARTS.items() if re.match(start, data)), kind)


def parse(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """What is in a file of these bytes, whose name ends in `kind`, one of READERS.

    `columns` are the three of a table that are x, y and z, by name or by number from 1; empty, their names say it.

    Raises:
        WhichColumns: a table of which more than one three could be meant.
        InputError: with what to do.
    """
    if not data.strip(b"\0 \r\n\t"):
        raise InputError("This file is empty.")
    kind = kind_of(data, kind)
    for start, name in OTHERS.items():
        if re.match(start, data, re.IGNORECASE) and not (kind == "npz" and name.startswith("ZIP")):
            article = "an" if name[0] in "F" else "a"
            raise InputError(
                f"This is {article} {name}, although its name ends in .{kind}. A cloud of points is needed."
            )
    try:
        with np.errstate(all="ignore"):  # points that are not finite are left out later
            found = READERS[kind](data, kind, columns)
        if found.faces is not None and not len(found.faces):
            found = found._replace(faces=None)
        if found.faces is not None and not 0 <= found.faces.min() <= found.faces.max() < len(found.points):
            raise ValueError("a corner of a triangle is none of the points")
    except InputError:
        raise
    except Exception as error:  # whatever the libraries say of a broken file is no sentence for a visitor
        raise InputError(
            f"This file could not be read as {kind.upper()}. It may be cut short, or not be what its name says."
        ) from error
    check_count(len(found.points))
    return found
