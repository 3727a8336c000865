"""The LIFT tab as a visitor meets it."""

from __future__ import annotations

import pytest

from demos.frame.pictures import image
from dlcv.lift import views
from tests.support.browser import screenshot, settle

MAIN, PATCH, TURN, OWN = "#lift-board", "#lift-patch-board", "#lift-turn-board", "#lift-own-board"


def counts(page, method: str, board: str = MAIN) -> tuple[int, int]:
    """Right and wrong matches that a panel of a board shows."""
    figure = page.locator(f"{board} figure[data-method={method}]")
    return tuple(int(figure.get_attribute(f"data-{name}")) for name in ("right", "wrong"))


def said(page, board: str, name: str) -> list[float]:
    """Numbers that a board says of its state."""
    return [float(part) for part in page.locator(board).get_attribute(f"data-{name}").split()]


def slide(page, selector: str, value: float) -> None:
    """Moves a slider."""
    page.locator(selector).fill(str(value))
    settle(page)


def test_opens_with_two_views_matched_by_both(tab):
    right, wrong = counts(tab, "lift")
    assert right >= 0.6 * (right + wrong) > 30
    assert sum(counts(tab, "SIFT")) > 30
    screenshot(tab, "lift")


@pytest.mark.dirty
def test_fewer_points_give_fewer_matches(tab):
    before = sum(counts(tab, "lift"))
    slide(tab, "#lift-board-count", 100)
    assert 5 < sum(counts(tab, "lift")) < before


@pytest.mark.dirty
def test_beta_moves_the_point_from_the_middle_to_the_largest_score(tab):
    tab.locator(PATCH).scroll_into_view_if_needed()
    slide(tab, "#li-beta", 0)
    assert said(tab, PATCH, "point") == pytest.approx([0.5, 0.5], abs=0.01)
    slide(tab, "#li-beta", 9)
    assert said(tab, PATCH, "point") == pytest.approx(said(tab, PATCH, "largest"), abs=0.3)


@pytest.mark.dirty
def test_a_button_shows_the_gradient_and_a_click_asks_about_another_patch(tab):
    tab.locator(PATCH).scroll_into_view_if_needed()
    tab.click(f"{PATCH} button[data-way=all]")
    settle(tab)
    assert tab.locator(f"{PATCH} .li-slope").is_visible()
    before = said(tab, PATCH, "angle")
    tab.click(f"{PATCH} .li-picture", position={"x": 60, "y": 90})
    settle(tab)
    assert said(tab, PATCH, "angle") != before
    screenshot(tab, "lift-patch", PATCH)


@pytest.mark.dirty
def test_the_angle_follows_the_finger(tab):
    tab.locator(TURN).scroll_into_view_if_needed()
    settle(tab)
    slide(tab, "#li-turn-degrees", 90)
    assert said(tab, TURN, "ori")[0] == pytest.approx(90, abs=15)
    box = tab.locator(f"{TURN} .li-variant").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(middle[0] + 60, middle[1])
    tab.mouse.down()
    tab.mouse.move(middle[0], middle[1] + 60, steps=3)
    tab.mouse.up()
    settle(tab)
    assert abs(float(tab.input_value("#li-turn-degrees"))) == pytest.approx(180, abs=4)
    screenshot(tab, "lift-turn", TURN)


@pytest.mark.dirty
def test_two_photographs_of_a_visitor_go_along_to_correspondences(tab, tmp_path):
    assert tab.locator(f"{OWN} .li-panels").is_hidden()
    for name, picture in zip(("first", "second"), views.EXAMPLES["askew"]()):
        image(picture).save(tmp_path / f"{name}.png")
        tab.set_input_files(f"#lift-{name} input[type=file]", tmp_path / f"{name}.png")
    tab.wait_for_selector(f"{OWN} figure[data-method=lift][data-right]")
    settle(tab)
    right, wrong = counts(tab, "lift", OWN)
    assert right > wrong
    tab.click(f"{OWN} .li-handed a")
    tab.wait_for_selector("#correspondence-board:not([data-pair=room])[data-kept]")
    settle(tab)
    assert int(tab.locator("#correspondence-board").get_attribute("data-kept")) > 50
