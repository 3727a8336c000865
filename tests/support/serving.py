"""The gallery as a process of its own, for the tests and the benchmarks."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_LIMIT = 300  # seconds the gallery may take to answer, as others may use the machine


@dataclass
class Gallery:
    """A running gallery: where it answers, what it has printed so far, and how long it took to the first page."""

    port: int
    log_file: Path
    start_seconds: float = 0.0
    pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")


class Client:
    """One visitor's connection to a gallery. The server closes it when it rests for five seconds; then it is opened
    again."""

    def __init__(self, gallery: Gallery):
        self.connection = http.client.HTTPConnection("127.0.0.1", gallery.port, timeout=120)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """The JSON answer; RuntimeError with the server's words when it is an error."""
        text = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, path, text, {"Content-Type": "application/json"})
        except (BrokenPipeError, ConnectionResetError):
            self.connection.close()
            self.connection.request(method, path, text, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer[:300].decode(errors='replace')}")
        return json.loads(answer)

    def public_actions(self) -> list[str]:
        """Names of the endpoints that the gallery offers."""
        return list(self.ask("GET", "/gradio_api/info")["named_endpoints"])

    def run(self, action: str, data: list) -> list:
        """What an endpoint answers."""
        return self.ask("POST", f"/gradio_api/run{action}", {"data": data, "session_hash": "program"})["data"]


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    """Whether the first page comes, whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status == 200 and bool(response.read())
    except OSError:
        return False
    finally:
        connection.close()


def wait_for(gallery: Gallery, server: subprocess.Popen, ready: Callable[[], bool], limit: float) -> None:
    """Wait until a server that was just begun is `ready`, and say in the gallery how long that took. RuntimeError with
    what it printed when it ends early, or after `limit` seconds."""
    began = time.perf_counter()
    while not ready():
        waited = time.perf_counter() - began
        if server.poll() is not None or waited > limit:
            raise RuntimeError(f"The gallery did not answer after {waited:.0f} s. It printed:\n{gallery.log()}")
        time.sleep(0.02)
    gallery.start_seconds = time.perf_counter() - began


@contextmanager
def serve(folder: Path, python: str = sys.executable, root: Path = ROOT, **settings: str) -> Iterator[Gallery]:
    """Serves the gallery as `make run` does, with its temporary folders under `folder` and an empty, offline Hub cache.

    Args:
        python: the interpreter of another environment.
        root: where app.py is.
        settings: more environment variables, such as DLCV_MEMORY_MB="64".

    Raises RuntimeError with what it printed when it ends early or does not answer in time.
    """
    gallery = Gallery(free_port(), folder / "log.txt")
    places = {name: str(folder / name.lower()) for name in ("GRADIO_TEMP_DIR", "TMPDIR", "HF_HOME")}
    for place in places.values():
        os.makedirs(place, exist_ok=True)
    ours = {"HOST": "127.0.0.1", "PORT": str(gallery.port), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with gallery.log_file.open("w") as log:
        server = subprocess.Popen(
            [python, "app.py"],
            cwd=root,
            env={**os.environ, **places, **ours, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    gallery.pid = server.pid
    try:
        wait_for(gallery, server, lambda: answers(gallery.port), START_LIMIT)
        yield gallery
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
