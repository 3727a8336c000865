"""Tables as text, XYZ, CSV and the like: how a file separates its numbers and writes them is found in its lines."""

import csv
import io
import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from ...core.errors import InputError
from .columns import AXES, CELLS, Table, cloud, plain
from .found import MOST_POINTS, Found

NOT_A_TABLE = "This text is no table of points: every line needs the same count of numbers, x, y and z first."
TORN = (
    "The decimal commas of this table cannot be told from the commas between its columns. Save it with semicolons "
    "between the columns, or with decimal points."
)
UNCLEAR = "The commas in these numbers may be decimal or between thousands. Save the table with decimal points."
LINES = 300  # that are looked at first
TYPICAL = 0.85  # the share of them that must be alike
COMMENT = re.compile(r"^\s*(#|//|%|!)")
BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
EXPONENT = r"([eE][-+]?\d+)?"
NOTHING = r"|[-+]?nan(\(.*\))?|[-+]?inf(inity)?|na|n/a|null|none|-?1\.#\w+"
NOTATIONS = {  # decimal sign and sign between thousands: how such a number looks
    (".", None): re.compile(rf"[-+]?(\d+\.?\d*|\.\d+){EXPONENT}{NOTHING}", re.IGNORECASE),
    (",", "."): re.compile(rf"[-+]?(\d{{1,3}}(\.\d{{3}})+|\d+)?(,\d*)?{EXPONENT}{NOTHING}", re.IGNORECASE),
    (".", ","): re.compile(rf"[-+]?(\d{{1,3}}(,\d{{3}})+(\.\d*)?|\d+\.?\d*|\.\d+){EXPONENT}{NOTHING}", re.IGNORECASE),
}
WHOLE = re.compile(r"[-+]?\d*")
SIGNS = {0x2212: "-", 0xA0: "", 0x202F: "", 0xFEFF: ""}  # a minus, and blanks between thousands
MIXED = str.maketrans(dict.fromkeys(",;|\t[](){}", " "))  # for texts that separate now by this, now by that
GLUED = re.compile(r"[-+.\deE]+([;|\s]+[-+.\deE]+)+")  # numbers in one field
SEPARATORS = (";", "\t", "|", ",", None)  # None: blanks


class Layout(NamedTuple):
    """How a text writes its table."""

    separator: str | None
    decimal: str
    thousands: str | None
    start: int  # the first line of numbers
    names: list[str]  # of all columns, "" where there is none
    numeric: list[int]  # the columns of numbers
    rows: list[list[str]]  # the first of them, as they are written


def decoded(data: bytes) -> str:
    """A text of any encoding that programs write: UTF-8, UTF-16 with and without its mark, or bytes of 8 bits."""
    return data.decode(_encoding(data), errors="replace").lstrip("\ufeff")


