"""The fine-grained tab as a visitor meets it."""

from __future__ import annotations

import json

import pytest

from demos.finegrained.birds import NO_BIRDS
from tests.support.browser import screenshot, settle

MAIN, FILM, ALIKE = "#finegrained-board", "#finegrained-film-board", "#finegrained-alike-board"


def data(page, board: str, name: str) -> str:
    """What a board says of its state."""
    return page.locator(board).get_attribute(f"data-{name}")


def centres(page) -> list[list[float]]:
    """Centres of the windows."""
    return json.loads(data(page, MAIN, "centres"))


def drag(page, window: int, right: float, down: float) -> None:
    """Drags a window by parts of the picture."""
    stage = page.locator(".fg-stage").bounding_box()
    box = page.locator(f".fg-windows div:nth-child({window})").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right * stage["width"] / 2, y + down * stage["height"] / 2)
    page.mouse.move(x + right * stage["width"], y + down * stage["height"])
    page.mouse.up()
    settle(page)


def test_opens_with_a_bird_and_two_windows_on_it(tab):
    assert len(centres(tab)) == 2
    assert data(tab, MAIN, "species") in tab.locator(".fg-verdict").inner_text()
    assert tab.locator(".fg-bar").count() >= 5
    assert tab.locator(".fg-each figure").count() == 2
    tab.wait_for_function("document.querySelectorAll('.fg-others tbody tr').length === 4")
    screenshot(tab, "finegrained")


@pytest.mark.dirty
def test_a_visitor_steers_the_second_eye_and_gives_it_back(tab):
    before, said = centres(tab), tab.locator(".fg-bars").inner_text()
    drag(tab, 2, -0.1, 0.08)
    after = centres(tab)
    assert after[0] == before[0]
    assert after[1] == pytest.approx([before[1][0] - 0.2, before[1][1] + 0.16], abs=0.03)
    assert tab.locator(".fg-bars").inner_text() != said
    tab.locator(".fg-windows div:nth-child(2)").press("ArrowUp")
    settle(tab)
    assert centres(tab)[1][1] == pytest.approx(after[1][1] - 0.04, abs=0.01)
    tab.click(".fg-back")
    settle(tab)
    assert centres(tab) == before and tab.locator(".fg-bars").inner_text() == said


@pytest.mark.dirty
def test_a_landscape_fills_and_the_arrows_come(tab):
    tab.click(".fg-map")
    tab.wait_for_function(f"document.querySelector('{MAIN}').dataset.rows === '15'", timeout=60_000)
    assert "at most" in tab.locator(".fg-said").inner_text()
    tab.click(".fg-pull")
    settle(tab)
    assert data(tab, MAIN, "pulled") == "2" and tab.locator(".fg-arrows path").count() == 2


@pytest.mark.dirty
def test_paint_changes_what_is_seen_and_comes_off(tab):
    said = tab.locator(".fg-bars").inner_text()
    before = centres(tab)
    tab.click(".fg-brush")
    stage = tab.locator(".fg-stage").bounding_box()
    tab.mouse.move(stage["x"] + 0.25 * stage["width"], stage["y"] + 0.35 * stage["height"])
    tab.mouse.down()
    tab.mouse.move(stage["x"] + 0.45 * stage["width"], stage["y"] + 0.36 * stage["height"], steps=8)
    tab.mouse.up()
    settle(tab)
    assert centres(tab) != before and tab.locator(".fg-bars").inner_text() != said
    tab.click(".fg-clean")
    settle(tab)
    assert centres(tab) == before and tab.locator(".fg-bars").inner_text() == said


@pytest.mark.dirty
def test_another_network_has_other_windows(tab):
    tab.click("text=4 windows")
    settle(tab)
    assert len(centres(tab)) == 4 and tab.locator(".fg-each figure").count() == 4
    tab.click("text=The whole picture")
    settle(tab)
    assert centres(tab) == [] and tab.locator(".fg-each figure").count() == 1


@pytest.mark.dirty
def test_a_cat_is_unlike_the_twenty_and_a_bird_is_not(tab):
    assert data(tab, MAIN, "unlike") == "false"
    tab.locator("#finegrained-picture button[aria-label='Remove Image']").click()
    tab.locator("#finegrained-picture input[type=file]").first.set_input_files(NO_BIRDS[0])
    tab.wait_for_function(f"document.querySelector('{MAIN}').dataset.unlike === 'true'")
    assert tab.locator(".fg-verdict").inner_text().startswith("Unlike all twenty species")


def test_the_film_begins_with_the_tiles(tab):
    tab.locator(FILM).scroll_into_view_if_needed()
    settle(tab)
    tab.fill("#fg-moment", "0")
    settle(tab)
    assert data(tab, FILM, "moment") == "0"
    assert tab.locator(".fg-film-stage path").count() == 6
    assert "as they began" in tab.locator(".fg-film-said").inner_text()


def test_the_crows_are_a_pair_of_look_alikes(tab):
    tab.locator(ALIKE).scroll_into_view_if_needed()
    settle(tab)
    assert "American Crow and Fish Crow" in tab.locator(".fg-alike-said").inner_text()
    tab.locator(".fg-alike-cells").press("ArrowRight")
    settle(tab)
    assert "American Crow and Black-billed Cuckoo" in tab.locator(".fg-alike-said").inner_text()
