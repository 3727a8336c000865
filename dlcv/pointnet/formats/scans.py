"""What scanners and the programs for their clouds write: PCD and LAS."""

import io

import numpy as np

from ...core.errors import InputError
from .columns import AXES, Table, cloud
from .found import MOST_UNPACKED, Found, bytes_of, check_count
from .text import decoded

CUT = "This PCD file ends before its last point. Fetch it again."


def pcd(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """PCD of the Point Cloud Library: text, binary or compressed."""
    header, body = _pcd_header(data)
    names = header.get("FIELDS") or header.get("COLUMNS") or []
    repeats = [int(number) for number in header.get("COUNT", ["1"] * len(names))]
    kinds = [{"F": "f", "I": "i", "U": "u"}[letter] + size for letter, size in zip(header["TYPE"], header["SIZE"])]
    height = int(header.get("HEIGHT", ["1"])[0])
    count = int(header["POINTS"][0]) if "POINTS" in header else int(header["WIDTH"][0]) * height
    if count < 0 or not len(names) == len(repeats) == len(kinds) or min(repeats, default=0) < 0:
        raise ValueError("a header that contradicts itself")
    check_count(count)
    encoding = header["DATA"][0].lower()
    if encoding == "ascii":
        table = _ascii(body, count, names, kinds, repeats)
    elif "compressed" in encoding:
        table = _in_columns(body, count, kinds, repeats)
    else:
        fields = [(f"{at}", "<" + kind, (repeat,)) for at, (kind, repeat) in enumerate(zip(kinds, repeats))]
        rows = np.frombuffer(body, np.dtype(fields), count)
        table = {at: rows[f"{at}"][:, 0] for at, repeat in enumerate(repeats) if repeat}
    names = [name.lower() if name != "_" else "" for name in names]
    table = {at: values for at, values in table.items() if names[at]}
    return cloud(Table(names, table), columns or (AXES if set(AXES) <= set(names) else ()))


def _pcd_header(data: bytes) -> tuple[dict[str, list[str]], bytes]:
    """The lines of the header, each by its first word, and what comes after it."""
    header: dict[str, list[str]] = {}
    while "DATA" not in header:
        line, end, data = data.partition(b"\n")
        if not end:
            raise InputError("This PCD file has no fields x, y and z.")
        words = line.decode("latin-1").split()
        if words and not words[0].startswith("#"):
            header[words[0].upper()] = words[1:]
    return header, data


def _ascii(body: bytes, count: int, names: list, kinds: list[str], repeats: list[int]) -> dict[int, np.ndarray]:
    """The first number of every field, from lines of text."""
    written = decoded(body)
    rows = np.loadtxt(io.StringIO(written.replace(",", ".")), ndmin=2, max_rows=count)
    if rows.size and rows.shape[1] != sum(repeats):
        raise ValueError("a line with another count of numbers")
    if len(rows) < count:
        raise InputError(CUT)
    starts = np.cumsum([0, *repeats])
    return {at: rows[:, starts[at]].astype(_kept(kinds[at])) for at, repeat in enumerate(repeats) if repeat}


def _kept(kind: str) -> str:
    """The type of a field in which nothing of it is lost."""
    return "f8" if kind[0] == "f" else "i8"


def _in_columns(body: bytes, count: int, kinds: list[str], repeats: list[int]) -> dict[int, np.ndarray]:
    """The first number of every field, from fields that stand one after the other, compressed."""
    packed, whole = (int.from_bytes(body[at : at + 4], "little") for at in (0, 4))
    if whole > MOST_UNPACKED:
        raise InputError("This file unpacks to far more than it should. Thin it first.")
    if len(body) < 8 + packed:
        raise InputError(CUT)
    flat, start, found = _lzf(body[8 : 8 + packed], whole), 0, {}
    for at, (kind, repeat) in enumerate(zip(kinds, repeats)):
        field = np.frombuffer(flat, "<" + kind, count * repeat, start)
        start += field.nbytes
        if repeat:
            found[at] = field.reshape(count, repeat)[:, 0]
    return found


def _lzf(data: bytes, size: int) -> bytes:
    """What LibLZF packed: runs as they are, and copies of what came before; ValueError where it is broken.

    No library that is easily installed reads it; a second for 10 MB.
    """
    out, at, end = bytearray(), 0, len(data)
    while at < end:
        control = data[at]
        at += 1
        if control < 32:
            out += data[at : at + control + 1]
            at += control + 1
            continue
        length = control >> 5
        if length == 7:
            length += data[at]
            at += 1
        start = len(out) - ((control & 31) << 8 | data[at]) - 1
        at += 1
        length += 2
        if start < 0 or len(out) + length > size:
            raise ValueError("a copy from outside")
        part = out[start : start + length]
        while len(part) < length:  # it reaches into what it writes
            part += part[: length - len(part)]
        out += part
    if len(out) != size:
        raise ValueError("not as long as it says")
    return bytes(out)


LAS_RECORDS = (100, 54, b"\0"), (243, 60, b"\4")
"""Where the header of a LAS file counts its records and its extended ones, the bytes that one has at least, and the
minor version, byte 25, from which on there are such records."""


def las(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """LAS, what laser scanners write."""
    import laspy

    for at, length, since in LAS_RECORDS:
        if data[25:26] >= since and int.from_bytes(data[at : at + 4], "little") * length > len(data):
            raise InputError("This LAS file ends before its last record. Fetch it again.")  # laspy would read on
    with laspy.open(io.BytesIO(data)) as file:
        size = file.header.point_format.size
        if file.header.are_points_compressed:
            raise InputError("Compressed LAS (LAZ) is not read here. Save it as LAS.")
        if file.header.point_count * size > len(data):
            raise InputError("This LAS file ends before its last point. Fetch it again.")
        check_count(file.header.point_count)
        scan = file.read()
    names = set(scan.point_format.dimension_names)
    three = ("red", "green", "blue")
    colours = bytes_of(np.stack([scan[name] for name in three], 1)) if set(three) <= names else None
    return Found(np.asarray(scan.xyz, np.float64), None, colours)
