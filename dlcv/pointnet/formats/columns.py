"""Which columns of a table are the coordinates and which the colours: by what they are named, or by what is in them."""

import re
from typing import NamedTuple

import numpy as np

from ...core.errors import InputError
from .found import Found, bytes_of, check_count, unpacked

AXES = ("x", "y", "z")
EAST = re.compile(r"e|east|eastings?|rechts|rechtswert|ostwert")
NORTH = re.compile(r"n|north|northings?|hoch|hochwert|nordwert")
HEIGHT = re.compile(r"h|height|u|up|elev|elevation|alt|altitude|h.{1,2}he")
PLACES = re.compile(
    r"|p|pos|position|points?|pointsmxyz|coords?|coordinates?|xyz|loc|location|vertex|vertices|geometry|world|global"
)
"""What stands beside x, y and z in names of coordinates, as in Points:0, pos_x, X_coordinate."""
OTHERS = re.compile(
    r"n|norm|normals?|v|vel|velocity|acc|accel|acceleration|a|rot|rotation|q|quat|orientation|scale|size|dir|direction"
    r"|colou?rs?|rgba?|uv|tex|texcoords?|std|sigma|err|error|var|vp|viewpoint|sensor|force|mag|gyro|omega|w|d|f|fdc"
)
"""The same in names of what else has three parts: normals, velocities and the like."""
MARKS = re.compile(
    r"|unnamed.*|(point)?(id|ids|idx|index|nr|no|num|number|row|rownames)|fid|oid|uid|class(ification)?|labels?|segment"
    r"|object|instance|cluster|intensity|i|reflectance|reflectivity|amplitude|time|t|timestamp|gpstime|ring|channel"
    r"|scalar.*|confidence|conf|quality|curvature|density|distance|range|rgba?|return.*|numberofreturns"
)
"""Names of columns that are no coordinates."""
CHANNEL = re.compile(r"(?:diffuse|vertex|colou?rs?|rgb|c|ambient)?(red|green|blue|r|g|b)(?:f|8|16|255|_?value)?")
PACKED = re.compile(r"rgba?|packedrgb|colou?r")
QUOTES = " \t\"'#/\ufeff"
CELLS = 5  # rows of a table that the question which columns they are shows


class WhichColumns(InputError):
    """A table in which more than one three of columns could be the coordinates; whoever brought it has to say."""

    def __init__(self, names: list[str], rows: list[list[str]], likely: list[int], why: str = ""):
        self.names, self.rows, self.likely = names, rows, likely
        self.question = f"{why}Which columns are x, y and z?"
        listed = ", ".join(f"{at} {name[:30]}".strip() for at, name in enumerate(names[:12], 1))
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        super().__init__(f"{self.question} Say three, as in columns=2,3,4; there are {listed}{more}.")


class Table(NamedTuple):
    """A table, each of its columns with a name or "", and those that hold numbers."""

    names: list[str]
    values: dict[int, np.ndarray]  # (V,) each, by the number of the column from 0
    written: list[list[str]] | None = None  # the first rows as they stand in a text

    @property
    def height(self) -> int:
        """The number of points."""
        return min(map(len, self.values.values()), default=0)

    def plain(self) -> list[str]:
        """The names in lower case, without units; "" for columns that hold no numbers."""
        return [plain(name) if at in self.values else "" for at, name in enumerate(self.names)]

    def question(self, likely: list[int], why: str = "") -> "WhichColumns":
        """The question which columns are the coordinates."""
        rows = self.written or [
            [f"{self.values[at][row]:.6g}" if at in self.values else "" for at in range(len(self.names))]
            for row in range(self.height)[:CELLS]
        ]
        return WhichColumns(self.names, rows[:CELLS], likely, why)


