"""What a client may send in the place of what is asked for."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import PIL.Image


def picture(mode: str, size: tuple[int, int], kind: str = "PNG") -> dict:
    """A blank picture as an API client may send it."""
    buffer = io.BytesIO()
    PIL.Image.new(mode, size).save(buffer, kind)
    return {"path": "", "url": f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"}


VALUES = {
    "null": None,
    "true": True,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "huge": 1e308,
    "huge integer": 10**30,
    "text": "seven",
    "path": "/etc/passwd",
    "empty list": [],
    "list of NaN": [float("nan"), float("nan")],
    "wrong length": [0.1] * 7,
    "list of texts": ["a", "b"],
    "nested": [[[[[[1]]]]]],
    "many": [0] * 60_000,
    "object": {"a": {"b": 1}},
    "markup": "<img src=x onerror=alert(1)>",
    "file of the server": {"path": "/etc/passwd"},
    "data URI of a text": "data:image/png;base64,aGVsbG8=",
}
PICTURES = {
    "marked file of the server": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    "link": {"path": "http://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}},
    "text as picture": {"path": "", "url": "data:image/png;base64,aGVsbG8="},
    "not base64": {"path": "", "url": "data:image/png;base64,%%%"},
    "cut off": {"path": "", "url": picture("RGB", (280, 280))["url"][:-400]},
    "one pixel": picture("L", (1, 1)),
    "blank": picture("RGB", (280, 280)),
    "transparent": picture("RGBA", (280, 280)),
    "16 bit": picture("I;16", (64, 64)),
    "CMYK": picture("CMYK", (64, 64), "JPEG"),
    "large": picture("1", (8000, 8000)),
    "bomb": picture("1", (12_000, 12_000)),
    "larger bomb": picture("1", (20_000, 20_000)),
}
FORGED = VALUES | {f"URI of {kind}": value["url"] for kind, value in PICTURES.items() if "url" in value}


def spoilt(data: dict) -> Iterator[tuple[str, str, dict]]:
    """A board's true request with one field, or one number of a list in it, replaced by something forged, or gone: the
    field, what was done to it, the request."""
    for key, value in data.items():
        yield key, "gone", {other: data[other] for other in data if other != key}
        for kind, forged in FORGED.items():
            yield key, kind, {**data, key: forged}
        if isinstance(value, list) and value:
            for kind in ("NaN", "text", "huge", "null", "nested"):
                yield key, f"{kind} in its first place", {**data, key: [FORGED[kind], *value[1:]]}
            yield key, "too long", {**data, key: value * 2}
