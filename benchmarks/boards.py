"""How fast boards answer in the browser: every slider of every tab, and what is dragged.

    python -m benchmarks.boards [--seconds 5] [--topic vae ...]

A slider is moved to five values; the time goes from there until the answer is on the screen. What is dragged, what runs
by itself, and how many pictures a second either has to show, is in `benchmarks/topics/<topic>.py`. Exits with 1 when a
target is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.latency import figures_of
from benchmarks.timing import verdict
from demos import TOPICS
from tests.support import chromium
from tests.support.browser import open_tab, visitor
from tests.support.serving import serve

SLIDER_LIMIT = 200.0  # ms from a move to the answer on the screen, median; a topic may ask for less by SLIDERS
POINTER_HZ = 60
SLIDERS = """() => [...document.querySelectorAll('#topics > [role=tabpanel] .board input[type=range]')]
  .filter((slider) => slider.offsetParent && !slider.disabled).map((slider, index) => {
    slider.dataset.timed = index;
    return slider.getAttribute('aria-label') || slider.id || slider.className;
  })"""
MOVED = """async (index) => {
  const slider = document.querySelector(`[data-timed="${index}"]`), board = slider.closest('.board'), taken = [];
  const frame = () => new Promise(requestAnimationFrame);
  for (const part of [0.3, 0.4, 0.5, 0.6, 0.7]) {
    const began = performance.now();
    slider.value = Number(slider.min) + part * (slider.max - slider.min);
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    do { await frame(); await frame(); }
    while (board.getAttribute('aria-busy') === 'true' && performance.now() - began < 5000);
    taken.push(performance.now() - began);
  }
  return taken;
}"""

# Counts how often `shown` gets a new picture: a canvas that is written, or an image whose address changes.
COUNT = """(shown) => {
  window.pictures = 0;
  const target = document.querySelector(shown), put = target.getContext && target.getContext('2d');
  if (put) {
    for (const name of ['putImageData', 'drawImage']) {
      const write = put[name];
      put[name] = function (...arguments_) { window.pictures++; return write.apply(this, arguments_); };
    }
  } else {
    const changes = {attributes: true, attributeFilter: ['href', 'src']};
    new MutationObserver(() => window.pictures++).observe(target, changes);
  }
}"""
CHANGES = """(shown) => {
  window.pictures = 0;
  new MutationObserver(() => window.pictures++).observe(document.querySelector(shown), {childList: true});
}"""
# Moves a pointer over `surface`, or the slider that it is, at `hz` for `seconds`; the pictures a second meanwhile.
DRAG = """async ([surface, hz, seconds]) => {
  const target = document.querySelector(surface), start = performance.now();
  const box = target.getBoundingClientRect(), slider = target.type === 'range';
  const at = (from, length, angle) => from + length * (0.5 + 0.4 * Math.sin(angle));
  const point = (type, t) => target.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, button: type === 'pointermove' ? -1 : 0, buttons: 1,
    clientX: at(box.x, box.width, 1.3 * t), clientY: at(box.y, box.height, 2.1 * t),
  }));
  const slide = (t) => {
    target.value = Number(target.min) + (target.max - target.min) * (0.5 + 0.3 * Math.sin(1.3 * t));
    target.dispatchEvent(new Event('input', {bubbles: true}));
  };
  let moves = 0;
  if (!slider) point('pointerdown', 0);
  const before = window.pictures;
  while (performance.now() - start < seconds * 1000) {
    const t = (performance.now() - start) / 1000;
    if (slider) slide(t); else point('pointermove', t);
    moves++;
    await new Promise((next) => setTimeout(next, Math.max(0, start + moves * 1000 / hz - performance.now())));
  }
  const taken = (performance.now() - start) / 1000, pictures = window.pictures - before;
  if (!slider) point('pointerup', taken);
  return pictures / taken;
}"""
# Draws strokes on `surface`; the milliseconds from the end of each until what it leads to last is in `shown`.
STROKED = """async ([surface, shown]) => {
  const target = document.querySelector(surface), box = target.getBoundingClientRect(), taken = [];
  const rest = (time) => new Promise((next) => setTimeout(next, time));
  let changed = 0;
  const watcher = new MutationObserver(() => { changed = performance.now(); });
  watcher.observe(document.querySelector(shown), {childList: true});
  for (let stroke = 0; stroke < 30; stroke++) {
    const point = (type, part) => target.dispatchEvent(new PointerEvent(type, {
      bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, button: type === 'pointermove' ? -1 : 0,
      buttons: 1, clientX: box.x + box.width * (0.2 + 0.02 * stroke), clientY: box.y + box.height * (0.2 + part / 2),
    }));
    point('pointerdown', 0);
    for (const part of [0.25, 0.5, 0.75]) {
      await rest(50);
      point('pointermove', part);
    }
    await rest(50);
    point('pointermove', 1);
    const ended = performance.now();
    point('pointerup', 1);
    await rest(600);
    if (changed > ended) taken.push(changed - ended);
  }
  return taken;
}"""


def drag(page: Page, surface: str, shown: str, seconds: float) -> float:
    """Pictures a second that come to `shown` while a pointer moves over `surface`, after one unseen second."""
    page.locator(surface).scroll_into_view_if_needed()
    page.evaluate(COUNT, shown)
    page.evaluate(DRAG, [surface, POINTER_HZ, 1.0])
    return page.evaluate(DRAG, [surface, POINTER_HZ, seconds])


def running(page: Page, button: str, shown: str, seconds: float) -> float:
    """Changes a second of the text `shown` after a click on `button`, which is clicked once more at the end."""
    page.evaluate(CHANGES, shown)
    page.click(button)
    page.wait_for_timeout(1000 * seconds)
    page.click(button)
    return page.evaluate("window.pictures") / seconds


def targets_of(page: Page, topic: str, seconds: float) -> list[tuple[str, bool]]:
    """The targets of a topic's boards, and whether each is met."""
    figures, targets = figures_of(topic), []
    limit = getattr(figures, "SLIDERS", SLIDER_LIMIT)
    open_tab(page, topic)
    for index, label in enumerate(page.evaluate(SLIDERS)):
        taken = statistics.median(page.evaluate(MOVED, index))
        targets.append((f"{topic}, {label}: {taken:.0f} ms (at most {limit:g})", taken <= limit))
    for name, surface, shown, most in getattr(figures, "STROKES", []):
        open_tab(page, topic)
        page.locator(surface).scroll_into_view_if_needed()
        taken = statistics.median(page.evaluate(STROKED, [surface, shown]))
        targets.append((f"{topic}, {name}: {taken:.0f} ms (at most {most:g})", taken <= most))
    rates = []
    for name, surface, shown, least in getattr(figures, "DRAGS", []):
        open_tab(page, topic)
        rates.append((name, drag(page, surface, shown, seconds), least))
    for name, button, shown, least in getattr(figures, "RUNS", []):
        open_tab(page, topic)
        page.wait_for_selector(shown)
        rates.append((name, running(page, button, shown, seconds), least))
    for name, rate, least in rates:
        targets.append((f"{topic}, {name}: {rate:.1f} pictures/s (at least {least:g})", rate >= least))
    return targets


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boards", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of dragging each thing")
    parser.add_argument("--topic", nargs="+", choices=TOPICS, default=TOPICS)
    options = parser.parse_args()
    path, targets = chromium.find(), []
    if path is None:
        sys.exit(chromium.ADVICE)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        with visitor(browser, gallery) as page:
            for topic in options.topic:
                targets += targets_of(page, topic, options.seconds)
        browser.close()
    return verdict(targets)


if __name__ == "__main__":
    sys.exit(main())