def plain(name: str) -> str:
    """A name in lower case, without quotes and units: 'X [m]' is 'x', 'Points[0]' and 'Points_0' are 'points:0'."""
    name = re.sub(r"\[(\d)\]", r":\1", name.strip(QUOTES).lower())
    name = re.sub(r"\(.*?\)|\[.*?\]", "", name).strip()
    return re.sub(r"[\s_.:\-]+(?=[012]$)", ":", name)


def _bare(text: str) -> str:
    return re.sub(r"[\s_.:\-]+", "", text)


def _threes(names: list[str]) -> dict[str, list[int]]:
    """Columns whose names differ by x, y, z or by 0, 1, 2 alone, by what else is in their names."""
    found: dict[str, dict[str, list[int]]] = {}
    for at, name in enumerate(names):
        for pattern in (r"(?P<rest>.*?)[\s_.:\-]*(?P<axis>[xyz])", r"(?P<axis>[xyz])[\s_.:\-]*(?P<rest>.*)"):
            if match := re.fullmatch(pattern, name):
                found.setdefault(_bare(match["rest"]), {}).setdefault(match["axis"], []).append(at)
                break
        else:
            if match := re.fullmatch(r"(.+):([012])", name):
                found.setdefault(_bare(match[1]), {}).setdefault(AXES[int(match[2])], []).append(at)
    return {rest: sum((of[axis] for axis in AXES), []) for rest, of in found.items() if set(of) == set(AXES)}


def _mapped(names: list[str]) -> list[int] | None:
    """Columns as maps name them: easting, northing and a height; or x, y and a height, where there is no z."""
    east, north, height = (
        next((at for at, name in enumerate(names) if words.fullmatch(name)), None) for words in (EAST, NORTH, HEIGHT)
    )
    if height is None and "z" in names:
        height = names.index("z")
    if east is None and north is None and "z" not in names and {"x", "y"} <= set(names):
        east, north = names.index("x"), names.index("y")
    return None if None in (east, north, height) else [east, north, height]


def _named(table: Table) -> list[int] | None:
    """The columns that the names say are the coordinates; None where they say nothing; WhichColumns where too much."""
    names = table.plain()
    threes = _threes(names)
    places = [three for rest, three in threes.items() if PLACES.fullmatch(rest)]
    if mapped := _mapped(names):
        places.append(mapped)
    places = places or [three for rest, three in threes.items() if not OTHERS.fullmatch(rest)]
    if len(places) == 1 and len(places[0]) == 3:
        return places[0]
    if places:
        raise table.question(places[0][:3])
    degrees = [next((at for at, name in enumerate(names) if name.startswith(start)), None) for start in ("lon", "lat")]
    if None not in degrees:
        why = "Longitude and latitude are angles, so that the shape would be wrong; project them first. "
        raise table.question(degrees, why)
    return None


def _left(table: Table) -> list[int]:
    """The columns that are left when those with names of something else are taken away."""
    names = table.plain()
    others = {at for rest, three in _threes(names).items() if OTHERS.fullmatch(rest) for at in three}
    channels = {at: match[1][0] for at, name in enumerate(names) if (match := CHANNEL.fullmatch(_bare(name)))}
    if set(channels.values()) == set("rgb"):
        others |= set(channels)
    return [at for at in sorted(table.values) if at not in others and not MARKS.fullmatch(_bare(names[at]))]


def _steps(column: np.ndarray) -> bool:
    """Whether a column counts its rows, or the time."""
    steps = np.diff(column)
    return len(steps) > 0 and bool(steps[0]) and np.allclose(steps, steps[0], rtol=1e-6, atol=0)


def _unnamed(table: Table) -> list[int]:
    """The first three columns of a table without names, after one that counts the rows."""
    order = sorted(table.values)
    if len(order) == 3:
        return order
    first, *rest = (np.asarray(table.values[at], np.float64) for at in order[:4])
    whole = [bool(np.all(column == np.round(column))) for column in (first, *rest)]
    if whole[0] and _steps(first) and first[1] - first[0] == 1 and first[0] in (0, 1):
        return order[1:4]
    constant = len(first) > 1 and np.ptp(first) == 0
    if constant or (whole[0] and not all(whole)) or (_steps(first) and not any(map(_steps, rest))):
        raise table.question(order[1:4])
    return order[:3]


