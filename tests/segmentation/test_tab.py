"""The segmentation tab as a visitor meets it."""

from __future__ import annotations

import io
import os
import time

import numpy as np
import PIL.Image
import pytest
from scipy import ndimage
from skimage import data

from tests.segmentation.coins import mask_of_coins
from tests.support.browser import draw_strokes, screenshot, settle

BOARD, SKIPS, COLOUR = "#segmentation-board", "#segmentation-skips-board", "#segmentation-colour-board"
CANVAS, PAPER = f"{BOARD} .sg-stage canvas", f"{COLOUR} .sg-paper canvas"
SECONDS = 90_000  # of patience, in milliseconds: other tests, a training run, a slow machine


def click(page, x: float, y: float) -> str:
    """What the board names the pixel at parts of the picture's width and height."""
    box = page.locator(CANVAS).bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    settle(page)
    return page.locator(BOARD).get_attribute("data-named")


def see(page, part: str):
    """The board of a part, which begins when it is seen."""
    board = page.locator(f"#segmentation-{part}-board")
    board.scroll_into_view_if_needed()
    settle(page)
    return board


def pixels(page, canvas: str) -> str:
    """What a canvas shows."""
    return page.evaluate("(canvas) => document.querySelector(canvas).toDataURL()", canvas)


def saved(page, button: str) -> PIL.Image.Image:
    """The picture that a button saves."""
    with page.expect_download() as download:
        page.click(button)
    with open(download.value.path(), "rb") as file:
        return PIL.Image.open(io.BytesIO(file.read()))


def test_it_opens_with_the_cat_and_a_click_says_what_a_pixel_is(tab):
    settle(tab)
    assert tab.locator(BOARD).get_attribute("data-named") == "cat"
    assert tab.locator(f"{BOARD} .sg-legend button").all_inner_texts()[1].startswith("cat")
    assert click(tab, 0.98, 0.3) == "background"
    assert click(tab, 0.3, 0.6) == "cat"
    row = tab.locator(f"{BOARD} .sg-pixel tbody tr").first.inner_text().split()
    assert row[0] == "cat" and float(row[1]) > 90 and float(row[-1]) < 0.2
    screenshot(tab, "segmentation")


def test_opacity_a_lit_class_and_the_cut_out(tab):
    settle(tab)
    slider, before = tab.locator(f"{BOARD} .sg-opacity input"), pixels(tab, CANVAS)
    slider.fill("0")
    clear = pixels(tab, CANVAS)
    slider.fill("0.6")
    assert pixels(tab, CANVAS) == before != clear
    tab.locator(f"{BOARD} .sg-legend button", has_text="cat").click()
    settle(tab)
    cat = saved(tab, f"{BOARD} .sg-cut")
    alpha = np.asarray(cat)[..., 3]
    assert cat.mode == "RGBA" and alpha[150, 225] == 255 and alpha[60, 440] == 0
    labels = saved(tab, f"{BOARD} .sg-png")
    assert labels.mode == "P" and np.asarray(labels)[150, 225] == 8


@pytest.mark.dirty
def test_with_all_skips_cut_borders_are_lost(tab):
    see(tab, "skips")

    def f1() -> float:
        settle(tab)
        return float(tab.locator(SKIPS).get_attribute("data-f1"))

    whole = f1()
    tab.click(f"{SKIPS} .sg-none")
    assert f1() < 0.8 * whole
    tab.click(f"{SKIPS} .sg-every")
    assert f1() == whole
    tab.locator("#segmentation-share").fill("0.3")
    assert f1() < whole


@pytest.mark.dirty
def test_two_streets_three_decoders_and_a_map(tab):
    transplant, compare, path, cells = (see(tab, part) for part in ("transplant", "compare", "path", "cells"))
    out = "#segmentation-transplant-board .sg-out"
    before = pixels(tab, out)
    transplant.locator("[aria-label='Level 1'] button", has_text="Noise").click()
    settle(tab)
    assert pixels(tab, out) != before
    assert compare.get_attribute("data-compared") == "street 1"
    path.locator("[data-place='8 0']").click()
    settle(tab)
    assert "enlarged 3, map 1 of" in path.locator(".sg-large figcaption").inner_text()
    assert int(cells.get_attribute("data-count")) > 10


@pytest.mark.dirty
def test_strokes_on_coins_become_a_mask_within_twenty_seconds(tab):
    truth = mask_of_coins(data.coins())
    high, wide = truth.shape
    see(tab, "colour")
    tab.locator(f"{COLOUR} .sg-pictures button", has_text="Coins").click()
    settle(tab)
    beside = ~ndimage.binary_dilation(truth, iterations=12)
    thick = ndimage.binary_erosion(truth, iterations=7)
    tab.locator(f"{COLOUR} .sg-class button", has_text="Background").click()
    draw_strokes(tab, PAPER, strokes_in(beside, [85, 230], [5]), steps=2)
    tab.locator(f"{COLOUR} .sg-class button", has_text="Class 1").click()
    draw_strokes(tab, PAPER, strokes_in(thick, [50, 122, 190, 265], []), steps=2)
    began = time.monotonic()
    tab.wait_for_function(f"document.querySelector('{COLOUR}').dataset.step === '60'", timeout=SECONDS)
    assert time.monotonic() - began < 20
    mask = np.asarray(saved(tab, f"{COLOUR} .sg-save").convert("RGB"))
    found = mask[..., 0] > mask[..., 2]  # amber, not blue
    assert found.shape == (high, wide)
    assert (found & truth).sum() / (found | truth).sum() >= 0.8
    screenshot(tab, "segmentation-coins", COLOUR)


def strokes_in(where: np.ndarray, rows: list[int], columns: list[int]) -> list:
    """Straight strokes along rows and columns of a picture, wherever those lie within `where` for 12 pixels or more."""
    found = []
    for line, number, upright in [
        *((where[row], row, False) for row in rows),
        *((where[:, c], c, True) for c in columns),
    ]:
        edges = np.flatnonzero(np.diff(np.pad(line.astype(int), 1)))
        for begin, end in zip(edges[::2], edges[1::2] - 1):
            if end - begin >= 12:
                places = [(number, begin), (number, end)]
                points = [place if upright else place[::-1] for place in places]
                found.append([(x / where.shape[1], y / where.shape[0]) for x, y in points])
    return found


@pytest.mark.dirty
@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
def test_the_road_of_a_held_out_frame_is_road(tab):
    from dlcv.core.datasets import camvid

    frames, labels = camvid.load("test", 40)
    file = io.BytesIO()
    PIL.Image.fromarray(frames[2].permute(1, 2, 0).numpy()).save(file, "PNG")
    tab.locator("#segmentation-picture button[aria-label='Remove Image']").click()
    upload = {"name": "frame.png", "mimeType": "image/png", "buffer": file.getvalue()}
    tab.locator("#segmentation-picture input[type=file]").first.set_input_files(upload)
    tab.get_by_label("Streets").check()
    tab.wait_for_function(f"document.querySelector('{BOARD}').dataset.named !== 'cat'", timeout=SECONDS)
    settle(tab)
    rows, columns = np.nonzero(ndimage.binary_erosion(labels[2].numpy() == 3, iterations=8))
    middle = len(rows) // 2
    assert click(tab, (columns[middle] + 0.5) / 480, (rows[middle] + 0.5) / 360) == "road"
