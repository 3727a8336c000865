"""The adversarial tab as a visitor meets it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.browser import SEVEN, draw_strokes, screenshot, settle

MAIN, PLANE, DOODLE = "#adversarial-board", "#adversarial-plane-board", "#adversarial-doodle-board"
FRESH = """
import sys
import torchvision
from dlcv.adversarial.predictor import predictor
model = predictor("mobilenet-photographs")
x = torchvision.io.decode_image(sys.argv[1])[None].float() / 255
print(model.class_names[int(model.probabilities(x).argmax())])
"""


def data(page, board: str, name: str) -> str:
    """What a board says of its state."""
    return page.locator(board).get_attribute(f"data-{name}")


def relative(page, network: str) -> float:
    """||r|| / ||x|| of the drawn digit, for a network."""
    return float(page.locator(f"[data-network={network}]").get_attribute("data-relative"))


def slide(page, selector: str, value: float) -> None:
    """Moves a slider."""
    page.locator(selector).fill(str(value))
    settle(page)


def test_opens_with_a_photograph_that_is_fooled(tab):
    assert data(tab, MAIN, "before") == "Espresso" and data(tab, MAIN, "after") not in ("Espresso", None)
    assert data(tab, MAIN, "now") == data(tab, MAIN, "after")
    slide(tab, "#ad-step", 0)
    assert data(tab, MAIN, "now") == "Espresso"
    slide(tab, "#ad-step", 1.5)
    assert data(tab, MAIN, "now") == data(tab, MAIN, "after")
    slide(tab, "#ad-step", 1)
    screenshot(tab, "adversarial")


def test_the_file_that_is_taken_away_fools_a_fresh_process(tab):
    with tab.expect_download() as download:
        tab.click(".ad-png")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FRESH, str(download.value.path())]
    said = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert said.stdout.strip().lower() == data(tab, MAIN, "after").lower(), said.stderr[-500:]


@pytest.mark.dirty
def test_it_becomes_what_the_visitor_asks_for(tab):
    tab.click("text=Indian elephant")
    settle(tab)
    assert data(tab, MAIN, "after") == "Indian elephant" == data(tab, MAIN, "now")
    tab.fill(".ad-target input", "no such thing")
    tab.press(".ad-target input", "Enter")
    assert "no class" in tab.locator(f"{MAIN} .board-message").inner_text()


@pytest.mark.dirty
def test_the_retrained_network_takes_a_longer_push_on_the_digit_drawn_here(tab):
    tab.click("#adversarial-digit-board .pad-clear")
    draw_strokes(tab, "#adversarial-digit-board .pad-paper canvas", SEVEN)
    settle(tab)
    assert relative(tab, "lenet-mnist-deepfool") > relative(tab, "lenet-mnist") > 0
    screenshot(tab, "adversarial-digit", "#adversarial-digit-board")


@pytest.mark.dirty
def test_the_linear_plane_needs_one_step_at_the_distance_of_the_closed_form(tab):
    tab.locator(PLANE).scroll_into_view_if_needed()
    tab.click("text=A linear classifier")
    settle(tab)
    assert data(tab, PLANE, "steps") == "1"
    closed = float(data(tab, PLANE, "closed"))
    assert float(data(tab, PLANE, "length")) == pytest.approx(1.02 * (closed + 1e-4), rel=1e-3)
    tab.click(".ad-plane-step")
    assert data(tab, PLANE, "step") == "1" and "Over the border" in tab.locator(".ad-plane-said").inner_text()
    box = tab.locator(".ad-map").bounding_box()
    x, y = (box["x"] + 0.29 * box["width"], box["y"] + 0.44 * box["height"])
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x - 60, y - 60, steps=5)
    tab.mouse.up()
    settle(tab)
    assert float(data(tab, PLANE, "closed")) > closed  # farther from both borders
    screenshot(tab, "adversarial-plane", PLANE)


@pytest.mark.dirty
def test_a_doodle_fools_more_as_it_grows_stronger(tab):
    tab.locator(DOODLE).scroll_into_view_if_needed()
    settle(tab)
    draw_strokes(tab, ".ad-scribble", [[(0.2, 0.5), (0.8, 0.5), (0.5, 0.2)]], steps=4)
    settle(tab)
    assert data(tab, DOODLE, "count") == "1000"
    weak = float(data(tab, DOODLE, "fooled"))
    slide(tab, "#ad-bound", 0.6)
    assert float(data(tab, DOODLE, "fooled")) > weak
    screenshot(tab, "adversarial-doodle", DOODLE)
