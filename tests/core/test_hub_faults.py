"""A Hub that fails in the middle: nothing half-loaded, a sentence, and the next try works."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dlcv.core.weights import WeightsError, foreign, hub
from tests.support.loopback_hub import LoopbackHub, on_a_fresh_computer

REPO, FILES = "author/model", {"first.pth": b"\0the first of somebody", "second.pth": b"\0the second of somebody"}
PULL = """
import json, sys, time
from dlcv.core.weights import WeightsError, hub
asked, wait = json.loads(sys.argv[1]), time.sleep
time.sleep = lambda seconds: None  # huggingface_hub rests between its tries
hub.PROBE_SECONDS, hub.FETCH_SECONDS = 30, asked.pop("patience", hub.FETCH_SECONDS)
for _ in range(asked.pop("tries", 1)):
    try:
        print([path.read_bytes().decode() for path in hub.fetch("their network", **asked)])
    except WeightsError as error:
        print(error)
        wait(2.5)
"""


@pytest.fixture
def broken():
    with LoopbackHub() as hub:
        hub.commit(REPO, FILES)
        yield hub


def pull(hub: LoopbackHub, home: Path, **asked) -> list[str]:
    """What a visitor's computer says who asks for both files."""
    (revision,) = hub.commits[REPO]
    asked |= {"repo": REPO, "revision": revision, "files": list(FILES)}
    return on_a_fresh_computer(home, PULL, json.dumps(asked), HF_ENDPOINT=hub.endpoint)


WHOLE = [str([content.decode() for content in FILES.values()])]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("cut", "cannot be reached to fetch it. Try again with a network connection."),
        ("short", "It was cut off on its way. Ask again to have it fetched again."),
        ("circle", "sends whoever asks for it round in circles. Try again later."),
        ("gone", "cannot be reached to fetch it. Try again with a network connection."),
    ],
)
def test_what_breaks_on_the_way_is_a_sentence_and_the_next_try_is_whole(broken, tmp_path, fault, sentence):
    broken.fault = fault
    (said,) = pull(broken, tmp_path)
    assert said.startswith("The model their network ") and sentence in said
    whole = [path.name for path in tmp_path.rglob("snapshots/*/*")]
    assert whole == (["first.pth"] if fault == "gone" else [])  # what came before is kept
    broken.fault = ""
    assert pull(broken, tmp_path) == WHOLE


def test_a_slow_file_goes_on_arriving_and_is_there_for_who_asks_again(broken, tmp_path):
    broken.fault = "slow"
    said = pull(broken, tmp_path, patience=0.3, tries=3)
    assert said[0] == (
        f"The model their network is still on its way: {broken.endpoint} sends it slowly. Ask again in a few minutes."
    )
    assert said[-1:] == WHOLE
    asked = [line for line in broken.log if line.startswith("GET /cdn/")]
    assert len(asked) == len(set(asked)) == 2  # nothing was fetched twice


class Publisher(BaseHTTPRequestHandler):
    """One file of a thousand bytes, of which the first answer has half."""

    asked = 0

    def log_message(self, *_) -> None:
        """Keeps quiet."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"w" * (500 if self.asked == 1 else 1000))


def test_a_file_at_its_own_address_that_is_cut_off_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "_place", lambda published: tmp_path / "net.pth")
    with ThreadingHTTPServer(("127.0.0.1", 0), Publisher) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url, digest = f"http://127.0.0.1:{server.server_port}/net.pth", hashlib.sha256(b"w" * 1000).hexdigest()
        published = foreign.Published("net.pth", digest, "none", url=url)
        with pytest.raises(WeightsError, match="ask again to have it fetched again"):
            foreign.fetch("their network", published)
        assert not (tmp_path / "net.pth").exists()
        assert foreign.fetch("their network", published).read_bytes() == b"w" * 1000
        server.shutdown()
    assert hub._downloads == {}
