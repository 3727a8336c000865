"""What the gallery costs on Ray Serve, and what replicas bring: docs/cluster.md.

    python -m benchmarks.cluster             heavy answers a second with one replica and with two, and their ratio
    python -m benchmarks.cluster --costs     CPU seconds of a page and of an action, and what many visitors need

Heavy actions are those that wait in the queue; each of a few visitors asks for one after the other, without rest. Costs
are CPU seconds of processes, so that other work on the machine hardly counts. Exits with 1 when the target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load import Action, Seen, Visitor, actions
from benchmarks.timing import verdict
from tests.support.cluster import Cluster, cluster

HEAVY = ("/pose_people", "/detection_find", "/depth_map", "/cyclegan_paint", "/segmentation_segment")
VISITORS, TURNS = 5, 2  # each asks so often for each of these
GAIN = 1.5  # answers a second by two replicas to those by one, at least
LIGHT_ACTS, HEAVY_ACTS = 24, 6  # of a visit, on paper
BUSIEST, BUSY = 1 / 8, 0.6  # the busiest hour's share of a day, and how busy a core may be
DAYS = (10_000, 1_000_000)  # visitors
PARTS = {
    "proxy": "ray::ProxyActor",
    "page": "ray::ServeReplica:gallery:Gallery",
    "models": "ray::ServeReplica:gallery:M",
}


async def all_asked(gallery: Cluster, choices: list[Action], turns: int) -> Seen:
    """What visitors get who each ask for all of that, each beginning with another one."""
    seen = Seen()

    async def visit(number: int) -> None:
        visitor = Visitor(gallery, seen, number)
        async with visitor.client:
            for turn in range(turns * len(choices)):
                action = choices[(number + turn) % len(choices)]
                await visitor.timed("heavy", action.name, visitor.heavy(action))

    await asyncio.gather(*[visit(number) for number in range(VISITORS)])
    if seen.wrong:
        raise RuntimeError("\n".join(seen.wrong[:5]))
    return seen


def rate(replicas: int) -> float:
    """Heavy answers a second by so many replicas."""
    choices = [action for action in actions() if action.name in HEAVY]
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), replicas) as gallery:
        asyncio.run(all_asked(gallery, choices, 1))  # unseen: networks are loaded
        began = time.perf_counter()
        seen = asyncio.run(all_asked(gallery, choices, TURNS))
        found = len(seen.seconds["heavy"]) / (time.perf_counter() - began)
    print(f"{replicas} of Models: {found:.2f} heavy answers a second, p50 {seen.summary('heavy').p50 / 1000:.2f} s")
    return found


def spent(gallery: Cluster) -> dict[str, float]:
    """CPU seconds until now of each part of the gallery."""
    used = {}
    for part, name in PARTS.items():
        times = [process.cpu_times() for process in gallery.processes(name)]
        used[part] = sum(one.user + one.system for one in times)
    return used


async def costs(gallery: Cluster) -> dict[str, list[dict[str, float]]]:
    """CPU seconds of each part: for a page, and for each light and each heavy action, asked a second time."""
    seen, found = Seen(), {"page": [], "light": [], "heavy": []}
    visitor = Visitor(gallery, seen, 0)
    every = [("page", None), *[("heavy" if one.heavy else "light", one) for one in actions()]]
    async with visitor.client:
        for kind, action in every:
            for turn in range(2):
                before = spent(gallery)
                by = visitor.heavy if kind == "heavy" else visitor.light
                await visitor.timed(kind, kind, by(action) if action else visitor.page())
                after = spent(gallery)
                if turn:
                    found[kind].append({part: after[part] - before[part] for part in PARTS})
    if seen.wrong:
        raise RuntimeError("\n".join(seen.wrong[:5]))
    return found


def on_paper(found: dict[str, list[dict[str, float]]]) -> None:
    """Prints the costs, and how many cores so many visitors a day need in the busiest hour."""
    means = {kind: {part: statistics.mean(one[part] for one in all_) for part in PARTS} for kind, all_ in found.items()}
    print(f"{'CPU seconds':14}" + "".join(f"{part:>9}" for part in PARTS))
    for kind, mean in means.items():
        print(f"{kind:14}" + "".join(f"{mean[part]:9.4f}" for part in PARTS) + f"   of {len(found[kind])}")
    visit = {
        part: means["page"][part] + LIGHT_ACTS * means["light"][part] + HEAVY_ACTS * means["heavy"][part]
        for part in PARTS
    }
    said = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in visit.items())
    print(f"A visit of {LIGHT_ACTS} light and {HEAVY_ACTS} heavy actions: {said}")
    for visitors in DAYS:
        a_second = visitors * BUSIEST / 3600
        cores = {part: a_second * seconds / BUSY for part, seconds in visit.items()}
        said = ", ".join(f"{part} {number:.1f}" for part, number in cores.items())
        print(f"{visitors:,} visitors a day, {a_second:.2f} a second in the busiest hour: cores for {said}")


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--costs", action="store_true")
    if parser.parse_args().costs:
        with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), 1) as gallery:
            on_paper(asyncio.run(costs(gallery)))
        return 0
    one, two = rate(1), rate(2)
    return verdict(
        [(f"two replicas answer {two / one:.2f} times as much as one (at least {GAIN:g})", two >= GAIN * one)]
    )


if __name__ == "__main__":
    sys.exit(main())
