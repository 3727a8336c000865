"""What a host needs of the gallery: its health, its log, its headers, and a clean end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
import uvicorn
from gradio import http_server
from gradio.exceptions import ServerFailedToStartError

from demos.frame import hosting
from tests.support.asking import post
from tests.support.serving import ROOT, answers, free_port

SMALL = """
from demos import frame
from dlcv.core import runtime
import time

runtime.import_torch = lambda: None  # nothing here needs it

def slow(query: frame.Query) -> dict:
    time.sleep(1.5)
    return {"done": True}

with frame.page("A page") as blocks:
    frame.endpoint(slow, ["json"], example={})
frame.launch(blocks)
"""


def get(address: str) -> tuple[int, dict, str]:
    """Status, headers and text."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_health_and_headers(gallery):
    status, headers, text = get(gallery.url + "/health")
    said = json.loads(text)
    assert status == 200 and said["status"] == "ready" and said["queue"] == 0
    assert isinstance(said["models"], list) and said["memory"] > 100_000_000
    assert headers["x-content-type-options"] == "nosniff" and "referrer-policy" in headers
    status, headers, _ = get(gallery.url)
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == "'self'" and rules["object-src"] == "'none'"
    assert not any("http" in sources for name, sources in rules.items() if name != "frame-ancestors")
    assert "https://huggingface.co" in rules["frame-ancestors"]
    assert get(gallery.url + "/metrics")[0] == 404  # unless it is asked for


def test_the_policy_lets_a_space_ask_the_hub_and_others_show_it(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "you/lecture")
    monkeypatch.setenv("FRAME_ANCESTORS", "https://moodle.example.org")
    assert "connect-src 'self' data: blob: https://huggingface.co" in hosting.policy()
    assert hosting.policy().endswith("frame-ancestors https://moodle.example.org")


def test_metrics_without_their_package_are_refused_with_a_sentence(monkeypatch):
    monkeypatch.setenv("GALLERY_METRICS", "1")
    monkeypatch.setattr(hosting, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install prometheus-client"):
        hosting.begin()


@pytest.mark.parametrize("starts", [True, False])
def test_the_start_takes_the_time_that_it_needs(starts, monkeypatch):
    server, may, clock = http_server.Server(uvicorn.Config(None)), threading.Event(), iter(range(0, 10**9, 10))
    looks = SimpleNamespace(time=lambda: next(clock), sleep=time.sleep)  # ten seconds each time that Gradio looks
    monkeypatch.setattr(http_server, "time", looks)

    def run() -> None:
        assert may.wait(30)
        server.started = starts

    server.run = run
    threading.Timer(0.1, may.set).start()
    if starts:
        server.run_in_thread()
    else:
        with pytest.raises(ServerFailedToStartError):
            server.run_in_thread()


def test_a_host_sees_requests_and_a_stop_loses_no_answer(tmp_path):
    port, log, wanted = free_port(), tmp_path / "log", {"GALLERY_LOG": "json"}
    if measured := find_spec("prometheus_client") is not None:
        wanted["GALLERY_METRICS"] = "1"
    environment = {**os.environ, **wanted, "HOST": "127.0.0.1", "PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path)}
    with log.open("w") as file:
        server = subprocess.Popen([sys.executable, "-c", SMALL], cwd=ROOT, env=environment, stdout=file, stderr=file)
    try:
        while not answers(port):
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        address, got = f"http://127.0.0.1:{port}", []
        assert post(f"{address}/gradio_api/run/nothing", {"data": []})[0] == 422
        asking = threading.Thread(target=lambda: got.append(post(f"{address}/gradio_api/run/slow", {"data": []})))
        asking.start()
        while json.loads(get(f"{address}/health")[2])["underway"] == 0:
            time.sleep(0.02)
        if measured:
            text = get(f"{address}/metrics")[2]
            assert 'gallery_requests_total{kind="endpoint",status="422"} 1.0' in text and "gallery_busy 2.0" in text
        server.send_signal(signal.SIGTERM)
        while get(f"{address}/health")[0] == 200:
            time.sleep(0.02)
        refused = urllib.request.Request(f"{address}/gradio_api/run/slow", b"{}", method="POST")
        with pytest.raises(urllib.error.HTTPError) as late:
            urllib.request.urlopen(refused, timeout=30)
        assert late.value.code == 503 and late.value.read().decode() == hosting.STOPPING
        asking.join()
        assert got == [(200, got[0][1])] and got[0][1]["data"] == [{"done": True}]
        assert server.wait(60) == 0
    finally:
        server.kill()
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    asked = [line for line in lines if line.get("path") == "/gradio_api/run/slow"]
    assert [(line["kind"], line["status"]) for line in asked] == [("endpoint", 200)]
    assert asked[0]["seconds"] >= 1.5 and "Traceback" not in log.read_text()
