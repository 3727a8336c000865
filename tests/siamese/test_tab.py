"""The siamese tab as a visitor meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.browser import draw_strokes, screenshot, settle

PAPER = "#siamese-board .pad-paper canvas"
SECONDS = 90_000  # of patience, in milliseconds: other tests, a training run, a slow machine
SHAPES = (
    [(0.3, 0.2), (0.3, 0.75), (0.55, 0.8), (0.65, 0.6), (0.5, 0.45)],
    [(0.2, 0.25), (0.75, 0.75), (0.45, 0.5), (0.75, 0.25), (0.25, 0.75)],
)


def sign(page, shape: int, seed: int, paper: str = PAPER) -> None:
    """Draws a shape by a hand that is off by 3 % of the paper at each corner."""
    random = np.random.default_rng(seed)
    page.click(paper.replace(" .pad-paper canvas", " .pad-clear"))
    draw_strokes(page, paper, [[tuple(np.add(at, random.uniform(-0.03, 0.03, 2))) for at in SHAPES[shape]]])
    settle(page)


def accepted(page) -> str:
    """What the verdict says, "true" or "false"."""
    return page.locator(".si-verdict").get_attribute("data-accepted")


def test_opens_with_three_enrolled_and_a_verdict(tab):
    assert tab.locator(".si-kept img").count() == 3
    assert accepted(tab) == "true" and "Accepted" in tab.locator(".si-verdict").inner_text()
    assert tab.locator(".si-places .kept").count() == 3
    screenshot(tab, "siamese")


@pytest.mark.dirty
@pytest.mark.parametrize("shape", [0, 1])
def test_three_drawings_accept_a_fourth_and_refuse_another_shape(tab, shape):
    tab.click(".si-anew")
    for seed in range(3):
        sign(tab, shape, seed)
        tab.click(".si-enrol")
        settle(tab)
    for seed in (7, 8):
        sign(tab, shape, seed)
        assert accepted(tab) == "true"
        sign(tab, 1 - shape, seed)
        assert accepted(tab) == "false"
    tab.locator(".si-limit input").fill("1.8")  # whoever accepts everything accepts this, too
    assert accepted(tab) == "true"


@pytest.mark.dirty
def test_an_alphabet_is_read_after_one_look_and_so_is_an_invented_one(tab):
    board = "#siamese-classroom-board"
    tab.locator(board).scroll_into_view_if_needed()
    settle(tab)
    assert tab.locator(f"{board} .si-card").count() == 20
    assert tab.locator(board).get_attribute("data-nearest") == "0"  # the first was drawn again
    fixture = json.loads(Path(__file__).with_name("omniglot.json").read_text(encoding="utf-8"))
    right = 0
    for strokes, which in zip(fixture["characters"][:5], fixture["which"]):
        tab.click(f"{board} .pad-clear")
        points = [[(x / 20, y / 20) for x, y in zip(stroke[::2], stroke[1::2])] for stroke in strokes]
        draw_strokes(tab, f"{board} .pad-paper canvas", points, steps=2)
        settle(tab)
        right += tab.locator(board).get_attribute("data-nearest") == str(which)
    assert right >= 4
    tab.click("text=Invent your own")
    for shape in (0, 1):
        sign(tab, shape, shape, f"{board} .pad-paper canvas")
        tab.click(".si-add")
    for shape in (1, 0):
        sign(tab, shape, 5, f"{board} .pad-paper canvas")
        assert tab.locator(board).get_attribute("data-nearest") == str(shape)


@pytest.mark.dirty
def test_a_drawing_lies_among_the_characters_which_can_be_turned(tab):
    board = "#siamese-space-board"
    tab.locator(board).scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelector('.si-near').textContent.includes('nearest')", timeout=SECONDS)
    settle(tab)
    before = tab.locator(".si-near").inner_text()
    sign(tab, 0, 3, f"{board} .pad-paper canvas")
    assert tab.locator(".si-near").inner_text() != before
    canvas = f"document.querySelector('{board} .si-stage canvas').toDataURL()"
    shown = tab.evaluate(canvas)
    tab.focus(f"{board} .si-stage canvas")
    tab.keyboard.press("ArrowLeft")
    settle(tab)
    assert tab.evaluate(canvas) != shown
    screenshot(tab, "siamese-space", board)
    with tab.expect_download() as download:
        tab.click("#siamese-board .si-take >> text=Both, NPZ")
    with np.load(download.value.path()) as arrays:
        assert arrays["names"].tolist() == ["enrolled 1", "enrolled 2", "enrolled 3", "drawing"]
        assert np.allclose(np.diag(arrays["distances"]), 0) and (arrays["distances"][3, :3] > 0).all()


@pytest.mark.dirty
def test_the_laboratory_separates_and_implodes(tab):
    board = "#siamese-laboratory-board"
    tab.locator(board).scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelector('.si-right').textContent", timeout=SECONDS)
    tab.click(".si-play")
    right = "parseFloat(document.querySelector('.si-right').textContent)"
    tab.wait_for_function(f"{right} >= 90", timeout=SECONDS)
    tab.click(".si-play")
    settle(tab)
    tab.check(".si-alone")
    tab.click(".si-again")
    settle(tab)
    tab.click(".si-play")
    tab.wait_for_function("document.querySelector('.si-state').textContent.includes('positive pairs')", timeout=SECONDS)
    tab.click(".si-play")
    screenshot(tab, "siamese-imploded", board)
