"""Broken and hostile requests: what the running gallery answers to them.

    python -m benchmarks.fuzz --requests 10000 --seed 0            sends so many, each with a number
    python -m benchmarks.fuzz --requests 1 --first 1234 --seed 0   sends one again

Endpoints, boards and the page's own events are asked with values of every kind, forged and cut pictures and files,
spoilt JSON, and addresses that nobody offers. Each answer is a right one, or a sentence with a status below 500; no
traceback comes, to the visitor or in the log; now and then a true request is answered as at the beginning; memory
levels. Anything else is printed with its number, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
from pydantic.json_schema import GenerateJsonSchema

import app
from benchmarks import mutated
from demos import frame
from tests.support import forged
from tests.support.asking import judge
from tests.support.serving import ROOT, Gallery, serve

API = "/gradio_api"
TRUE_EVERY = 50  # requests
LIMIT = 300  # seconds for one answer, as others may use the machine
SECRETS = ("Traceback", str(ROOT), "site-packages")  # in a refusal; Gradio's pages name files by their places
ADDRESSES = [
    f"{API}/file=/etc/passwd",
    f"{API}/file=app.py",
    f"{API}/file=http://127.0.0.1:9/x.png",
    f"{API}/proxy=http://127.0.0.1:9/",
    f"{API}/stream/a/1/1/playlist.m3u8",
    f"{API}/custom_component/1/client/component/index.js",
    f"{API}/upload_progress?upload_id=a",
    f"{API}/deep_link?session_hash=a",
    f"{API}/call/vae_decode/a",
    f"{API}/queue/data?session_hash=nobody",
    f"{API}/info",
    "/assets/index.js",
    "/static/img/logo.svg",
    "/scripts/1/frame/web/board.js",
    "/theme.css?v=1",
    "/monitoring",
    "/?tab=vae&__theme=dark",
    "/config",
]
PATHS = ("../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "//", "/etc/passwd", "a" * 5000, "%ff", "é", "\\..\\")


class Request(NamedTuple):
    """One request, and what it is, in words."""

    what: str
    method: str
    path: str
    body: bytes = b""
    kind: str = "application/json"
    event: bool = False  # waits in the page's queue: the answer comes in a stream


class Loose(GenerateJsonSchema):
    """Schemas of what may be asked, with {} for what JSON does not have, such as a picture."""

    def handle_invalid_for_json_schema(self, schema, error) -> dict:
        """Anything."""
        return {}


def coded(value: Any) -> bytes:
    """JSON, which may have NaN in it."""
    return json.dumps(value).encode()


class Fuzz:
    """The requests, by their numbers."""

    def __init__(self, seed: int):
        self.seed = seed
        self.pictures = list(mutated.KINDS["pictures"].seeds().values())
        self.clouds = list(mutated.KINDS["clouds"].seeds().items())
        self.endpoints = list(frame.ENDPOINTS.values())
        self.events = [fn for fn in app.demo.fns.values() if fn.inputs]
        self.boards = [
            (part._id, fn) for part in app.demo.blocks.values() for fn in getattr(part, "server_fns", None) or []
        ]

    def request(self, number: int) -> Request:
        """The request of that number."""
        chance = random.Random(f"{self.seed} {number}")
        makers = (self._endpoint, self._endpoint, self._board, self._board, self._event, self._upload, self._address)
        made = chance.choice(makers)(chance)
        if made.body and chance.random() < 0.15:  # what is no JSON, or says something else
            return made._replace(what=f"{made.what}, spoilt", body=mutated.mutated(made.body, chance))
        return made

    def _picture(self, chance: random.Random) -> str:
        data = mutated.mutated(chance.choice(self.pictures), chance) if chance.random() < 0.8 else b"\0" * 9
        return f"data:image/png;base64,{base64.b64encode(data).decode()}"

    def _forged(self, chance: random.Random) -> Any:
        """Something that nobody asked for."""
        deep: Any = 1
        for _ in range(chance.choice((3, 30, 900))):
            deep = [deep] if chance.random() < 0.5 else {"a": deep}
        own = [
            {"path": "", "url": self._picture(chance)},
            self._picture(chance),
            deep,
            10**400,
            "\ud800",
            "x" * 100_000,
        ]
        return chance.choice([*forged.VALUES.values(), *forged.PICTURES.values(), *own])

    def _value(self, schema: dict, chance: random.Random, defined: dict) -> Any:
        """A value that a JSON schema allows, or nearly."""
        if name := schema.get("$ref"):
            return self._value(defined[name.rpartition("/")[2]], chance, defined)
        if some := schema.get("anyOf"):
            return self._value(chance.choice(some), chance, defined)
        if some := schema.get("enum", [schema["const"]] if "const" in schema else None):
            return chance.choice(some)
        kind = schema.get("type")
        if kind == "object":
            return {name: self._value(one, chance, defined) for name, one in schema.get("properties", {}).items()}
        if kind == "array":
            least = schema.get("minItems", 0)
            count = chance.choice((least, least, least + 1, min(schema.get("maxItems", 9), 300)))
            return [self._value(schema.get("items", {}), chance, defined) for _ in range(count)]
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", -5), schema.get("maximum", 300)
            inside = chance.randint(int(low), int(high)) if kind == "integer" else chance.uniform(low, high)
            return chance.choice((low, high, inside, inside))
        if kind == "boolean":
            return chance.random() < 0.5
        numbers = base64.b64encode(chance.randbytes(chance.choice((3, 4, 28 * 28, 3072, 60_000)))).decode()
        return chance.choice((self._picture(chance), self._picture(chance), numbers, "example 1", "street 3", ""))

    def _endpoint(self, chance: random.Random) -> Request:
        endpoint = chance.choice(self.endpoints)
        data = endpoint.request()
        place = chance.randrange(len(data)) if data else 0
        data[place : place + 1] = [self._forged(chance)]
        if chance.random() < 0.1:
            data = chance.choice(([], data * 9, {"a": 1}, None, "data"))
        return Request(f"{endpoint.name}, {place}", "POST", f"{API}/run{endpoint.name}", coded({"data": data}))

    def _board(self, chance: random.Random) -> Request:
        part, fn = chance.choice(self.boards)
        data = {}
        if fn.asks:
            schema = fn.asks.model_json_schema(schema_generator=Loose)
            data = self._value(schema, chance, schema.get("$defs", {}))
            if data and chance.random() < 0.5:
                data[chance.choice(list(data))] = self._forged(chance)
        name = fn.__name__
        if chance.random() < 0.1:
            part, name = chance.choice(
                ((10**6, name), (-1, name), (part, "__init__"), (part, "postprocess"), ("a", name))
            )
        body = {"data": data, "component_id": part, "fn_name": name, "session_hash": f"fuzz{chance.randrange(20)}"}
        return Request(f"board {part}, {name}", "POST", f"{API}/component_server", coded(body))

    def _event(self, chance: random.Random) -> Request:
        fn = chance.choice(self.events)
        number = fn._id if chance.random() < 0.95 else chance.choice((-1, 10**6, "a", None))
        data = [self._forged(chance) for _ in fn.inputs]
        body = {"data": data, "fn_index": number, "session_hash": f"fuzz{chance.randrange(10**9)}"}
        if chance.random() < 0.3:
            return Request(f"event {number}", "POST", f"{API}/run/predict", coded(body))
        return Request(f"queued event {number}", "POST", f"{API}/queue/join", coded(body), event=True)

    def _upload(self, chance: random.Random) -> Request:
        """A file as a form has it, and often no form at all."""
        name, data = chance.choice((("a.png", chance.choice(self.pictures)), chance.choice(self.clouds)))
        name = chance.choice((name, name, "../../x.png", "a" * 300, "<b>.html", "x.svg", "é\n.png", ""))
        head = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        body = head.encode() + mutated.mutated(data, chance) + b"\r\n--edge--\r\n"
        kind = chance.choice(
            ("multipart/form-data; boundary=edge", "multipart/form-data", "multipart/form-data; boundary")
        )
        return Request(f"upload {name[:20]!r}", "POST", f"{API}/upload", body, kind)

    def _address(self, chance: random.Random) -> Request:
        path = chance.choice(ADDRESSES)
        if chance.random() < 0.7:
            cut = chance.randrange(1, len(path))
            path = path[:cut] + chance.choice(PATHS) + chance.choice((path[cut:], ""))
        return Request(f"address {path[:60]}", chance.choice(("GET", "GET", "HEAD", "POST", "PUT", "OPTIONS")), path)


def answer(client: httpx.Client, asked: Request) -> tuple[int, str]:
    """Status and text that come back."""
    headers = {"Content-Type": asked.kind}
    with client.stream(asked.method, asked.path, content=asked.body, headers=headers) as response:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            return response.status_code, next(response.iter_text(), "")
        text = response.read().decode(errors="replace")
    if not asked.event or response.status_code != 200:
        return response.status_code, text
    session = json.loads(asked.body)["session_hash"]
    with client.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            message = json.loads(line.partition(":")[2]) if line else {}
            if message.get("msg") in ("process_completed", "unexpected_error"):
                output = message.get("output", message)
                return 200 if message.get("success") else 422, json.dumps(output)
    return 500, "the queue gave no answer"


def faults(asked: Request, status: int, text: str) -> list[str]:
    """What is wrong with an answer."""
    secrets = [secret for secret in SECRETS if status >= 400 and secret in text] + ["root:x:0"] * ("root:x:0" in text)
    found = [f"{asked.what}: tells of {secret!r}" for secret in secrets]
    if status >= 500 and status != 503:
        return [*found, f"{asked.what}: status {status}: {text[:200]}"]
    try:
        said = json.loads(text)
    except ValueError:
        return found
    if isinstance(said, dict) and "error" in said:
        found += judge(status, said, asked.what)
    return found


def true_requests() -> Iterator[Request]:
    """Those that are answered without the queue: the light ones."""
    for endpoint in frame.ENDPOINTS.values():
        event = next(fn for fn in app.demo.fns.values() if fn.api_name == endpoint.name[1:])
        if not event.queue:
            body = coded({"data": endpoint.request()})
            yield Request(endpoint.name, "POST", f"{API}/run{endpoint.name}", body)


def answered(text: str) -> Any:
    """What an endpoint says, without the seconds that it took."""
    return json.loads(text)["data"]


def run(gallery: Gallery, fuzz: Fuzz, numbers: range) -> list[str]:
    """Sends the requests of these numbers; the faults."""
    found, words, slowest = [], Counter(), (0.0, "")
    process = psutil.Process(gallery.pid)
    memory = []
    with httpx.Client(base_url=gallery.url, timeout=LIMIT) as client:
        first = [(asked, answered(answer(client, asked)[1])) for asked in true_requests()]
        for count, number in enumerate(numbers):
            asked, before, began = fuzz.request(number), gallery.log_file.stat().st_size, time.perf_counter()
            try:
                status, text = answer(client, asked)
                wrong = faults(asked, status, text)
                words[status] += 1
            except httpx.HTTPError as error:
                wrong = [f"{asked.what}: {type(error).__name__}: {error}"]
            slowest = max(slowest, (time.perf_counter() - began, asked.what))
            if "Traceback" in (log := gallery.log_file.read_bytes()[before:].decode(errors="replace")):
                wrong.append(f"{asked.what}: in the log\n{log[-1500:]}")
            if count % TRUE_EVERY == TRUE_EVERY - 1:
                true, right = first[count // TRUE_EVERY % len(first)]
                if answered(answer(client, true)[1]) != right:
                    wrong.append(f"after {asked.what}, {true.what} is answered otherwise")
            memory.append(process.memory_info().rss / 2**20)
            for fault in wrong:
                print(f"{number}: {fault}", flush=True)
            found += wrong
    print(f"{len(numbers)} requests; by status: {dict(sorted(words.items()))}; {len(found)} faults")
    print(f"Slowest: {slowest[0]:.1f} s, {slowest[1]}")
    parts = [memory[int(part * (len(memory) - 1))] for part in (0, 0.25, 0.5, 0.75, 1)]
    print(f"Memory, MiB, in quarters: {', '.join(f'{part:.0f}' for part in parts)}")
    return found


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="number of the first request")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    fuzz = Fuzz(chosen.seed)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery:
        return int(bool(run(gallery, fuzz, range(chosen.first, chosen.first + chosen.requests))))


if __name__ == "__main__":
    sys.exit(main())
