"""The autoencoder tab as a visitor meets it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from demos.autoencoder import api
from tests.autoencoder.reading import pixels
from tests.support.browser import PHONE, draw_strokes, open_tab, screenshot, settle

PAPER = "#autoencoder-board .pad-paper canvas"
BARS = "#autoencoder-board [data-model=network] .ae-bars"
THREE = [[(0.32, 0.25), (0.6, 0.2), (0.68, 0.34), (0.5, 0.48), (0.7, 0.6), (0.62, 0.78), (0.3, 0.76)]]
SECONDS = 90_000  # of patience, in milliseconds: other tests, a training run, a slow machine


def canvas(page, selector: str) -> np.ndarray:
    """What a canvas shows, in [0, 1]."""
    return pixels(page.evaluate("selector => document.querySelector(selector).toDataURL()", selector))


def decoded(page, model: str) -> np.ndarray:
    """The picture that a model, network or pca, has decoded, 28 x 28."""
    return canvas(page, f"#autoencoder-board [data-model={model}] .ae-decoded")


def code_file(page) -> dict[str, list[float]]:
    """The codes that the visitor takes away, by model."""
    with page.expect_download() as download:
        page.click(".ae-csv")
    lines = download.value.path().read_text().strip().splitlines()[1:]
    return {line.split(",")[0]: [float(value) for value in line.split(",")[1:]] for line in lines}


def drag_bar(page, unit: int, level: float, steps: int = 20) -> None:
    """Drags a bar of the network's code to a level in deviations."""
    page.locator(BARS).scroll_into_view_if_needed()
    box = page.locator(BARS).bounding_box()
    x, middle = box["x"] + (unit + 0.5) / 30 * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(x, middle)
    settle(page)  # what the unit does is shown
    page.mouse.down()
    page.mouse.move(x, middle - level / 7 * box["height"], steps=steps)
    page.mouse.up()


def test_opens_with_a_result(tab):
    for model in ("network", "pca"):
        assert decoded(tab, model).max() > 0.5
    errors = [float(text) for text in tab.locator("#autoencoder-board figcaption output").all_inner_texts()]
    assert errors[0] < errors[1]
    screenshot(tab, "autoencoder")


@pytest.mark.dirty
def test_a_dragged_bar_changes_the_picture_by_what_the_endpoint_says_and_asks_for_nothing(tab):
    tab.click("#autoencoder-board .pad-clear")
    before = decoded(tab, "network")
    draw_strokes(tab, PAPER, THREE)
    settle(tab)
    three = decoded(tab, "network")
    assert np.abs(three - before).max() > 0.2
    own = code_file(tab)
    box = tab.locator(BARS).bounding_box()
    tab.mouse.move(box["x"] + 11.5 / 30 * box["width"], box["y"] + box["height"] / 2)
    settle(tab)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "component_server" in request.url else None)
    drag_bar(tab, 11, 2.0)
    settle(tab)
    assert not asked
    assert int(tab.locator("#autoencoder-board").get_attribute("data-pictures")) >= 15  # it followed
    codes = code_file(tab)
    for model, name in (("network", "autoencoder-mnist-30d"), ("pca", "pca-mnist")):
        changed = [unit for unit in range(30) if abs(codes[name][unit] - own[name][unit]) > 1e-6]
        assert changed == [11]
        expected = pixels(api.autoencoder_decode(codes[name], name))
        assert np.abs(decoded(tab, model) - expected).max() < 0.02
    assert codes["autoencoder-mnist-30d"][11] == pytest.approx(2.0, abs=0.11)
    assert np.abs(decoded(tab, "network") - three).max() > 0.1
    tab.click(".ae-back")
    settle(tab)
    assert np.abs(decoded(tab, "network") - three).max() < 0.01
    with tab.expect_download() as download:
        tab.click(".ae-png")
    assert Image.open(download.value.path()).size == (840, 280)
    screenshot(tab, "autoencoder-three", "#autoencoder-board")


@pytest.mark.dirty
def test_the_keyboard_moves_a_bar(tab):
    before = code_file(tab)["autoencoder-mnist-30d"]
    tab.locator(BARS).focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Shift+ArrowUp")
    settle(tab)
    after = code_file(tab)["autoencoder-mnist-30d"]
    (unit,) = [unit for unit in range(30) if after[unit] != before[unit]]
    assert after[unit] - before[unit] == pytest.approx(0.6, abs=0.06)


