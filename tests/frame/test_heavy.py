"""What takes longer: as many at once as the queue lets, in it or beside it. What is light goes by, and nothing is
computed for a visitor who has left."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from demos import frame
from dlcv.core import runtime
from tests.support.serving import free_port

PATIENCE = 60  # seconds, as others may use the machine


class Work:
    """What was asked for, in order, and how much of it was computed at once. All waits until it may go on."""

    def __init__(self):
        self.began, self.now, self.most, self.go = [], 0, 0, threading.Event()

    def do(self, who: str) -> dict:
        self.began.append(who)
        self.now += 1
        self.most = max(self.most, self.now)
        assert self.go.wait(PATIENCE)
        time.sleep(0.02)
        self.now -= 1
        return {"for": who}


@pytest.fixture(scope="module")
def served():
    """A page with a heavy endpoint and a light one: its address, its queue, and where to put some Work."""
    found = SimpleNamespace()

    def heavy(who: frame.Text) -> dict:
        """An answer that takes longer."""
        return found.work.do(who)

    def light(query: frame.Query) -> dict:
        """An answer at once."""
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "import_torch", lambda: None)
        patch.setattr(frame.endpoints, "ENDPOINTS", {})  # the gallery's stay what they are
        patch.setattr(frame.hosting, "begin", lambda: ([], []))  # as does the log
        with frame.page("A page") as blocks:
            frame.endpoint(light, ["json"], example={})
            frame.endpoint(heavy, ["json"], example={"who": "a"}, **frame.COMPUTE)
        app, port = gr.mount_gradio_app(FastAPI(), blocks, "/", **frame.served(blocks)), free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
        running = threading.Thread(target=server.run)
        running.start()
        until(lambda: server.started)
        found.url, found.port, found.queue = f"http://127.0.0.1:{port}/gradio_api", port, blocks._queue
        yield found
        server.should_exit = True
        running.join(PATIENCE)


@pytest.fixture
def work(served):
    served.work = Work()
    yield served.work
    served.work.go.set()


def until(what) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def run(served, name: str, *data: str) -> dict:
    """What an endpoint answers that is asked beside the queue, each time by another visitor."""
    asked = {"data": data, "session_hash": f"runs{data}".translate(dict.fromkeys(b"(',)"))}
    answer = httpx.post(f"{served.url}/run/{name}", json=asked, timeout=PATIENCE)
    return answer.raise_for_status().json()["data"][0]


def join(served, who: str) -> str:
    """The visit in which the heavy endpoint waits in the queue."""
    asked = {"data": [who], "fn_index": 1, "session_hash": f"joins{who}"}
    httpx.post(f"{served.url}/queue/join", json=asked, timeout=PATIENCE).raise_for_status()
    return asked["session_hash"]


def queued(served, who: str) -> dict:
    """What the heavy endpoint answers at the end of the queue."""
    params = {"session_hash": join(served, who)}
    with httpx.stream("GET", f"{served.url}/queue/data", params=params, timeout=PATIENCE) as stream:
        messages = [json.loads(line[5:]) for line in stream.iter_lines() if line]
    return next(one for one in messages if one["msg"] == "process_completed")["output"]["data"][0]


def test_it_is_computed_once_at_a_time_in_the_queue_or_beside_it(served, work):
    names = [f"{way.__name__}{number}" for way in (queued, run) for number in range(3)]
    with ThreadPoolExecutor(6) as visitors:
        answers = [visitors.submit(queued, served, name) for name in names[:3]]
        answers += [visitors.submit(run, served, "heavy", name) for name in names[3:]]
        until(lambda: work.began)
        assert run(served, "light") == {}  # meanwhile
        work.go.set()
        assert [answer.result()["for"] for answer in answers] == names
    assert work.most == 1 and sorted(work.began) == sorted(names)


def test_who_leaves_the_queue_is_not_computed_for(served, work):
    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(queued, served, "first")
        until(lambda: work.began)
        params = {"session_hash": join(served, "gone")}
        with httpx.stream("GET", f"{served.url}/queue/data", params=params, timeout=PATIENCE) as stream:
            lines = stream.iter_lines()  # kept: the connection is closed with it
            next(lines)
            assert len(served.queue) == 1
        until(lambda: len(served.queue) == 0)
        work.go.set()
        assert first.result() == {"for": "first"} and queued(served, "last") == {"for": "last"}
    assert work.began == ["first", "last"]


def test_who_leaves_the_row_beside_the_queue_is_not_computed_for(served, work):
    body = json.dumps({"data": ["gone"], "session_hash": "gone"}).encode()
    head = "POST /gradio_api/run/heavy HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(run, served, "heavy", "first")
        until(lambda: work.began)
        with socket.create_connection(("127.0.0.1", served.port)) as gone:
            gone.sendall(f"{head}{len(body)}\r\n\r\n".encode() + body)
        assert run(served, "light") == {}  # by now the server has read that, and that it is over
        work.go.set()
        assert first.result() == {"for": "first"} and run(served, "heavy", "last") == {"for": "last"}
    assert work.began == ["first", "last"]
