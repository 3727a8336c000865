"""Status and sentence of what Gradio itself would answer with 500 and a traceback, in a page of this process."""

import gradio as gr
import pytest
from gradio.routes import App
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from demos import frame
from demos.frame.checks import UNEXPECTED
from demos.frame.elsewhere import AGAIN
from demos.frame.questions import NOT_UNDERSTOOD
from demos.frame.refusals import Refusals
from dlcv.core import runtime
from dlcv.core.errors import InputError
from tests.support.asking import alone


def refuse(query: frame.Query) -> dict:
    """A mistake of the visitor."""
    raise InputError("Draw something first.")


def stop(query: frame.Query) -> dict:
    """No mistake: a replica has died."""
    raise InputError(AGAIN)


def fail(query: frame.Query) -> dict:
    """A mistake of ours."""
    raise KeyError("x")


@pytest.fixture(scope="module")
def client():
    """A page with two endpoints, an event of the page and one of its scripts, and a client of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "import_torch", lambda: None)
        patch.setattr(frame.endpoints, "ENDPOINTS", {})  # the gallery's stay what they are
        with frame.page("A page") as blocks:
            for fn in (refuse, stop, fail):
                frame.endpoint(fn, ["json"], example={})
            choice, slider = gr.Radio(["a", "b"]), gr.Slider(0, 5)
            choice.input(lambda *_: None, [choice, slider], api_name="choose")
            slider.change(None, slider, js="() => {}", api_name="script")
        app = App.create_app(blocks, app_kwargs={"middleware": [Middleware(Refusals)]})
        with TestClient(app, raise_server_exceptions=True) as client:
            yield client


def run(client: TestClient, name: str, *data) -> tuple[int, str]:
    answer = client.post(f"/gradio_api/run/{name}", json={"data": data})
    return answer.status_code, answer.json()["error"]


def test_a_visitors_mistake_has_status_422_and_ours_500(client, caplog):
    assert run(client, "refuse") == (422, "Draw something first.")
    assert run(client, "stop") == (503, AGAIN)
    assert run(client, "fail") == (500, UNEXPECTED)
    assert "KeyError" in caplog.text  # the log has why


def test_what_the_page_does_not_offer_is_a_sentence_without_a_traceback(client, capfd):
    assert run(client, "choose", "c", 1) == (422, NOT_UNDERSTOOD)
    assert run(client, "choose", "a", 9) == (422, "Value 9 is greater than maximum value 5.")
    assert run(client, "script", 1) == (422, NOT_UNDERSTOOD)
    assert run(client, "nothing") == (422, NOT_UNDERSTOOD)
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("component", [999, -1])
def test_a_question_to_no_board_is_a_sentence_and_a_line_in_the_log(client, caplog, component):
    body = {"component_id": component, "fn_name": "x", "data": 1, "session_hash": "visitor"}
    answer = client.post("/gradio_api/component_server", json=body)
    assert answer.status_code == 422 and answer.json() == {"error": NOT_UNDERSTOOD}
    (line,) = [record.getMessage() for record in caplog.records if record.name == "gallery"]
    assert line.startswith("refused POST '/gradio_api/component_server': ") and "\n" not in line


def test_a_stream_that_fails_ends():
    async def stream(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise RuntimeError("no such visit")

    sent = []

    async def send(message: dict) -> None:
        sent.append(message)

    alone(Refusals(stream)({"type": "http", "method": "GET", "path": "/"}, None, send))
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
