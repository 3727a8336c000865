"""Many visitors at once: what they wait for, and what they cost.

    python -m benchmarks.load --visitors 100 --seconds 60 --mix light   light actions: decoders, readers, walks
    python -m benchmarks.load --visitors 100 --seconds 60 --mix all     heavy ones among them: detection, pose, depth
    python -m benchmarks.load --visitors 10 --mix greedy                one has 50 heavy questions at once
    python -m benchmarks.load --visitors 100 --mix all --soak 1800      does memory level?

Visitors come from addresses of their own on this machine. Each asks for the page and its parts as a browser does, then
acts, rests about two seconds, and acts again: light actions go straight to the gallery, heavy ones into its queue.
Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

import app
from benchmarks.timing import Times, verdict
from demos import frame
from tests.support.serving import Gallery, serve

RESTS = 2.0  # seconds between two actions, on average
LIMIT = 120.0  # seconds after which an answer counts as lost
GREEDY = 50  # questions at once
PARTS = re.compile(r'(?:src|href)="(\./[^"]+)"')  # what the page names that a browser then asks for
API = "gradio_api"

LIGHT_P95, ALL_P95, PAGE_P50, FAIR_P95 = 2.0, 5.0, 2.0, 1.0  # seconds, at most
MEMORY, LEVELS = 2048, 1.1  # MiB at most; the soak's end to its tenth minute, at most


class Action(NamedTuple):
    """An endpoint with its example, as it is sent."""

    name: str
    heavy: bool  # waits in the queue
    number: int  # of its event
    data: list


def actions() -> list[Action]:
    """All endpoints but those that fetch a network from others."""
    events = {fn.api_name: fn for fn in app.demo.fns.values()}
    found = []
    for endpoint in frame.ENDPOINTS.values():
        event = events[endpoint.name[1:]]
        found.append(Action(endpoint.name, event.queue, event._id, endpoint.request()))
    return found


@dataclass
class Seen:
    """Seconds of all answers by kind, what went wrong, the process's memory in MiB over time, its seconds of CPU."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "light": [], "heavy": []})
    wrong: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def summary(self, kind: str) -> Times:
        """Milliseconds; none at all take for ever."""
        return Times.of([1000 * one for one in self.seconds[kind]] or [float("inf")])


