"""Forged values: each is answered with a sentence or sensibly, and the next request works.

What the checks before a model refuse is refused in this process: no model runs for it. What they let through is asked
of the running gallery, and so are true examples, the ends of what is allowed, and forged values of each kind of
component.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import annotated_types
import gradio as gr
import pytest

from demos import TOPICS, frame
from demos.frame.questions import Query, understood
from dlcv.core.errors import InputError
from tests.support import browser as person
from tests.support import forged
from tests.support.asking import PATIENCE, check_calm, judge, post, run


@pytest.fixture(scope="module")
def blocks(tmp_path_factory) -> gr.Blocks:
    """The gallery's own page in this process, which serves nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("pictures")))
        import app

        yield app.demo


def endpoints(topic: str) -> list[str]:
    """The endpoints of a topic; the tabs must have been built."""
    return [name for name in frame.ENDPOINTS if name.startswith(f"/{topic}_")]


def arrives(blocks: gr.Blocks, name: str, data: list) -> Query:
    """What reaches the function of an endpoint; gr.Error or InputError where the checks before it refuse."""
    offered = next(fn for fn in blocks.fns.values() if fn.api_name == name.strip("/"))
    with ThreadPoolExecutor(1) as alone:  # a browser that is open in this process has a loop of its own in its thread
        values = alone.submit(asyncio.run, blocks.preprocess_data(offered, data, None)).result()
    return frame.ENDPOINTS[name].understood(values)


def with_one_forged(blocks: gr.Blocks, name: str) -> Iterator[tuple[str, list]]:
    """The example of an endpoint with each of its values replaced by each forged one."""
    true = frame.ENDPOINTS[name].request()
    offered = next(fn for fn in blocks.fns.values() if fn.api_name == name.strip("/"))
    for place, component in enumerate(offered.inputs):
        pictures = forged.PICTURES if isinstance(component, gr.Image) else {}
        for kind, value in (forged.VALUES | pictures).items():
            data = copy.deepcopy(true)
            data[place] = value
            yield f"{name}, {list(frame.ENDPOINTS[name].asks.model_fields)[place]}: {kind}", data


def sorted_out(cases: Iterator[tuple[str, object]], read: Callable, true) -> tuple[list[str], dict[str, object]]:
    """What is wrong with the refusals of `read`, and the cases that it lets through, once what it reads alike."""
    faults, through = [], {}
    known = {repr(read(true))}
    for case, data in cases:
        try:
            found = repr(read(data))
        except (gr.Error, InputError) as error:
            faults += judge(500, {"error": getattr(error, "message", str(error))}, case)
            continue
        if found not in known:
            known.add(found)
            through[case] = data
    return faults, through


def ends(name: str) -> list[list]:
    """The example of an endpoint with all its numbers as small, and as large, as is allowed; choices first and last."""
    asks, found = frame.ENDPOINTS[name].asks, []
    for end, sign in ((annotated_types.Ge, -1), (annotated_types.Le, 1)):
        data = frame.ENDPOINTS[name].request()
        for place, field in enumerate(asks.model_fields.values()):
            bound = next((one for one in field.metadata if isinstance(one, end)), None)
            if bound is not None:
                data[place] = bound.ge if sign < 0 else bound.le
            elif isinstance(data[place], list):
                data[place] = [sign * 1e6 if isinstance(value, float) else value for value in data[place]]
        found.append(data)
    return found


@pytest.mark.parametrize("topic", TOPICS)
def test_endpoints_answer_their_examples_and_the_ends_of_what_is_allowed(gallery, blocks, topic):
    before, faults = gallery.log(), []
    for name in endpoints(topic):
        status, answer = run(gallery, name, frame.ENDPOINTS[name].request())
        faults += [] if status == 200 and answer["data"][0] is not None else [f"{name}: {answer}"]
        for data in ends(name):
            faults += judge(*run(gallery, name, data), f"{name} with {str(data)[-100:]}")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