def _encoding(data: bytes) -> str:
    """The encoding of a text; that of 8 bits gives every byte a letter."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return encoding
    if b"\0" in data[:1000]:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = data[:1000].decode(encoding, errors="replace")
            if sum(32 <= ord(letter) < 127 or letter.isspace() for letter in text) > 0.9 * len(text):
                return encoding
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "latin-1"


def _fields(line: str, separator: str | None) -> list[str]:
    """The fields of a line, without quotes."""
    if separator is None:
        return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    return [field.strip() for field in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _is_grouped(rows: list[list[str]]) -> bool:
    """Whether commas in these fields are between thousands, as 1,234 beside 999, and no decimal commas.

    Raises InputError where nobody can tell.
    """
    grouped = 0
    for column in zip(*rows):
        written = [number for number in column if "," in number]
        if not all(re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+", number) for number in written):
            return False
        if written and any(re.fullmatch(r"[-+]?\d{1,3}", number) for number in set(column) - set(written)):
            return True
        grouped += bool(written)
    if grouped < 3:
        raise InputError(UNCLEAR)
    return False


def _laid_out(lines: list[str], separator: str | None, notation: tuple[str, str | None]) -> Layout | None:
    """The layout of the first lines of a text if it is written so; None where it is not."""
    number = NOTATIONS[notation]
    split = [[] if COMMENT.match(line) else _fields(line, separator) for line in lines]
    marks = [[bool(number.fullmatch(field)) for field in fields] for fields in split]
    filled = [sum(is_number and field != "" for is_number, field in zip(*one)) for one in zip(marks, split)]
    widths = Counter(len(fields) for fields, count in zip(split, filled) if count >= 3)
    if not widths:
        return None
    width = widths.most_common(1)[0][0]
    rows = [at for at, fields in enumerate(split) if len(fields) == width and filled[at] >= 3]
    numeric = [
        column
        for column in range(width)
        if sum(marks[at][column] for at in rows) >= TYPICAL * len(rows) and any(split[at][column] for at in rows)
    ]
    rows = [at for at in rows if all(marks[at][column] for column in numeric)]
    if len(numeric) < 3 or not rows:
        return None
    start = rows[0]
    if len(rows) > 2 and _counts_columns(split[start], split[rows[1]]):
        start = rows[1]  # the numbers of the columns, as pandas writes them where they have no names
    blank = sum(not fields for fields in split[start:])
    if len([at for at in rows if at >= start]) < TYPICAL * (len(lines) - start - blank):
        return None
    closed = all(split[at][-1] == "" for at in rows)
    names = _names(lines[:start], split[start], separator, closed)
    return Layout(separator, *notation, start, names, numeric, [split[at] for at in rows if at >= start])


def _counts_columns(first: list[str], second: list[str]) -> bool:
    """Whether a line is 0, 1, 2, ... above numbers that are not whole."""
    fields = first[1:] if first[0] == "" else first
    return fields == [str(at) for at in range(len(fields))] and any("." in field or "," in field for field in second)


def _names(lines: list[str], first: list[str], separator: str | None, closed: bool) -> list[str]:
    """The names of the columns in the lines before the first numbers: the last line that fits, one with x, y and z
    before all.

    Where rows are `closed`, a separator stands after the last field, too.
    """
    fitting, width = [], len(first)
    for line in reversed(lines):
        bare = COMMENT.sub("", line)
        ways = (_fields(bare, separator), [word.strip('"') for word in re.split(r"[,;\t |]+", bare.strip())])
        for fields in ways:
            if len(fields) == width + 1 and not fields[-1]:
                fields = fields[:-1]
            if len(fields) == width - 1 and closed:
                fields = [*fields, ""]
            elif len(fields) == width - 1 and _has_axes(fields):  # R writes no name above the names of the rows
                fields = ["", *fields]
            if separator == "," and 2 * len(fields) == width >= 6 and all(map(WHOLE.fullmatch, first)):
                raise InputError(TORN)
            if len(fields) == width and not all(re.fullmatch(r"[-+.\d]*", field) for field in fields):
                fitting.append(fields)
                break
    return [*filter(_has_axes, fitting), *fitting, [""] * width][0]


def _has_axes(fields: list[str]) -> bool:
    """Whether some of these names begin with x, y and z."""
    return {plain(field)[:1] for field in fields} >= set(AXES)


def _layout(lines: list[str]) -> Layout | None:
    """How these first lines of a text write a table; None where they do not."""
    found = [
        layout
        for separator in SEPARATORS
        for notation in NOTATIONS
        if not (separator == "," and "," in notation and '"' not in "".join(lines))  # else each comma does both
        if (layout := _laid_out(lines, separator, notation))
    ]
    if not found:
        return None
    best = max(found, key=lambda layout: len(layout.numeric))
    if best.decimal == "," and _is_grouped(best.rows):
        return _laid_out(lines, best.separator, (".", ",")) or best
    if best.separator == ",":
        _check_torn(best)
    return best


def _check_torn(layout: Layout) -> None:
    """InputError where numbers with decimal commas stand between commas: 0,238,0,255 are two numbers, not four."""
    if len(layout.names) >= 6 and all(WHOLE.fullmatch(field) for row in layout.rows for field in row):
        if any(re.fullmatch(r"0\d+|-0", field) for row in layout.rows for field in row):
            raise InputError(TORN)


def text(data: bytes, kind: str, columns: tuple[str, ...] = ()) -> Found:
    """XYZ, CSV and the like: a point a line, names of the columns before them or none."""
    written = decoded(data)
    if re.search(r"[\0-\x08\x0e-\x1b\x7f]", written[:2000]):
        raise InputError(f"This is no text, although its name ends in .{kind}.")
    written = written.translate(SIGNS).replace("\r\n", "\n").replace("\r", "\n")
    written = re.sub(r"(?<=\d)['\u2019](?=\d{3})", "", written)  # between thousands, as in Switzerland
    head = written[: 1000 * LINES].split("\n")
    if len(written) > 1000 * LINES:
        del head[-1]  # it is cut
    at = [number for number, line in enumerate(head[:LINES]) if line.strip()]
    lines = [head[number] for number in at]
    if all(COMMENT.match(line) for line in lines):
        raise InputError("There is no point in this file.")
    layout = _layout(lines)
    if layout is None or (layout.separator == "," and any(map(GLUED.fullmatch, layout.rows[0]))):
        layout = _layout([line.translate(MIXED) for line in lines])
        written = written.translate(MIXED)
    if layout is None:
        raise InputError(NOT_A_TABLE)
    written = written.split("\n", at[layout.start])[-1]
    values = _values(re.sub(r"(?m)^\s*(#|//|%|!).*\n?", "", written), layout)
    found = cloud(Table(layout.names, values, layout.rows[:CELLS]), columns)
    empty = np.isnan(found.points)
    if (empty.any(1) & ~empty.all(1)).mean() > 1 - TYPICAL:
        raise InputError(NOT_A_TABLE)
    return found


def _values(written: str, layout: Layout) -> dict[int, np.ndarray]:
    """The numbers (V,) of every column that has such; NaN where a field is empty."""
    import pandas  # here: a third of a second

    if layout.separator and '"' not in written:
        longest = (len(layout.names) - 1) * (written.rstrip("\n").count("\n") + 1)
        if written.count(layout.separator) > longest:
            raise InputError(NOT_A_TABLE)  # pandas leaves out what is too much in a line

    def parsed(kind) -> pandas.DataFrame:
        return pandas.read_csv(
            io.StringIO(written),
            sep=layout.separator or r"\s+",
            decimal=layout.decimal,
            thousands=layout.thousands,
            header=None,
            index_col=False,
            names=range(len(layout.names)),
            usecols=layout.numeric,
            skipinitialspace=True,
            dtype=kind,
            nrows=MOST_POINTS + 1,
        )

    try:
        try:
            table = parsed(np.float64)
        except ValueError:  # a line of words between the numbers
            table = parsed(str)
            between = str.maketrans({layout.thousands or " ": "", layout.decimal: "."})
            numbers = table.apply(lambda one: pandas.to_numeric(one.str.translate(between), errors="coerce"))
            if (numbers.isna() & table.notna()).any(axis=1).mean() > 1 - TYPICAL:
                raise InputError(NOT_A_TABLE) from None
            table = numbers
    except pandas.errors.ParserError:
        raise InputError(NOT_A_TABLE) from None
    return {column: table[column].to_numpy(np.float64) for column in layout.numeric}