def _chosen(table: Table, columns: tuple[str, ...]) -> list[int]:
    """The columns that were asked for, by name or by number from 1."""
    names = [name.strip(QUOTES).lower() for name in table.names]
    found = []
    for wanted in columns:
        wanted = wanted.strip(QUOTES).lower()
        at = names.index(wanted) if wanted in names else int(wanted[:6]) - 1 if wanted.isdecimal() else -1
        found += [at] if at in table.values else []
    if len(columns) != 3 or len(set(found)) != 3:
        raise table.question(sorted(table.values)[:3], "These are not three columns of numbers. ")
    return found


def _colours(table: Table, used: list[int]) -> np.ndarray | None:
    """The colours (V, 3) uint8 that the names of columns speak of, or, without names, that stand after the points."""
    names = table.plain()
    others = {at: _bare(name) for at, name in enumerate(names) if at in table.values and at not in used}
    channels: dict[str, int] = {}
    for at, name in others.items():
        if match := CHANNEL.fullmatch(name):
            channels.setdefault(match[1][0], at)
    three = [channels[channel] for channel in "rgb"] if len(channels) == 3 else None
    for rest, columns in _threes(names).items():
        if re.fullmatch(r"colou?rs?|rgba?|diffuse", rest) and len(columns) == 3:
            three = columns
    if three:
        return bytes_of(np.stack([table.values[at] for at in three], 1))
    for at, name in others.items():
        if PACKED.fullmatch(name):
            return bytes_of(unpacked(table.values[at]))
    if any(table.names):
        return None
    return _colours_after([table.values[at] for at in sorted(table.values) if at > max(used)])


def _colours_after(rest: list[np.ndarray]) -> np.ndarray | None:
    """The colours among the columns after the points of a table without names: red, green and blue, after them an
    alpha or a normal, or before them an intensity; normals are no colours."""
    start = int(len(rest) == 4 and not np.all(rest[3] == 255))
    if len(rest) not in (3, 4, 6, 7):
        return None
    three = np.nan_to_num(np.stack([np.asarray(column, np.float64) for column in rest[start : start + 3]], 1))
    low, high = three.min(initial=0), three.max(initial=0)
    whole = np.all(three == np.round(three))
    unit = np.allclose(np.linalg.norm(three, axis=1), 1, atol=0.01)
    parts = high <= 1 and not whole and not unit and not start
    return bytes_of(three) if low >= 0 and (parts or (1 < high <= 255 and (whole or not start))) else None


def cloud(table: Table, columns: tuple[str, ...] = ()) -> Found:
    """The points and colours of a table, the coordinates in those columns where any are said.

    Raises:
        WhichColumns: more than one three of columns could be the coordinates.
        InputError: there are none.
    """
    if len(table.values) < 3:
        raise InputError("A table of points needs three columns, x, y and z, and a row a point.")
    check_count(table.height)
    if columns:
        used = _chosen(table, columns)
    elif any(table.names):
        used = _named(table) or _left(table)
        if len(used) != 3:
            few = len(used) < 3
            likely = list(dict.fromkeys(used + sorted(table.values)))[:3]
            raise table.question(likely, "No columns are named x, y and z. " if few else "")
    else:
        used = _unnamed(table)
    points = np.stack([np.asarray(table.values[at], np.float64) for at in used], 1)
    titles = [table.names[at].strip(QUOTES) or f"{at + 1}" for at in used]
    usual = [plain(title) for title in titles] == list(AXES) or (not any(table.names) and used == [0, 1, 2])
    return Found(points, None, _colours(table, used), "" if usual else ", ".join(titles))
