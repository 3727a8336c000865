"""The GAN tab as a visitor meets it: a point dragged, anchors chosen, a picture drawn, and a training watched."""

from __future__ import annotations

import json
import re

import pytest

from demos.gan import boards
from tests.support.asking import ask
from tests.support.browser import PHONE, draw_strokes, open_tab, screenshot, settle

SECONDS = 90_000  # of patience, in milliseconds: other tests, a training run, a slow machine
PLANE, SHEET, LAB = "#gan-board .gan-plane", "#gan-board .gan-sheets figure:last-child", "#gan-laboratory-board"


def seen(page) -> list[str]:
    """The three pictures at the point."""
    return page.evaluate("[...document.querySelectorAll('#gan-board .gan-three canvas')].map((c) => c.toDataURL())")


def wait_for_change(page, script: str, before) -> None:
    """Waits until what the expression gives is no longer what it was."""
    page.wait_for_function(f"before => ({script}) !== before", arg=before, timeout=SECONDS)


# ---- the picture boards


def test_one_latent_goes_through_all_three(tab):
    before = seen(tab)
    assert len(set(before)) == 3
    plane = tab.locator(PLANE)
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    tab.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"], steps=10)
    tab.mouse.up()
    settle(tab)
    assert all(one != other for one, other in zip(before, seen(tab), strict=True))
    assert 0 < float(tab.locator("#gan-board .gan-three output").first.inner_text()) < 1
    screenshot(tab, "gan")


@pytest.mark.dirty
def test_a_clicked_picture_becomes_an_anchor(tab):
    """The point jumps to the new anchor, and the picture there is the one that was clicked."""
    sheet = tab.locator(f"{SHEET} .gan-sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    column, row = 5, 6
    sheet.click(position={"x": (column + 0.5) * box["width"] / 8, "y": (row + 0.5) * box["height"] / 8})
    assert tab.locator("[data-anchor='1']").get_attribute("aria-pressed") == "true"  # B is the next to be chosen
    settle(tab)
    apart = tab.evaluate(
        """([sheet, column, row]) => {
            const pen = new OffscreenCanvas(28, 28).getContext('2d');
            pen.drawImage(document.querySelector(`${sheet} img`), 28 * column, 28 * row, 28, 28, 0, 0, 28, 28);
            const clicked = pen.getImageData(0, 0, 28, 28).data;
            const last = document.querySelector('#gan-board .gan-three figure:last-child canvas');
            const at = last.getContext('2d').getImageData(0, 0, 28, 28).data;
            return Math.max(...at.map((value, i) => Math.abs(value - clicked[i])));
        }""",
        [SHEET, column, row],
    )
    assert apart <= 2


def test_truncation_and_seeds_change_the_sheets(tab):
    source = "document.querySelector('#gan-board .gan-sheet img').src"
    first = tab.evaluate(source)
    assert first == ask(boards.show_samples, {"data": "digits", "seed": 1, "truncation": 1})["sheets"]["gan"]
    tab.locator("#gan-board .gan-truncation input").fill("0.5")
    wait_for_change(tab, source, first)
    assert tab.locator("#gan-board .gan-truncation output").inner_text() == "0.50"
    second = tab.evaluate(source)
    tab.click("#gan-board .gan-again")
    wait_for_change(tab, source, second)
    tab.locator("#gan-board .gan-seed").fill("1")
    tab.locator("#gan-board .gan-truncation input").fill("1")
    tab.wait_for_function(f"first => {source} === first", arg=first, timeout=SECONDS)


def test_the_walk_goes_round_and_can_be_stopped(tab):
    place = "document.querySelector('#gan-board .gan-point').getAttribute('transform')"
    before = tab.evaluate(place)
    tab.click("#gan-board .gan-walk")
    wait_for_change(tab, place, before)
    tab.click("#gan-board .gan-walk")
    settle(tab)
    stopped = tab.evaluate(place)
    settle(tab)
    assert tab.evaluate(place) == stopped


def test_a_drawing_is_scored_by_three_critics(tab):
    scores = "document.querySelector('#gan-critic-board .critic-scores').innerText"
    tab.wait_for_function(f"{scores}.includes('%')", timeout=SECONDS)
    before = tab.evaluate(scores)
    tab.click("#gan-critic-board .pad-clear")
    tab.wait_for_function(f"!{scores}", timeout=SECONDS)  # the pad tells of it in the next frame
    draw_strokes(tab, "#gan-critic-board .pad-paper canvas", [[(0.5, 0.15), (0.5, 0.85)]])
    tab.wait_for_function(f"{scores}.includes('%')", timeout=SECONDS)
    assert tab.evaluate(scores) != before and tab.evaluate(scores).count("generated ones") == 3


@pytest.mark.dirty
def test_garments_reach_all_boards(tab):
    bars = "document.querySelector('#gan-modes-board [data-name=gan] svg').innerHTML"
    tab.wait_for_function(f"{bars}.includes('rect')", timeout=SECONDS)
    counts = tab.evaluate("[...document.querySelectorAll('#gan-modes-board .modes-count')].map((t) => +t.textContent)")
    assert [sum(counts[i : i + 10]) for i in (0, 10, 20, 30)] == [1000] * 4
    before = tab.evaluate(bars)
    tab.click("#gan-board [data-data=garments]")
    wait_for_change(tab, bars, before)
    tab.wait_for_function(f"{bars}.includes('ankle boot')", timeout=SECONDS)
    tab.wait_for_function("!document.querySelector('#gan-critic-board .critic-scores').innerText")  # a digit's scores


def test_the_garments_grow(tab):
    tab.locator("#gan-progressive-board").scroll_into_view_if_needed()
    picture = "document.querySelector('#gan-progressive-board img').src"
    tab.wait_for_function(picture, timeout=SECONDS)
    before = tab.evaluate(picture)
    tab.locator("#gan-progressive-board input").fill("1.5")
    wait_for_change(tab, picture, before)
    assert tab.locator("#gan-progressive-board .grow-stage").inner_text() == "16 × 16 pixels, 50 % of the new layer"
    tab.click("#gan-progressive-board .grow-play")
    tab.wait_for_function("document.querySelector('#gan-progressive-board input').value >= 4", timeout=SECONDS)
    before = tab.evaluate(picture)
    tab.locator("#gan-progressive-board select").select_option("shoes")
    wait_for_change(tab, picture, before)


def test_the_nearest_photographs_are_shown(tab):
    tab.locator("#gan-compare").scroll_into_view_if_needed()
    tab.click("#gan-compare")
    tab.wait_for_selector("#gan-compared img", timeout=SECONDS)
    ours, real = (float(v) for v in re.findall(r"0\.\d{3}", tab.locator("#gan-compare-text").inner_text()))
    assert 0 < ours < 1 and 0 < real < 1


# ---- the points


def test_a_dragged_point_changes_the_distance(tab):
    tab.locator("#gan-transport-board").scroll_into_view_if_needed()
    cost = "document.querySelector('#gan-transport-board figcaption output').textContent"
    tab.wait_for_function(cost, timeout=SECONDS)
    settle(tab)  # what still comes in above would move the point away
    before = tab.evaluate(cost)
    point = tab.locator("#gan-transport-board .transport-points circle").last
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 60, box["y"] - 60, steps=8)
    tab.mouse.up()
    wait_for_change(tab, cost, before)


