"""What a person does in the gallery, for the browser tests: open a tab, draw, keep a screenshot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SCREENSHOTS = Path(__file__).resolve().parent.parent / "screenshots"
Stroke = Sequence[tuple[float, float]]  # points in fractions of the paper's width and height, (0, 0) top left

# A seven as most people draw it: the bar, then the leg, without lifting the pen.
SEVEN: list[Stroke] = [[(0.28, 0.25), (0.72, 0.25), (0.44, 0.8)]]


def open_tab(page, topic: str) -> None:
    """Opens `/?tab=<topic>` and waits until that tab's panel is shown and the network is quiet."""
    page.goto(f"/?tab={topic}")
    page.wait_for_selector("[role=tab][aria-selected=true]")
    page.wait_for_load_state("networkidle")


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
