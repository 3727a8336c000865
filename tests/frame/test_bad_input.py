"""Forged requests to the running gallery: each is answered with a sentence or sensibly, and the next one works."""

from __future__ import annotations

import base64
import copy
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import PIL.Image
import pytest

from demos import TOPICS
from demos.frame.checks import UNEXPECTED
from tests.support import browser as person

PATIENCE = 60  # seconds for one answer


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
    "million": [0] * 1_000_000,
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


def post(address: str, body: dict) -> tuple[int, object]:
    """Status and decoded JSON of a POST; an answer that is no JSON fails the test."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def judge(status: int, answer: object, case: str) -> list[str]:
    """What is wrong with an answer: nothing if it is an object without `error`, or with one that a person can read and
    that tells nothing about the server."""
    if not isinstance(answer, dict) or (status != 200 and "error" not in answer):
        return [f"{case}: {status} {str(answer)[:200]}"]
    if "error" not in answer:
        return []
    sentence = answer["error"]
    if not isinstance(sentence, str) or not sentence.endswith(".") or len(sentence) > 300 or "/" in sentence:
        return [f"{case}: {sentence!r} is no sentence for a visitor"]
    return [f"{case}: not foreseen, the log has the reason"] if sentence == UNEXPECTED else []


def check_calm(gallery, before: str) -> None:
    """Nothing unforeseen in the log since `before`."""
    assert "Traceback" not in gallery.log()[len(before) :], gallery.log()[len(before) :][-3000:]


def endpoints(gallery) -> dict[str, list[dict]]:
    info = json.load(urllib.request.urlopen(gallery.url + "/gradio_api/info"))
    return {name: entry["parameters"] for name, entry in info["named_endpoints"].items()}


def test_every_topic_has_a_named_endpoint(gallery):
    names = endpoints(gallery)
    for topic in TOPICS:
        assert any(name.startswith(f"/{topic}_") for name in names), names
    assert not any("lambda" in name for name in names)


@pytest.mark.parametrize("topic", TOPICS)
def test_forged_values_to_every_public_endpoint(gallery, topic):
    before, faults = gallery.log(), []
    for name, parameters in endpoints(gallery).items():
        if not name.startswith(f"/{topic}_"):
            continue
        address = f"{gallery.url}/gradio_api/run{name}"
        usual = [p["parameter_default"] if p["parameter_has_default"] else None for p in parameters]
        for place, parameter in enumerate(parameters):
            for kind, value in (VALUES | PICTURES if parameter["component"] == "Image" else VALUES).items():
                data = copy.deepcopy(usual)
                data[place] = value
                faults += judge(*post(address, {"data": data}), f"{name}, {parameter['parameter_name']}: {kind}")
        for data in ([], [0] * 50):
            faults += judge(*post(address, {"data": data}), f"{name} with {len(data)} values")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


def mutations(data: dict) -> Iterator[tuple[str, object]]:
    """A real request with one field, or one number of a list in it, replaced by something forged, or gone."""
    for key, value in data.items():
        yield f"without {key}", {other: data[other] for other in data if other != key}
        for kind, forged in FORGED.items():
            yield f"{key}: {kind}", {**data, key: forged}
        if isinstance(value, list) and value:
            for kind in ("NaN", "text", "huge", "null", "nested"):
                yield f"{key}[0]: {kind}", {**data, key: [FORGED[kind], *value[1:]]}
            yield f"{key} too long", {**data, key: value * 2}


def server_functions(gallery) -> list[tuple[int, str]]:
    config = json.load(urllib.request.urlopen(gallery.url + "/config"))
    return [(part["id"], name) for part in config["components"] for name in part["props"].get("server_fns") or []]


def test_what_is_no_request_to_a_board_gets_a_sentence(gallery):
    before, faults = gallery.log(), []
    for component, name in server_functions(gallery):
        for kind, value in FORGED.items():
            body = {"component_id": component, "fn_name": name, "session_hash": "forged", "data": value}
            status, answer = post(f"{gallery.url}/gradio_api/component_server", body)
            faults += judge(status, answer, f"{name}: {kind}")
            if not isinstance(value, dict) and "error" not in (answer or {}):
                faults.append(f"{name} answered {kind} with {str(answer)[:200]}")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


@pytest.mark.parametrize("topic", TOPICS)
def test_true_requests_of_a_board_with_one_field_forged(page, gallery, topic):
    """What the tab's scripts ask when it is opened and drawn on, asked again with every field spoilt in turn."""
    asked: dict[str, dict] = {}

    def keep(request) -> None:
        if "/component_server" in request.url:
            body = request.post_data_json
            asked.setdefault(f"{body['component_id']} {body['fn_name']}", body)

    page.on("request", keep)
    person.open_tab(page, topic)
    pad = page.locator("#topics [role=tabpanel]:visible .pad canvas")
    if pad.count():
        person.draw_strokes(page, "#topics [role=tabpanel]:visible .pad canvas")
    page.wait_for_timeout(1500)
    assert asked
    address, before, bad = f"{gallery.url}/gradio_api/component_server", gallery.log(), []
    for body in asked.values():
        for case, data in mutations(body["data"]):
            bad += judge(*post(address, {**body, "data": data}), f"{body['fn_name']}, {case}")
        status, answer = post(address, body)
        if status != 200 or "error" in answer:
            bad.append(f"{body['fn_name']} does not answer a true request any more: {answer}")
    assert not bad, "\n".join(bad)
    check_calm(gallery, before)


@pytest.mark.parametrize(("path", "size"), [("component_server", 15_000_000), ("upload", 51_000_000)])
def test_too_large_a_request_is_refused_unread(gallery, path, size):
    big = urllib.request.Request(
        f"{gallery.url}/gradio_api/{path}", b"{", {"Content-Type": "application/json"}, method="POST"
    )
    big.add_header("Content-Length", str(size))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(big, timeout=PATIENCE)
    assert refused.value.code == 413


def test_files_of_the_server_stay_there(gallery):
    for path in ("/etc/passwd", "app.py", "demos/home/pictures/../../frame/checks.py", "/proc/self/environ"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{gallery.url}/gradio_api/file={path}", timeout=PATIENCE)
        assert refused.value.code in (403, 404)
