"""Forged values: each is answered with a sentence or sensibly, and the next request works.

What the checks before a model refuse is refused in this process: no model runs for it. What they let through is asked
of the running gallery, and so are true examples, the ends of what is allowed, and forged values of each kind of
component.
"""

from __future__ import annotations

import functools
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import annotated_types
import gradio as gr
import pytest
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

from demos import TOPICS, frame
from demos.frame.questions import NOT_UNDERSTOOD, Asked, Query, beside, understood
from dlcv.core.errors import InputError
from tests.support import browser as person
from tests.support import forged
from tests.support.asking import PATIENCE, alone, check_calm, judge, post, run

TIMES = 2


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


def event(blocks: gr.Blocks, name: str) -> BlockFunction:
    """What Gradio knows of an endpoint; its `inputs` are the components in which a client sends the parameters."""
    return next(fn for fn in blocks.fns.values() if fn.api_name == name.strip("/"))


@functools.cache
def visit(blocks: gr.Blocks) -> SessionState:
    """A visit to the page; to begin one takes longer than all that is checked in it."""
    return SessionState(blocks)


def arrives(blocks: gr.Blocks, name: str, data: list) -> Query:
    """What reaches the function of an endpoint; gr.Error or InputError where the checks before it refuse."""
    values = alone(blocks.preprocess_data(event(blocks, name), data, visit(blocks)))
    return frame.ENDPOINTS[name].understood(values)


def with_one(data: list, place: int, value: object) -> list:
    """The data with another value in one place."""
    return [*data[:place], value, *data[place + 1 :]]


def forged_for(component: gr.components.Component) -> dict[str, object]:
    """Forged values for a component, by kind."""
    return forged.VALUES | (forged.PICTURES if isinstance(component, gr.Image) else {})


def refusal(read: Callable[[], object], case: str) -> list[str] | None:
    """What is wrong with the sentence in which `read` refuses; None where it does not refuse."""
    try:
        read()
    except (gr.Error, InputError) as error:
        return judge(500, {"error": getattr(error, "message", str(error))}, case)
    return None


def bounds(name: str) -> dict[int, tuple[float, float]]:
    """The least and the largest value that each parameter of an endpoint may have, by its place."""
    fields = frame.ENDPOINTS[name].asks.model_fields.values()
    low, high = (
        [[getattr(one, letters) for one in field.metadata if isinstance(one, kind)] for field in fields]
        for letters, kind in (("ge", annotated_types.Ge), ("le", annotated_types.Le))
    )
    return {place: (low[place][0], high[place][0]) for place in range(len(low)) if low[place] and high[place]}


def at_the_ends(blocks: gr.Blocks, name: str) -> Iterator[list]:
    """The example of an endpoint with all numbers as small, and as large, as is allowed.

    Where requests queue for the device, an answer may take minutes: there a number is at most TIMES the example's.
    """
    queues = event(blocks, name).concurrency_id == frame.COMPUTE["concurrency_id"]
    for side in (0, 1):
        data = frame.ENDPOINTS[name].request()
        for place, limits in bounds(name).items():
            most = TIMES * max(data[place], 1) if queues else limits[1]
            data[place] = min(limits[side], most)
        yield data


@pytest.mark.parametrize("topic", TOPICS)
def test_endpoints_answer_their_examples_and_the_ends_of_what_is_allowed(gallery, blocks, topic):
    before, faults = gallery.log(), []
    assert endpoints(topic)
    for name in endpoints(topic):
        example = frame.ENDPOINTS[name].request()
        status, answer = run(gallery, name, example)
        faults += [] if status == 200 and answer["data"][0] is not None else [f"{name}: {answer}"]
        for data in at_the_ends(blocks, name):
            if data != example:
                faults += judge(*run(gallery, name, data), f"{name} with {str(data)[-100:]}")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


def test_beyond_the_ends_is_refused(blocks):
    for name in frame.ENDPOINTS:
        for place, limits in bounds(name).items():
            for value in (limits[0] - 1, limits[1] + 1):
                data = frame.ENDPOINTS[name].request()
                data[place] = value
                with pytest.raises((InputError, gr.Error), match="must be|far too large"):
                    arrives(blocks, name, data)


