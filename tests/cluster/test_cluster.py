"""The gallery on Ray Serve, with two replicas that answer, and then with one: its answers are those of one process,
what is kept is found, and a replica that dies takes with it only what it was computing."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from demos import frame
from demos.detection import examples
from demos.frame.elsewhere import AGAIN
from demos.frame.pictures import drawn_seven
from dlcv.core.images import draw
from tests.support.cluster import Cluster, cluster
from tests.support.serving import Gallery

pytest.importorskip("ray", reason="Ray is not installed: make dev")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # Ray takes its time where others use the machine

API = "gradio_api"
ASKED = [
    "/vae_sample",
    "/vae_gradients",
    "/detection_find",
    "/depth_map",
    "/pointnet_classify",
    "/correspondence_match",
]


class Visitor:
    """One visitor of a gallery."""

    def __init__(self, gallery: Gallery, session: str = "cluster"):
        self.http, self.session = httpx.Client(base_url=gallery.url, timeout=120), session
        self.config = self.http.get("/config").raise_for_status().json()

    def run(self, name: str, data: list) -> tuple[int, dict]:
        """Status and answer of an endpoint; in the place of a file its content."""
        asked = {"data": data, "session_hash": self.session}
        answer = self.http.post(f"/{API}/run{name}", json=asked)
        self.last = answer.status_code, self._whole(answer.json())
        return self.last

    def ask(self, name: str, query: dict) -> dict:
        """What a board's function answers."""
        part = next(one["id"] for one in self.config["components"] if name in one["props"].get("server_fns", ()))
        body = {"component_id": part, "fn_name": name, "data": query, "session_hash": self.session}
        return self.http.post(f"/{API}/component_server", json=body).raise_for_status().json()

    def queue(self, name: str, data: list) -> list[dict]:
        """The messages about an event of the page, from its start to its end."""
        number = next(one["id"] for one in self.config["dependencies"] if one["api_name"] == name)
        body = {"data": data, "fn_index": number, "session_hash": self.session}
        self.http.post(f"/{API}/queue/join", json=body).raise_for_status()
        messages = []
        with self.http.stream("GET", f"/{API}/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                if line:
                    messages.append(json.loads(line.partition(":")[2]))
                    if messages[-1]["msg"] == "process_completed":
                        break
        return messages

    def _whole(self, value):
        if isinstance(value, list):
            return [self._whole(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "path" in value and "url" in value:
            content = self.http.get(f"/{API}/file={value['path']}").raise_for_status().content
            return hashlib.sha256(content).hexdigest()
        timed = ("duration", "average_duration", "milliseconds")
        return {key: self._whole(part) for key, part in value.items() if key not in timed}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory):
    with cluster(tmp_path_factory.mktemp("cluster"), replicas=2) as gallery:
        begun = gallery.processes()
        yield gallery
    assert len(begun) > 8 and not psutil.wait_procs(begun, timeout=60)[1], "processes of Ray are left"


def example(name: str) -> list:
    import app  # noqa: F401  builds the tabs, and so fills ENDPOINTS

    return frame.ENDPOINTS[name].request()


def astronaut() -> dict:
    return {"path": "", "url": f"data:image/png;base64,{base64.b64encode(examples.ASTRONAUT.read_bytes()).decode()}"}


def check_alike(plain: Gallery, many: Cluster, names: list[str]) -> None:
    one, other = Visitor(plain), Visitor(many)
    for name in names:
        expected = one.run(name, example(name))
        assert expected[0] == 200
        assert other.run(name, example(name)) == expected, name


def test_answers_are_those_of_one_process_bit_by_bit(gallery, many):
    check_alike(gallery, many, ASKED)
    page, headers = Visitor(many).http.get("/"), Visitor(gallery).http.get("/").headers
    for name in ("content-security-policy", "x-content-type-options", "cache-control"):
        assert page.headers[name] == headers[name]
    assert Visitor(many).http.get("/health").json()["models"] == []  # the page has none


def test_a_mistake_gets_the_same_sentence(gallery, many):
    for name, data in (("/depth_map", [None]), ("/vae_sample", ["none such", 64, 0, 1.0])):
        expected = Visitor(gallery).run(name, data)
        assert expected[0] == 422 and Visitor(many).run(name, data) == expected
    query = {"token": "another.0123456789abcdef", "overlap": 0.5}
    assert Visitor(many).ask("detect", query) == Visitor(gallery).ask("detect", query)


def test_what_is_kept_is_found_whoever_keeps_it(many):
    def look(number: int) -> str:
        visitor = Visitor(many, f"looks{number}")
        messages = visitor.queue("find", [astronaut(), "Everyday objects", "Whole"])
        said = [one["desc"] for message in messages for one in message.get("progress_data") or ()]
        assert "Loading the network" in said  # what is said on the way arrives
        token = messages[-1]["output"]["data"][1]
        for _ in range(3):
            found = visitor.ask("detect", {"token": token, "overlap": 0.5})
            assert found.get("boxes"), found
        place, _, secret = token.partition(".")
        assert len(secret) == 16
        return place

    with ThreadPoolExecutor(6) as visitors:
        assert len(set(visitors.map(look, range(10)))) == 2  # both replicas keep some


def test_answers_that_come_one_after_the_other(gallery, many):
    data = [{"data": "digits", "picture": draw.data_uri(drawn_seven())}, "2 latents"]
    ends = []
    for where in (gallery, many):
        messages = Visitor(where, "grows").queue("begin", data)
        assert any(message["msg"] == "process_generating" for message in messages)
        ends.append(messages[-1]["output"]["data"])
    assert ends[0][1] == ends[1][1]  # the numbers
    assert ends[1][2]["__type__"] == "update" and ends[1][2]["interactive"] is False  # of the button


def test_a_replica_that_dies_takes_with_it_only_what_it_was_computing(gallery, many):
    heavy, light = [(name, example(name)) for name in ("/pose_people", "/vae_encode")]
    right = {name: Visitor(gallery).run(name, data) for name, data in (heavy, light)}
    token = Visitor(many).queue("find", [astronaut(), "Everyday objects", "Whole"])[-1]["output"]["data"][1]
    answers: dict[int, list] = {number: [] for number in range(6)}

    def visit(number: int) -> None:
        (name, data), times = (heavy, 4) if number < 4 else (light, 12)
        visitor = Visitor(many, f"visits{number}")
        for _ in range(times):
            answers[number].append(visitor.run(name, data) == right[name] or visitor.last)

    with ThreadPoolExecutor(6) as visitors:
        visits = [visitors.submit(visit, number) for number in answers]
        while sum(len(answers[number]) for number in range(4)) < 3:
            time.sleep(0.02)
        for one in many.replicas():
            one.cpu_percent()
        time.sleep(0.2)
        max(many.replicas(), key=psutil.Process.cpu_percent).kill()
        for one in visits:
            one.result()
    lost = [[answer for answer in mine if answer is not True] for mine in answers.values()]
    assert [len(mine) for mine in answers.values()] == [4, 4, 4, 4, 12, 12]
    assert 1 <= sum(map(len, lost)) and max(map(len, lost)) == 1  # those that it was computing, each once
    assert all((status, answer["error"]) == (503, AGAIN) for status, answer in sum(lost, []))
    kept = Visitor(many).ask("detect", {"token": token, "overlap": 0.5})
    assert kept.get("boxes") or "put away" in kept["error"]
    check_alike(gallery, many, ASKED[:2])
