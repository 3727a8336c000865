"""The correspondence tab as a visitor meets it."""

from __future__ import annotations

import json
import math

import pytest
import torch

from demos.correspondence import api
from dlcv.correspondence import scenes
from dlcv.correspondence.geometry import lines_in_second
from tests.support.browser import screenshot, settle

MAIN, RANSAC, SPOIL, SPACE = (f"#correspondence{part}-board" for part in ("", "-ransac", "-spoil", "-space"))


def data(page, board: str, name: str) -> str:
    """What a board says of its state."""
    return page.locator(board).get_attribute(f"data-{name}")


def taken(page, file: str) -> dict:
    """The JSON file that a button gives."""
    with page.expect_download() as download:
        page.click(f"{SPACE} >> text={file}")
    return json.loads(download.value.path().read_text())


def test_opens_with_a_room_whose_matches_are_weighed(tab):
    assert data(tab, MAIN, "pair") == "room" and data(tab, MAIN, "matches") == "1500"
    assert int(data(tab, MAIN, "good")) > 0.7 * int(data(tab, MAIN, "kept"))
    screenshot(tab, "correspondence")


def test_the_epipolar_lines_pass_by_the_true_point(tab):
    canvas = tab.locator(".co-two")
    canvas.scroll_into_view_if_needed()
    settle(tab)
    box = canvas.bounding_box()
    for across, down in ((0.2, 0.5), (0.25, 0.7), (0.4, 0.2), (0.42, 0.75)):
        tab.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        settle(tab)
        missed = tab.locator("[data-method='Network, then MAGSAC++'] [data-misses]").inner_text()
        assert float(missed.removesuffix(" px")) < 2


def test_the_file_has_the_same_lines(tab):
    tab.locator(SPACE).scroll_into_view_if_needed()
    settle(tab)
    fundamental = torch.tensor(taken(tab, "F, E, H and the pose")["F"], dtype=torch.float64)
    scene = scenes.room()
    points = torch.tensor([[200, 220], [300, 300], [480, 120], [500, 330], [330, 60]])
    for (a, b, c), (x, y) in zip(lines_in_second(fundamental, points.double()).tolist(), scene.transfer(points)):
        assert abs(a * x + b * y + c) / math.hypot(a, b) < 2


@pytest.mark.dirty
def test_the_weight_of_one_match_swings_the_line(tab):
    canvas = tab.locator(".co-two")
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    canvas.press("ArrowRight")
    canvas.press("Enter")
    if not tab.locator("#co-weight").is_visible():  # no match lies there: look for one
        box = canvas.bounding_box()
        for part in range(20, 45):
            tab.mouse.click(box["x"] + part / 100 * box["width"], box["y"] + 0.5 * box["height"])
            if tab.locator("#co-weight").is_visible():
                break
    tab.fill("#co-weight", "0.9")
    settle(tab)
    assert tab.locator(".co-back").is_enabled()
    tab.click(".co-back")
    assert tab.locator(".co-back").is_disabled()


def test_ransac_goes_step_by_step_to_its_end(tab):
    tab.locator(RANSAC).scroll_into_view_if_needed()
    best = []
    for number in range(2, 6):
        tab.click(".cr-step")
        tab.wait_for_selector(f"{RANSAC}[data-trials='{number}']")
        best.append(int(data(tab, RANSAC, "best")))
    tab.click(".cr-end")
    tab.wait_for_selector(f"{RANSAC}[data-done='true']")
    assert best == sorted(best) and int(data(tab, RANSAC, "best")) >= best[-1] > 0
    screenshot(tab, "correspondence-ransac", RANSAC)


@pytest.mark.dirty
def test_with_nine_wrong_in_ten_the_network_is_ahead(tab):
    tab.locator(SPOIL).scroll_into_view_if_needed()
    settle(tab)
    tab.fill("#cs-share", "0.9")
    settle(tab)
    assert float(data(tab, SPOIL, "network")) > float(data(tab, SPOIL, "ransac"))
    screenshot(tab, "correspondence-spoil", SPOIL)


@pytest.mark.dirty
def test_two_photographs_of_a_visitors_own(tab, tmp_path):
    for number, name in enumerate(("first", "second")):
        api.eye(number).save(tmp_path / f"{name}.png")
    tab.click("text=Your own two photographs")
    for name in ("first", "second"):
        tab.set_input_files(f"#correspondence-{name} input[type=file]", tmp_path / f"{name}.png")
        tab.wait_for_selector(f"#correspondence-{name} img")
    tab.click("#correspondence-see")
    tab.wait_for_selector(f"{MAIN}[data-good='']")
    settle(tab)
    assert int(data(tab, MAIN, "kept")) > 50
    tab.locator(SPACE).scroll_into_view_if_needed()
    settle(tab)
    assert int(data(tab, SPACE, "points")) > 50
    screenshot(tab, "correspondence-space", SPACE)


@pytest.mark.dirty
def test_strangers_are_told(tab):
    tab.click("text=Nothing in common")
    settle(tab)
    assert "nothing in common" in tab.locator(f"{MAIN} .board-message").inner_text()