# ---- the laboratory


def facts(page) -> dict:
    """Step, distance and modes of the laboratory's first plane."""
    section = page.locator(f"{LAB} .lab-screens section").first
    texts = section.locator("dd").all_inner_texts()
    step = section.locator("h3 span").inner_text()
    return {"step": int(step.removeprefix("step ").replace(",", "")), "distance": float(texts[0]), "modes": texts[1]}


@pytest.fixture
def laboratory(tab):
    """The laboratory in view, with WGAN-GP on the ring of 8 alone."""
    tab.locator(LAB).scroll_into_view_if_needed()
    tab.wait_for_selector(f"{LAB} .lab-screens section dd", timeout=SECONDS)
    tab.select_option(f"{LAB} .lab-second", "")
    tab.wait_for_function("document.querySelectorAll('#gan-laboratory-board .lab-screens section').length === 1")
    return tab


@pytest.mark.dirty
def test_eight_modes_are_found_before_ones_eyes(laboratory):
    laboratory.evaluate(
        "() => { window.frames_seen = 0; new MutationObserver(() => { window.frames_seen++; })"
        ".observe(document.querySelector('#gan-laboratory-board .lab-screens h3 span'), {childList: true}); }"
    )
    laboratory.click(f"{LAB} .lab-play")
    laboratory.wait_for_function(
        "document.querySelectorAll('#gan-laboratory-board dd')[1].textContent === '8 of 8'", timeout=SECONDS
    )
    laboratory.click(f"{LAB} .lab-play")
    settle(laboratory)
    assert facts(laboratory)["distance"] < 0.5
    assert laboratory.evaluate("window.frames_seen") >= 10  # it was watched, and not only its end shown
    screenshot(laboratory, "gan-laboratory", LAB)


@pytest.mark.dirty
def test_pause_holds_and_single_steps_go_on(laboratory):
    laboratory.click(f"{LAB} .lab-play")
    wait_for_change(laboratory, "document.querySelector('#gan-laboratory-board h3 span').textContent", "step 0")
    laboratory.click(f"{LAB} .lab-play")
    settle(laboratory)
    held = facts(laboratory)
    settle(laboratory)
    assert facts(laboratory) == held
    laboratory.click(f"{LAB} [data-who=both]")
    settle(laboratory)
    after = facts(laboratory)
    assert after["step"] == held["step"] + 1
    laboratory.click(f"{LAB} [data-who=critic]")  # the generator stands still
    settle(laboratory)
    assert facts(laboratory)["distance"] == after["distance"] and facts(laboratory)["step"] == after["step"]


@pytest.mark.dirty
def test_leaving_the_page_ends_the_run(laboratory):
    """After a visitor has left in the middle of a training, it is asked for single steps: no others are taken."""
    asked = []
    laboratory.on(
        "request", lambda request: asked.append(request) if '"fn_name":"advance"' in (request.post_data or "") else None
    )
    laboratory.click(f"{LAB} .lab-play")
    wait_for_change(laboratory, "document.querySelector('#gan-laboratory-board h3 span').textContent", "step 0")
    url, body = asked[-1].url, json.loads(asked[-1].post_data)
    laboratory.goto("about:blank")
    body["data"]["rounds"] = 1
    steps = []
    for _ in range(10):
        answer = laboratory.request.post(url, data=body)
        assert answer.ok, answer.text()
        steps.append(answer.json()["seen"][0]["step"])
    begun = steps[2]  # a slice may have been under way
    assert begun > 0 and steps[2:] == [*range(begun, begun + 8)]


@pytest.mark.parametrize("viewport", [PHONE])
@pytest.mark.parametrize("color_scheme", ["dark"])
def test_on_a_phone(page):
    open_tab(page, "gan")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    three, plane = (page.locator(name).bounding_box() for name in ("#gan-board .gan-three", PLANE))
    assert three["y"] < plane["y"] and plane["y"] + plane["height"] - three["y"] < PHONE["height"]
    screenshot(page, "gan-phone-dark")
