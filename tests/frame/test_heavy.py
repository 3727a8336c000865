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
from demos.frame import waiting
from dlcv.core import cores, runtime
from tests.support.serving import free_port

PATIENCE = 60  # seconds, as others may use the machine
AT_ONCE = 2  # of a machine with two cores
FIRST = ["first", "second"]  # who take all places


class Work:
    """What was asked for, in order, and how much of it was computed at once. All waits until it may go on."""

    def __init__(self):
        self.began, self.now, self.most, self.go = [], set(), 0, threading.Event()

    def do(self, who: str) -> dict:
        self.now.add(who)
        self.most = max(self.most, len(self.now))
        self.began.append(who)
        assert self.go.wait(PATIENCE)
        time.sleep(0.02)
        self.now.remove(who)
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
            frame.endpoint(heavy, ["json"], example={"who": "a"}, **frame.COMPUTE | {"concurrency_limit": AT_ONCE})
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


def join(served, who: str, post=httpx.post) -> str:
    """The visit in which the heavy endpoint waits in the queue."""
    asked = {"data": [who], "fn_index": 1, "session_hash": f"joins{who}"}
    post(f"{served.url}/queue/join", json=asked, timeout=PATIENCE).raise_for_status()
    return asked["session_hash"]


def queued(served, who: str) -> dict:
    """What the heavy endpoint answers at the end of the queue."""
    params = {"session_hash": join(served, who)}
    with httpx.stream("GET", f"{served.url}/queue/data", params=params, timeout=PATIENCE) as stream:
        messages = [json.loads(line[5:]) for line in stream.iter_lines() if line]
    return next(one for one in messages if one["msg"] == "process_completed")["output"]["data"][0]


def test_as_many_as_there_are_cores_are_computed_at_once_in_the_queue_or_beside_it(served, work):
    names = [f"{way.__name__}{number}" for way in (queued, run) for number in range(3)]
    with ThreadPoolExecutor(6) as visitors:
        answers = [visitors.submit(queued, served, name) for name in names[:3]]
        answers += [visitors.submit(run, served, "heavy", name) for name in names[3:]]
        until(lambda: len(work.began) == AT_ONCE)
        assert cores._busy == AT_ONCE  # so that no other work is spread over these
        assert run(served, "light") == {}  # meanwhile
        work.go.set()
        assert [answer.result()["for"] for answer in answers] == names
    assert work.most == AT_ONCE and sorted(work.began) == sorted(names)


def test_on_a_gpu_one_is_computed_at_a_time(served, work, monkeypatch):
    monkeypatch.setattr(runtime, "on_gpu", lambda: True)
    with ThreadPoolExecutor(3) as visitors:
        answers = [visitors.submit(queued, served, name) for name in "ab"]
        answers.append(visitors.submit(run, served, "heavy", "c"))
        until(lambda: work.began)
        work.go.set()
        assert [answer.result()["for"] for answer in answers] == list("abc")
    assert work.most == 1


def test_a_lecture_hall_may_wait_and_is_told_its_places(served, work):
    names = [f"seat{number}" for number in range(250)]
    with httpx.Client() as hall:
        for name in names:
            join(served, name, hall.post)
    until(lambda: len(work.began) == AT_ONCE)
    assert len(served.queue) == len(names) - AT_ONCE
    params = {"session_hash": f"joins{names[-1]}"}
    with httpx.stream("GET", f"{served.url}/queue/data", params=params, timeout=PATIENCE) as stream:
        told = (json.loads(line[5:]) for line in stream.iter_lines() if line)
        place = next(one for one in told if one["msg"] == "estimation" and one["queue_size"] == len(served.queue))
    assert place["rank"] == len(names) - AT_ONCE - 1
    work.go.set()
    until(lambda: sorted(work.began) == sorted(names[:-1]))  # all but the one who heard the place, and went


def test_what_waits_is_bounded_in_bytes(served, work, monkeypatch):
    monkeypatch.setattr(waiting, "LARGEST", 1000)
    for name in FIRST:
        join(served, name)
    until(lambda: len(work.began) == AT_ONCE)
    large = [letter * 150 for letter in "abc"]  # twice, in a body of 400 bytes or so
    for name in large[:2]:
        join(served, name)
    with pytest.raises(httpx.HTTPStatusError) as refused:
        join(served, large[2])
    assert refused.value.response.status_code == 503 and waiting.FULL in refused.value.response.text
    work.go.set()
    until(lambda: len(work.began) == 4)
    assert queued(served, large[2]) == {"for": large[2]}


def test_who_leaves_the_queue_is_not_computed_for(served, work):
    with ThreadPoolExecutor(AT_ONCE) as visitors:
        first = [visitors.submit(queued, served, name) for name in FIRST]
        until(lambda: len(work.began) == AT_ONCE)
        params = {"session_hash": join(served, "gone")}
        with httpx.stream("GET", f"{served.url}/queue/data", params=params, timeout=PATIENCE) as stream:
            lines = stream.iter_lines()  # kept: the connection is closed with it
            next(lines)
            assert len(served.queue) == 1
        until(lambda: len(served.queue) == 0)
        work.go.set()
        assert [one.result()["for"] for one in first] == FIRST and queued(served, "last") == {"for": "last"}
    assert sorted(work.began[:AT_ONCE]) == FIRST and work.began[AT_ONCE:] == ["last"]


def test_who_leaves_the_row_beside_the_queue_is_not_computed_for(served, work):
    body = json.dumps({"data": ["gone"], "session_hash": "gone"}).encode()
    head = "POST /gradio_api/run/heavy HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
    with ThreadPoolExecutor(AT_ONCE) as visitors:
        first = [visitors.submit(run, served, "heavy", name) for name in FIRST]
        until(lambda: len(work.began) == AT_ONCE)
        with socket.create_connection(("127.0.0.1", served.port)) as gone:
            gone.sendall(f"{head}{len(body)}\r\n\r\n".encode() + body)
        assert run(served, "light") == {}  # by now the server has read that, and that it is over
        work.go.set()
        assert [one.result()["for"] for one in first] == FIRST and run(served, "heavy", "last") == {"for": "last"}
    assert sorted(work.began[:AT_ONCE]) == FIRST and work.began[AT_ONCE:] == ["last"]