def test_the_walks_slider_asks_for_nothing(tab):
    tab.wait_for_function("document.querySelector('[data-end=b]').value === '8'", timeout=SECONDS)
    settle(tab)
    asked: list[str] = []
    tab.on(
        "request", lambda request: asked.append(request.url) if "walk_between" in (request.post_data or "") else None
    )
    seen = set()
    for step in (0, 13, 40):
        tab.locator(".ae-along").fill(str(step))
        seen.add(tab.evaluate("document.querySelector('[data-space=network] .ae-now').toDataURL()"))
    assert len(seen) == 3 and not asked


def test_a_point_of_the_plane_is_decoded_and_drifts_when_it_is_let_go(tab):
    tab.locator(".ae-plane").scroll_into_view_if_needed()
    box = tab.locator(".ae-plane").bounding_box()
    before = canvas(tab, ".ae-at")
    tab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.12 * box["height"], steps=15)
    settle(tab)
    assert np.abs(canvas(tab, ".ae-at") - before).max() > 0.2
    at = tab.locator(".ae-point").get_attribute("transform")
    tab.mouse.up()
    tab.wait_for_function(
        "document.querySelector('#autoencoder-plane-board .ae-way').getAttribute('d')", timeout=SECONDS
    )
    tab.wait_for_function(
        "at => document.querySelector('.ae-point').getAttribute('transform') !== at", arg=at, timeout=SECONDS
    )


@pytest.mark.dirty
def test_a_spoiled_digit_heals_step_by_step(tab):
    tab.locator(".ae-spoils").scroll_into_view_if_needed()
    tab.click("text=Give it a moustache")
    settle(tab)
    tab.wait_for_function("document.querySelector('.ae-step input').value === '30'", timeout=SECONDS)
    healed = canvas(tab, ".ae-healed canvas")
    tab.locator(".ae-step input").fill("0")
    spoiled = canvas(tab, ".ae-healed canvas")
    assert np.abs(spoiled - canvas(tab, ".ae-sheet")).max() < 0.01  # step 0 is what was spoiled
    assert np.abs(spoiled - healed).sum() > 20


@pytest.mark.dirty
def test_the_page_trains_a_network_that_leaves_less_than_pca(tab):
    tab.locator("#autoencoder-laboratory-board").scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelector('.ae-lab-pca').textContent", timeout=SECONDS)
    tab.click(".ae-lab-play")
    tab.wait_for_selector("#autoencoder-laboratory-board.below", timeout=60_000)
    tab.click(".ae-lab-play")
    settle(tab)
    error, by_pca = (float(tab.locator(name).inner_text()) for name in (".ae-lab-error", ".ae-lab-pca"))
    assert error < by_pca
    assert canvas(tab, ".ae-lab-row:nth-child(2) canvas").max() > 0.5


@pytest.mark.dirty
def test_garments_have_their_own_models(tab):
    tab.click("#autoencoder-board [data-data=garments]")
    expect(tab.locator("#autoencoder-plane-board .ae-legend")).to_contain_text("trouser", timeout=SECONDS)
    settle(tab)
    labels = tab.locator("#autoencoder-board .ae-model .model").all_inner_texts()
    assert labels == ["30 units", "30 units"]
    assert decoded(tab, "network").max() > 0.3


@pytest.mark.parametrize("viewport", [PHONE])
@pytest.mark.parametrize("color_scheme", ["dark"])
def test_on_a_phone(page):
    open_tab(page, "autoencoder")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    before = decoded(page, "network")
    drag_bar(page, 8, -2.5, steps=6)
    settle(page)
    assert np.abs(decoded(page, "network") - before).max() > 0.1
    bars, picture = (
        page.locator(f"#autoencoder-board {name}").first.bounding_box() for name in (".ae-bars", ".ae-decoded")
    )
    assert abs(bars["y"] + bars["height"] - picture["y"] - picture["height"]) < 60  # seen while a finger drags
    screenshot(page, "autoencoder-phone-dark")