@pytest.mark.parametrize("topic", TOPICS)
def test_forged_values_to_every_public_endpoint(gallery, blocks, topic):
    """What is not refused before it reaches a function is asked of the gallery, once for all parameters of one kind."""
    before, faults, asked = gallery.log(), [], set()
    for name in endpoints(topic):
        true, components = frame.ENDPOINTS[name].request(), event(blocks, name).inputs
        pixel = forged.PICTURES["one pixel"]  # in the place of the example, which takes a while to be decoded
        small = [pixel if isinstance(one, gr.Image) else value for one, value in zip(components, true)]
        for place, (component, field) in enumerate(zip(components, frame.ENDPOINTS[name].asks.model_fields.values())):
            for kind, value in forged_for(component).items():
                case, must = f"{name}, {component.label}: {kind}", beside(field, Asked).must
                if (kind, must) in asked:
                    continue
                refused = refusal(lambda: arrives(blocks, name, with_one(small, place, value)), case)  # noqa: B023
                if refused is None:
                    asked.add((kind, must))
                    refused = judge(*run(gallery, name, with_one(true, place, value)), case)
                faults += refused
        for data in ([], [0] * 50):
            faults += judge(*run(gallery, name, data), f"{name} with {len(data)} values")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


def test_forged_values_of_every_kind_over_http(gallery, blocks):
    """For one endpoint with each kind of component: what is refused in this process is refused on the way, too."""
    before, faults, seen = gallery.log(), [], set()
    for name in frame.ENDPOINTS:
        for place, component in enumerate(event(blocks, name).inputs):
            if type(component) in seen:
                continue
            seen.add(type(component))
            true = frame.ENDPOINTS[name].request()
            for kind in ("NaN", "infinity", "huge integer", "nested", "list of texts", "object", "file of the server"):
                data = with_one(true, place, forged.VALUES[kind])
                faults += judge(*run(gallery, name, data), f"{name}, {place}: {kind}")
            for kind in ("marked file of the server", "link", "text as picture"):
                status, answer = run(gallery, name, with_one(true, place, forged.PICTURES[kind]))
                faults += judge(status, answer, f"{name}, {place}: {kind}")
                faults += [] if status != 200 else [f"{name}, {place}: {kind} was answered with {str(answer)[:200]}"]
    faults += judge(*run(gallery, name, with_one(true, 0, [0] * 1_000_000)), "3 MB of numbers")
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
    if not asked:  # what there is to ask begins with a button
        page.locator(".board button.primary:visible").first.click()
        page.wait_for_event("request", lambda request: "/component_server" in request.url)
        person.settle(page)
    assert asked
    config = json.load(urllib.request.urlopen(gallery.url + "/config"))
    served = [part["id"] for part in config["components"] if part["props"].get("server_fns")]
    address, before, faults = f"{gallery.url}/gradio_api/component_server", gallery.log(), []
    for (component, name), body in asked.items():
        part = boards(blocks)[served.index(component)]
        fn = next(fn for fn in part.server_fns if fn.__name__ == name)
        read = functools.partial(understood_by, fn)
        understood_before = {repr(read(body["data"]))}
        types = {key: field.annotation for key, field in fn.asks.model_fields.items()} if fn.asks else {}
        for key, kind, data in forged.spoilt(body["data"]):
            case = f"{name}, {key}: {kind}"
            refused = refusal(functools.partial(read, data), case)
            # what the check of one number lets through is asked for that number alone
            alike = kind, types[key] if types.get(key) in (int, float, bool) else key
            if refused is None and repr(read(data)) not in understood_before and alike not in understood_before:
                understood_before |= {repr(read(data)), alike}
                refused = judge(*post(address, {**body, "data": data}), case)
            faults += refused or []
        status, answer = post(address, body)
        if status != 200 or "error" in answer:
            faults.append(f"{name} does not answer a true request any more: {answer}")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)


def test_every_topic_has_endpoints_and_all_are_known(gallery, blocks):
    info = json.load(urllib.request.urlopen(gallery.url + "/gradio_api/info"))
    assert set(info["named_endpoints"]) == set(frame.ENDPOINTS)
    assert all(name.split("_")[0].strip("/") in TOPICS for name in frame.ENDPOINTS)


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


def test_an_example_that_is_none_gets_a_sentence(blocks):
    """The function behind examples is Gradio's own, and takes what the browser says that was chosen for a pair."""
    chosen = [fn for fn in blocks.fns.values() if getattr(fn.fn, "__name__", "") == "load_example"]
    assert chosen
    for fn in chosen:
        with pytest.raises(gr.Error, match=NOT_UNDERSTOOD):
            alone(blocks.call_function(fn, [None]))
