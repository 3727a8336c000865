"""What the gallery adds to a forward pass: every public endpoint over plain HTTP beside the computation alone.

    python -m benchmarks.latency [--rounds 200] [--topic vae ...]

`benchmarks/topics/<topic>.py` has the computations of a topic and its targets. They run in this process while the
server rests. HTTP goes through one kept connection and one session, as gradio_client alone takes 75 ms a call. Exits
with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import app  # noqa: F401  its tabs register their endpoints
from benchmarks.timing import Times, in_turns, verdict
from demos import TOPICS, frame
from tests.support.serving import Client, Gallery, serve


def figures_of(topic: str) -> ModuleType | None:
    """The module of a topic in benchmarks/topics, or None where it has none."""
    name = f"benchmarks.topics.{topic}"
    return importlib.import_module(name) if find_spec(name) else None


def over_http(gallery: Gallery, topic: str, rounds: int) -> dict[str, tuple[Times, Times]]:
    """Prints and returns the round trip and the bare pass of each endpoint of a topic that has a bare pass."""
    found, figures = {}, figures_of(topic)
    for name, bare in (figures.passes() if figures else {}).items():
        client, asked = Client(gallery), frame.ENDPOINTS[name].request()  # made once: a visitor's browser makes it
        trip, alone = in_turns(lambda: client.run(name, asked), bare, rounds=rounds)  # noqa: B023
        found[name] = trip, alone
        numbers = f"{trip.p50:8.1f}{trip.p95:8.1f}{alone.p50:10.2f}{alone.p95:8.2f}"
        print(f"{name:22}{numbers}{trip.p50 - alone.p50:8.1f}{trip.p50 / alone.p50:8.1f}", flush=True)
    return found


def targets_of(topic: str, found: dict[str, tuple[Times, Times]]) -> list[tuple[str, bool]]:
    """The targets of a topic, and whether each is met: ADDED milliseconds at most, RATIO to the bare pass at most."""
    figures, targets = figures_of(topic), []
    for name, most in getattr(figures, "ADDED", {}).items():
        added = found[name][0].p50 - found[name][1].p50
        targets.append((f"{name} adds {added:.1f} ms (at most {most:g})", added <= most))
    for name, most in getattr(figures, "RATIO", {}).items():
        ratio = found[name][0].p50 / found[name][1].p50
        targets.append((f"{name} takes {ratio:.2f} times its bare pass (at most {most:g})", ratio <= most))
    return targets


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="calls of each endpoint")
    parser.add_argument("--topic", nargs="+", choices=TOPICS, default=TOPICS)
    options = parser.parse_args()
    print(f"{'over HTTP, ms':22}{'p50':>8}{'p95':>8}{'bare p50':>10}{'p95':>8}{'added':>8}{'ratio':>8}", flush=True)
    targets = []
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery:
        for topic in options.topic:
            targets += targets_of(topic, over_http(gallery, topic, options.rounds))
    print()
    return verdict(targets)


if __name__ == "__main__":
    sys.exit(main())