def said(error: Exception) -> str:
    """What went wrong, in a line: of an answer of the gallery its status and its words."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}: {error.response.text[:200]}"
    return f"{type(error).__name__}: {str(error)[:200]}"


class Visitor:
    """One visitor with an address and a session."""

    def __init__(self, gallery: Gallery, seen: Seen, number: int):
        self.seen, self.chance, self.session = seen, random.Random(number), f"load{number}"
        place = httpx.AsyncHTTPTransport(local_address=f"127.0.{1 + number // 250}.{1 + number % 250}")
        self.client = httpx.AsyncClient(base_url=gallery.url, transport=place, timeout=LIMIT)

    async def timed(self, kind: str, name: str, asking) -> None:
        """Wait for an answer; note how long that took, or that it was none."""
        began = time.perf_counter()
        try:
            await asking
            self.seen.seconds[kind].append(time.perf_counter() - began)
        except (httpx.HTTPError, RuntimeError, ValueError) as error:
            self.seen.wrong.append(f"{name}: {said(error)}")

    async def page(self) -> None:
        """The page and its parts."""
        text = (await self.client.get("/")).raise_for_status().text
        for part in sorted(set(PARTS.findall(text))):
            (await self.client.get(part.removeprefix("."))).raise_for_status()

    async def light(self, action: Action) -> None:
        """An answer without the queue."""
        body = {"data": action.data, "session_hash": self.session}
        (await self.client.post(f"/{API}/run{action.name}", json=body)).raise_for_status()

    async def heavy(self, action: Action) -> None:
        """An answer through the queue."""
        body = {"data": action.data, "fn_index": action.number, "session_hash": self.session}
        (await self.client.post(f"/{API}/queue/join", json=body)).raise_for_status()
        where = {"session_hash": self.session}
        async with self.client.stream("GET", f"/{API}/queue/data", params=where) as stream:
            if stream.is_error:
                await stream.aread()  # what it says
                stream.raise_for_status()
            async for line in stream.aiter_lines():
                message = json.loads(line.partition(":")[2]) if line else {}
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(str(message["output"])[:200])
                    return
        raise RuntimeError("the queue gave no answer")

    async def visit(self, choices: list[Action], until: float) -> None:
        """Come, and act until the time is over."""
        async with self.client:
            await asyncio.sleep(self.chance.uniform(0, RESTS))
            await self.timed("page", "page", self.page())
            while time.monotonic() < until:
                action = self.chance.choice(choices)
                kind, ask = ("heavy", self.heavy) if action.heavy else ("light", self.light)
                await self.timed(kind, action.name, ask(action))
                await asyncio.sleep(self.chance.uniform(0.5, 1.5) * RESTS)

    async def greed(self, choices: list[Action], until: float) -> None:
        """Ask for GREEDY heavy answers at a time, past the queue."""
        async with self.client:
            while time.monotonic() < until:
                some = [self.light(self.chance.choice(choices)) for _ in range(GREEDY)]
                await asyncio.gather(*[self.timed("heavy", "greedy", one) for one in some])


async def watch(gallery: Gallery, seen: Seen, until: float) -> None:
    """Note the memory every second."""
    process = psutil.Process(gallery.pid)
    before = sum(process.cpu_times()[:2])
    while time.monotonic() < until:
        seen.memory.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(1)
    seen.cpu = sum(process.cpu_times()[:2]) - before


async def load(gallery: Gallery, visitors: int, seconds: float, mix: str) -> Seen:
    """What so many visitors see in that time."""
    seen, every = Seen(), actions()
    choices = every if mix == "all" else [action for action in every if not action.heavy]
    people = [Visitor(gallery, seen, number) for number in range(visitors)]
    first = Visitor(gallery, seen, visitors)
    async with first.client:
        for action in choices:  # once unseen: the networks are loaded
            await first.timed("page", action.name, first.heavy(action) if action.heavy else first.light(action))
    seen.seconds["page"].clear()
    until = time.monotonic() + seconds
    begun = [one.visit(choices, until) for one in people[1 if mix == "greedy" else 0 :]]
    if mix == "greedy":
        begun.append(people[0].greed([action for action in every if action.heavy], until))
    await asyncio.gather(watch(gallery, seen, until), *begun)
    return seen


def report(seen: Seen, seconds: float) -> None:
    """Prints what was seen."""
    print(f"{'seconds':8}{'answers':>9}{'a second':>10}{'p50':>8}{'p95':>8}{'worst':>8}")
    for kind, taken in seen.seconds.items():
        if taken:
            times = seen.summary(kind)
            numbers = f"{times.p50 / 1000:8.2f}{times.p95 / 1000:8.2f}{max(taken):8.2f}"
            print(f"{kind:8}{len(taken):9}{len(taken) / seconds:10.1f}{numbers}")
    answers = sum(map(len, seen.seconds.values()))
    print(f"CPU of the gallery: {seen.cpu:.1f} s, {1000 * seen.cpu / max(1, answers):.1f} ms an answer")
    tenths = [seen.memory[int(part / 10 * (len(seen.memory) - 1))] for part in range(11)]
    print(f"Memory, MiB, in tenths: {', '.join(f'{one:.0f}' for one in tenths)}; at most {max(seen.memory):.0f}")
    for wrong, count in Counter(seen.wrong).most_common(10):
        print(f"{count} times {wrong}")


def targets(seen: Seen, mix: str, soak: bool) -> list[tuple[str, bool]]:
    """What was aimed at, and whether it is met."""
    light = seen.summary("light").p95 / 1000
    every = (
        Times.of([1000 * one for kind in ("light", "heavy") for one in seen.seconds[kind]] or [float("inf")]).p95 / 1000
    )
    page, most = seen.summary("page").p50 / 1000, max(seen.memory)
    found = [(f"{len(seen.wrong)} answers lost (none)", not seen.wrong)]
    if mix == "greedy":
        return [*found, (f"p95 of the others {light:.2f} s (at most {FAIR_P95:g})", light <= FAIR_P95)]
    taken, limit = (every, ALL_P95) if mix == "all" else (light, LIGHT_P95)
    found.append((f"p95 {taken:.2f} s (at most {limit:g})", taken <= limit))
    found.append((f"page p50 {page:.2f} s (at most {PAGE_P50:g})", page <= PAGE_P50))
    found.append((f"memory {most:.0f} MiB (at most {MEMORY})", most <= MEMORY))
    if soak:
        tenth = seen.memory[min(600, len(seen.memory) // 3)]
        grown = seen.memory[-1] / tenth
        found.append((f"memory grows {grown:.2f} times after the tenth minute (at most {LEVELS:g})", grown <= LEVELS))
    return found


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--mix", choices=("light", "all", "greedy"), default="light")
    parser.add_argument("--soak", type=float, help="seconds, in place of --seconds: also whether memory levels")
    chosen = parser.parse_args()
    seconds = chosen.soak or chosen.seconds
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery:
        seen = asyncio.run(load(gallery, chosen.visitors, seconds, chosen.mix))
    report(seen, seconds)
    return verdict(targets(seen, chosen.mix, chosen.soak is not None))


if __name__ == "__main__":
    sys.exit(main())
