"""What a person does in the gallery, for the browser tests: come, open a tab, wait for its answers, draw, keep a
screenshot."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from tests.support.serving import Gallery

SCREENSHOTS = Path(__file__).resolve().parent.parent / "screenshots"
WIDE, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
LOCAL = {"127.0.0.1", "localhost"}
PATIENCE = 90.0  # seconds for an answer on a busy machine
Stroke = Sequence[tuple[float, float]]  # points in fractions of the paper's width and height, (0, 0) top left

# A seven as most people draw it: the bar, then the leg, without lifting the pen.
SEVEN: list[Stroke] = [[(0.28, 0.25), (0.72, 0.25), (0.44, 0.8)]]

SHOWN = """() => {
  const panel = [...document.querySelectorAll('#topics > [role=tabpanel]')].find((part) => part.offsetParent);
  return panel && panel.dataset.ready && !panel.querySelector('[aria-busy=true]')
    && [...panel.querySelectorAll('.board')].every((board) => board.dataset.started)
    && [...panel.querySelectorAll('.board img[src]')].every((image) => image.complete);
}"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
QUIET = 3  # times two frames in which nothing is asked: an answer may lead to the next question


def at_rest(browser, gallery: Gallery):
    """A context that no visitor is in and nothing is remembered in. Chromium keeps the page's scripts in it, compiled:
    in a new context every opening takes a second longer."""
    for context in browser.contexts:
        if not context.pages and getattr(context, "gallery", None) is gallery:
            return context
    context = browser.new_context(base_url=gallery.url)
    context.gallery = gallery
    return context


def leave(page, gallery: Gallery) -> None:
    """Closes all pages of a visitor and forgets what they remembered."""
    page.goto("about:blank")  # a page that goes may still write
    forget = {"origin": gallery.url, "storageTypes": "cookies,local_storage,indexeddb,cache_storage,service_workers"}
    page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", forget)
    for one in page.context.pages:
        one.close()


@contextmanager
def visitor(
    browser, gallery: Gallery, viewport: dict[str, int] = WIDE, color_scheme: str = "light", **options
) -> Iterator:
    """A person's page, closed in the end. Addresses are relative to the gallery: `page.goto("/?tab=vae")`.

    `options` are Playwright's of a context, such as permissions=["camera"].

    `page.faults` are the errors that it logged or raised and its requests to other hosts; `page.pending` are its
    requests that have no answer yet.
    """
    context = browser.new_context(base_url=gallery.url, **options) if options else at_rest(browser, gallery)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=color_scheme)
    page.faults, page.pending = [], set()
    page.on("console", lambda m: page.faults.append(f"console: {m.text} {m.location}") if m.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(f"page error: {error}"))

    def watch(request) -> None:
        address = urlparse(request.url)
        if address.scheme in ("data", "blob", "about"):
            return
        if address.hostname not in LOCAL:
            page.faults.append(f"request to another host: {request.url}")
        if request.is_navigation_request() and request.frame == page.main_frame:
            page.pending.clear()  # another document; an address that a page writes itself is none
        if "/heartbeat/" not in address.path:  # open for as long as the page is
            page.pending.add(request)

    page.on("request", watch)
    for answered in ("requestfinished", "requestfailed"):
        page.on(answered, lambda request: page.pending.discard(request))
    yield page
    if options:
        context.close()
    else:
        leave(page, gallery)


def open_tab(page, topic: str, unfold: bool = True) -> None:
    """Opens home, or a topic with all of its sections unfolded or as visitors find them, and waits until it is all
    there and what it asks at first is answered."""
    page.goto("/" if topic == "home" else f"/?tab={topic}&open=all" if unfold else f"/?tab={topic}")
    page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={topic}]")
    settle(page)


def settle(page, patience: float = PATIENCE) -> None:
    """Waits until the open tab is all there, all that it asked is answered, and the answers are on the screen."""
    end, quiet = time.monotonic() + patience, 0
    while quiet < QUIET:
        page.wait_for_function(SHOWN, timeout=1000 * patience)
        page.evaluate(TWO_FRAMES)
        quiet = 0 if page.pending else quiet + 1
        if time.monotonic() > end:
            raise TimeoutError(f"No answer after {patience:.0f} s: {[request.url for request in page.pending]}")


def draw_strokes(page, selector: str, strokes: Sequence[Stroke] = SEVEN, steps: int = 12) -> None:
    """Draws on the paper at `selector` with the mouse, once Gradio's loading screen no longer lies over the page.

    Args:
        selector: the element drawn on; scrolled into view first.
        strokes: one list of points per stroke, in fractions of the element's size.
        steps: mouse moves between two points.
    """
    page.wait_for_selector(".app > [data-testid=status-tracker]", state="hidden")
    paper = page.locator(selector).first
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=steps)
        page.mouse.up()


def screenshot(page, name: str, selector: str | None = None) -> Path:
    """Keeps a picture of the page, or of the element at `selector`, as tests/screenshots/<name>.png."""
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    if selector is None:
        page.screenshot(path=path, full_page=True)
    else:
        page.locator(selector).first.screenshot(path=path)
    return path