@pytest.mark.parametrize("topic", TOPICS)
def test_forged_values_to_every_public_endpoint(gallery, blocks, topic):
    before, faults = gallery.log(), []
    for name in endpoints(topic):
        read = functools.partial(arrives, blocks, name)
        refused, through = sorted_out(with_one_forged(blocks, name), read, frame.ENDPOINTS[name].request())
        faults += refused
        for case, data in through.items():
            faults += judge(*run(gallery, name, data), case)
        for data in ([], [0] * 50):
            faults += judge(*run(gallery, name, data), f"{name} with {len(data)} values")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


def test_forged_values_of_every_kind_over_http(gallery, blocks):
    """For one endpoint with each kind of component: what is refused in this process is refused on the way, too."""
    before, faults, seen = gallery.log(), [], set()
    for name in frame.ENDPOINTS:
        offered = next(fn for fn in blocks.fns.values() if fn.api_name == name.strip("/"))
        for place, component in enumerate(offered.inputs):
            if type(component) in seen:
                continue
            seen.add(type(component))
            for kind in ("NaN", "infinity", "huge integer", "nested", "list of texts", "object", "file of the server"):
                data = frame.ENDPOINTS[name].request()
                data[place] = forged.VALUES[kind]
                faults += judge(*run(gallery, name, data), f"{name}, {place}: {kind}")
            for kind in ("marked file of the server", "link", "text as picture"):
                data[place] = forged.PICTURES[kind]
                status, answer = run(gallery, name, data)
                faults += judge(status, answer, f"{name}, {place}: {kind}")
                faults += [] if status != 200 else [f"{name}, {place}: {kind} was answered with {str(answer)[:200]}"]
    data[0] = [0] * 1_000_000  # 3 MB
    faults += judge(*run(gallery, name, data), "a million numbers")
    assert seen and not faults, "\n".join(faults)
    check_calm(gallery, before)


def test_what_is_no_request_to_a_board_gets_a_sentence(blocks):
    faults = []
    for fn in (fn for part in boards(blocks) for fn in part.server_fns):
        for kind, value in forged.FORGED.items():
            if not isinstance(value, dict):
                answer = fn(value)
                faults += judge(200, answer, f"{fn.__name__}: {kind}")
                faults += [] if "error" in (answer or {}) else [f"{fn.__name__} answered {kind}: {str(answer)[:200]}"]
    assert not faults, "\n".join(faults)


def boards(blocks: gr.Blocks) -> list[gr.HTML]:
    """The boards with functions of their own, in the order of the page."""
    return [part for part in blocks.blocks.values() if getattr(part, "server_fns", None)]


def understood_by(fn: Callable, data: dict) -> object:
    """What reaches the function of a board after the checks: a Query, or all of the request where it takes a dict."""
    frame.checks.check(data)
    return understood(fn.asks, data) if fn.asks else data


@pytest.mark.parametrize("topic", TOPICS)
def test_true_requests_of_a_board_with_one_field_forged(page, gallery, blocks, topic):
    """What the tab's scripts ask when it is opened and drawn on, asked again with every field spoilt in turn."""
    asked: dict[tuple[int, str], dict] = {}

    def keep(request) -> None:
        if "/component_server" in request.url:
            body = request.post_data_json
            asked.setdefault((body["component_id"], body["fn_name"]), body)

    page.on("request", keep)
    person.open_tab(page, topic)
    pad = "#topics [role=tabpanel]:visible .pad canvas"
    if page.locator(pad).count():
        person.draw_strokes(page, pad)
        person.settle(page)
    assert asked
    config = json.load(urllib.request.urlopen(gallery.url + "/config"))
    served = [part["id"] for part in config["components"] if part["props"].get("server_fns")]
    address, before, faults = f"{gallery.url}/gradio_api/component_server", gallery.log(), []
    for (component, name), body in asked.items():
        part = boards(blocks)[served.index(component)]
        fn = next(fn for fn in part.server_fns if fn.__name__ == name)
        read = functools.partial(understood_by, fn)
        refused, through = sorted_out(forged.spoilt(body["data"]), read, body["data"])
        faults += [f"{name}, {fault}" for fault in refused]
        for case, data in {"as it is": body["data"], **through}.items():
            faults += judge(*post(address, {**body, "data": data}), f"{name}, {case}")
        status, answer = post(address, body)
        if status != 200 or "error" in answer:
            faults.append(f"{name} does not answer a true request any more: {answer}")
    assert not faults, "\n".join(faults)
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
