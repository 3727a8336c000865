"""How fast the pose tab is: the camera's pictures a second, the boards' answers, the decoding of twenty people.

    python -m benchmarks.pose

Exits with 1 when a target is missed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from dlcv.pose.predictor import decode
from tests.pose.people import person, seen_of
from tests.support import chromium
from tests.support.browser import open_tab, settle, visitor
from tests.support.serving import Gallery, serve

CAMERA_LIMIT = 8.0  # pictures a second that the camera's board shows
ANSWER_LIMIT = 150.0  # ms for an answer of a board that needs no pass through the network, p50
DECODE_LIMIT = 1.0  # s of the CPU for twenty people
SECONDS = 5.0
CAMERA, INSIDE = "#pose-camera-board", "#pose-inside-board"
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SHOWN = "() => [performance.now(), Number(document.querySelector('.pc-view').dataset.shown)]"
CALLS = """() => performance.getEntriesByType('resource').filter((entry) => entry.name.includes('component_server'))
  .map((entry) => entry.duration)"""


def in_browser(gallery: Gallery) -> tuple[float, float]:
    """The camera's pictures a second, and the milliseconds of an answer about a limb, p50."""
    path = chromium.find()
    if path is None:
        sys.exit(chromium.ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*chromium.FLAGS, *FAKE_CAMERA])
        with visitor(browser, gallery) as page:
            open_tab(page, "pose")
            for limb in range(10):
                page.locator(f"{INSIDE} .pin-limb").select_option(str(limb))
                settle(page)
            answers = page.evaluate(CALLS)[-10:]
            page.locator(f"{CAMERA} .pc-start").click()
            page.wait_for_function("() => document.querySelector('.pc-view')?.dataset.shown > 10")
            begun = page.evaluate(SHOWN)
            time.sleep(SECONDS)
            ended = page.evaluate(SHOWN)
        browser.close()
    return 1000 * (ended[1] - begun[1]) / (ended[0] - begun[0]), statistics.median(answers)


def decoding() -> float:
    """Seconds of the CPU for the decoding of twenty people from drawn maps."""
    people = torch.stack([person(60 + 78 * (n % 10), 20 + 240 * (n // 10), 200) for n in range(20)])
    maps, began = seen_of(people), time.process_time()
    decode(maps)
    return time.process_time() - began


def main() -> int:
    """Runs the command; returns its exit status."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery:
        rate, answer = in_browser(gallery)
    seconds = decoding()
    targets = [
        (f"the camera shows {rate:.1f} pictures/s (at least {CAMERA_LIMIT:g})", rate >= CAMERA_LIMIT),
        (f"a limb's pairs take {answer:.0f} ms (at most {ANSWER_LIMIT:g})", answer <= ANSWER_LIMIT),
        (f"twenty people take {seconds:.2f} s (at most {DECODE_LIMIT:g})", seconds <= DECODE_LIMIT),
    ]
    for target, met in targets:
        print(f"{'met' if met else 'MISSED':8}{target}")
    return int(not all(met for _, met in targets))


if __name__ == "__main__":
    sys.exit(main())
