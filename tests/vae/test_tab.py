"""The VAE tab as a visitor meets it: drawn on, dragged, typed into, and asked for nonsense."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PIL import Image

from dlcv.core.images.draw import sheet
from dlcv.vae.predictor import VAEPredictor
from tests.support.browser import PHONE, draw_strokes, open_tab, screenshot, settle
from tests.vae.reading import digit_in, pixels

PAPER = "#vae-board .pad-paper canvas"
SECONDS = 90_000  # of patience, in milliseconds: other tests, a training run, a slow machine


def decoded(page) -> np.ndarray:
    """The picture decoded at the point, 28 x 28 in [0, 1]."""
    uri = page.evaluate("document.querySelector('#vae-board .decoded').toDataURL()")
    return pixels(uri)[:, :, 0]


def rebuilt(page) -> list[np.ndarray]:
    """The reconstructions on the screen, by the 2-D and by the larger model."""
    return [pixels(image.get_attribute("src")) for image in page.locator("#vae-board .rebuilt").all()]


def wait_for_change(page, selector: str, attribute: str, before: str) -> None:
    """Waits until an attribute of an element is no longer what it was."""
    page.wait_for_function(
        "([selector, name, before]) => document.querySelector(selector)[name] !== before",
        arg=[selector, attribute, before],
        timeout=SECONDS,
    )


def draw_seven(page) -> None:
    """Clears the paper and draws a seven on it with the mouse."""
    page.click("#vae-board .pad-clear")
    before = page.locator("#vae-board .samples").last.get_attribute("src")
    draw_strokes(page, PAPER)
    wait_for_change(page, "#vae-board .terms:last-child .samples", "src", before)
    settle(page)


def test_opens_with_a_result(tab):
    assert decoded(tab).max() > 0.5
    assert all(picture.max() > 0.5 for picture in rebuilt(tab))
    assert tab.locator("#vae-board .posterior").get_attribute("visibility") == "visible"
    assert tab.locator("#vae-board .elbo-value").all_inner_texts()[1].endswith("nats")
    assert tab.locator("#vae-board .rebuilt + figcaption").all_inner_texts() == [
        "f(μ(X)) with\n2 latents",
        "f(μ(X)) with\n40 latents",
    ]
    screenshot(tab, "vae")


def test_a_drawn_seven_is_reconstructed_as_a_seven(tab):
    draw_seven(tab)
    small, large = rebuilt(tab)
    assert digit_in(large) == 7
    assert digit_in(small) == 7
    likelihood, kl, elbo = (
        float(re.sub(r"[^\d.−]", "", tab.locator(f"#vae-board .{name}-value").last.inner_text()).replace("−", "-"))
        for name in ("likelihood", "kl", "elbo")
    )
    assert elbo == pytest.approx(likelihood - kl, abs=0.11) and kl > 0
    screenshot(tab, "vae-seven", "#vae-board")


def test_clearing_fades_the_answers_and_undo_brings_them_back(tab):
    tab.click("#vae-board .pad-clear")
    tab.wait_for_selector("#vae-board.faded")
    assert tab.locator("#vae-board .posterior").get_attribute("visibility") == "hidden"
    tab.click("[data-keep=A]")
    assert "Draw something first" in tab.locator("#vae-board .board-message").inner_text()
    tab.click("#vae-board .pad-undo")
    tab.wait_for_selector("#vae-board:not(.faded)")
    assert tab.locator("#vae-board .posterior").get_attribute("visibility") == "visible"


def test_dragging_the_plane_changes_the_picture(tab):
    box = tab.locator("#vae-board .plane").bounding_box()
    tab.evaluate(
        """() => {
            window.shown = new Set();
            const put = CanvasRenderingContext2D.prototype.putImageData;
            CanvasRenderingContext2D.prototype.putImageData = function (data, ...rest) {
                if (data.width === 28) window.shown.add(data.data.join());
                return put.call(this, data, ...rest);
            };
        }"""
    )
    before = decoded(tab)
    tab.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.2 * box["height"], steps=40)
    settle(tab)
    tab.mouse.up()
    assert np.abs(decoded(tab) - before).max() > 0.3
    assert tab.evaluate("window.shown.size") >= 10  # it followed, and did not only arrive
    z1, z2 = (float(v) for v in re.findall(r"-?\d+\.\d+", tab.locator("#vae-board .z").inner_text().replace("−", "-")))
    assert (z1, z2) == pytest.approx((1.89, 1.89), abs=0.05)
    expected = VAEPredictor("vae-mnist-2d").decode(torch.tensor([[z1, z2]]))[0, 0].numpy()
    assert np.abs(decoded(tab) - expected).max() < 0.1  # z is shown with two decimals


def test_the_keyboard_moves_the_point(tab):
    before = tab.locator("#vae-board .z").inner_text()
    tab.locator("#vae-board .plane").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Shift+ArrowUp")
    after = tab.locator("#vae-board .z").inner_text()
    moved = np.subtract(
        *[[float(v) for v in re.findall(r"-?\d+\.\d+", text.replace("−", "-"))] for text in (after, before)]
    )
    assert moved == pytest.approx([0.1, 0.5], abs=0.011)


def test_morph_slider_shows_pictures_without_asking_again(tab):
    draw_seven(tab)
    tab.wait_for_function("document.querySelector('#vae-morph-board .between .model').textContent")
    before = tab.locator("#vae-morph-board [data-end=a] img").get_attribute("src")
    tab.click("[data-keep=A]")
    wait_for_change(tab, "#vae-morph-board [data-end=a] img", "src", before)
    assert tab.locator("#vae-morph-board [data-end=a] select").input_value() == "drawing"
    assert digit_in(pixels(tab.locator("#vae-morph-board [data-end=a] img").get_attribute("src"))) == 7
    settle(tab)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "component_server" in request.url else None)
    seen = set()
    for step in (0, 30, 60, 90):
        tab.locator("#vae-morph-board .along").fill(str(step))
        seen.add(tab.evaluate("document.querySelector('#vae-morph-board .between canvas').toDataURL()"))
    assert len(seen) == 4 and not asked
    assert tab.locator("#vae-morph-board output").inner_text() == "t = 1.00"


@pytest.mark.dirty
def test_the_prior_gives_the_same_pictures_for_the_same_seed(tab):
    picture, shown = "#vae-prior-board img", lambda: tab.locator("#vae-prior-board img").get_attribute("src")
    first = shown()
    expected = sheet(VAEPredictor("vae-mnist-40d").sample_prior(64, seed=1), 8)
    assert np.array_equal(np.uint8(255 * pixels(first) + 0.5), np.asarray(expected))
    tab.locator("#vae-prior-board .seed").fill("2")
    wait_for_change(tab, picture, "src", first)
    tab.locator("#vae-prior-board .seed").fill("1")
    tab.wait_for_function("before => document.querySelector('#vae-prior-board img').src === before", arg=first)
    tab.locator("#vae-prior-board .temperature").fill("0.1")
    wait_for_change(tab, picture, "src", first)
    assert tab.locator("#vae-prior-board output").inner_text() == "0.10"
    with tab.expect_download() as download:
        tab.click("#vae-prior-board .save")
    assert Image.open(download.value.path()).size == (896, 896)
    settle(tab)


@pytest.mark.dirty
def test_garments_are_answered_by_their_own_models(tab):
    before = tab.locator("#vae-board .samples").last.get_attribute("src")
    tab.click("[data-data=garments]")
    wait_for_change(tab, "#vae-board .terms:last-child .samples", "src", before)
    assert {label.get_attribute("title") for label in tab.locator("#vae-board .model").all()} == {
        "vae-fashion-2d",
        "vae-fashion-40d",
    }
    assert tab.locator("#vae-board .vae-examples button").count() == 10
    tab.wait_for_function("document.querySelector('#vae-morph-board .model').title === 'vae-fashion-40d'")
    assert tab.locator("#vae-prior-board [aria-pressed=true]").get_attribute("data-key") == "vae-fashion-40d"
    assert decoded(tab).max() > 0.3
    settle(tab)
    screenshot(tab, "vae-garments")


def test_evidence_grows_and_stops(tab):
    tab.locator("#vae-inside").scroll_into_view_if_needed()
    tab.wait_for_selector("#vae-evidence .js-plotly-plot", timeout=SECONDS)
    tab.wait_for_function(
        "document.querySelector('#vae-evidence-text').innerText.includes('100 samples')", timeout=SECONDS
    )
    assert tab.locator("#vae-evidence .scatterlayer .lines").count() >= 2
    go, stop, text = tab.locator("#vae-estimate"), tab.locator("#vae-stop"), tab.locator("#vae-evidence-text")
    go.click()
    tab.wait_for_function("!document.querySelector('#vae-stop').disabled", timeout=SECONDS)
    tab.wait_for_function(
        "/With [3-9],?\\d00|With [1-9],?\\d+00/.test(document.querySelector('#vae-evidence-text').innerText)",
        timeout=SECONDS,
    )
    stop.click(force=True)  # the page is busy drawing curves; a person would not wait for it to come to rest either
    tab.wait_for_function("document.querySelector('#vae-stop').disabled", timeout=SECONDS)
    settle(tab)  # the answer that was under way has ended
    at = text.inner_text()
    assert "10,000" not in at
    prior, encoder = (float(v.replace("−", "-")) for v in re.findall(r": (−?[\d.]+) ±", at))
    assert prior < encoder + 5  # the naive estimate is too low
    tab.locator("#vae-inside label", has_text="2 latents").first.click()  # what was stopped keeps nothing busy
    tab.wait_for_function(
        "before => document.querySelector('#vae-evidence-text').innerText !== before", arg=at, timeout=SECONDS
    )


def test_the_trick_narrows_the_gradient(tab):
    tab.locator("#vae-spread").scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelector('#vae-spread-text').innerText.includes('times')", timeout=SECONDS)
    ratio = re.search(r"scatters ([\d,]+) times", tab.locator("#vae-spread-text").inner_text())
    assert float(ratio[1].replace(",", "")) > 3
    tab.locator("#vae-gradients .violin").nth(1).wait_for(timeout=SECONDS)
    screenshot(tab, "vae-inside", "#vae-inside")


@pytest.mark.parametrize("viewport", [PHONE])
@pytest.mark.parametrize("color_scheme", ["dark"])
def test_on_a_phone(page):
    open_tab(page, "vae")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#vae-board .plane").scroll_into_view_if_needed()
    decoded_box, plane = (page.locator(f"#vae-board {name}").bounding_box() for name in (".decoded", ".plane"))
    assert decoded_box["y"] < plane["y"] and plane["y"] + plane["height"] - decoded_box["y"] < PHONE["height"]
    before = page.evaluate("document.querySelector('#vae-board .decoded').toDataURL()")
    page.mouse.click(plane["x"] + 0.9 * plane["width"], plane["y"] + 0.9 * plane["height"])
    page.wait_for_function(
        "before => document.querySelector('#vae-board .decoded').toDataURL() !== before", arg=before, timeout=SECONDS
    )
    screenshot(page, "vae-phone-dark")


def test_an_upload_that_is_no_picture(tab, tmp_path):
    wrong, right = tmp_path / "seven.png", tmp_path / "right.png"
    wrong.write_text("a text, whatever its name says")
    Image.new("RGB", (3000, 2000), "white").save(right)
    upload = tab.locator("#vae-board input[type=file]")
    upload.set_input_files(wrong)
    tab.wait_for_function("document.querySelector('#vae-board .board-message').innerText.includes('could not be read')")
    upload.set_input_files(right)  # nothing on it
    tab.wait_for_function("document.querySelector('#vae-board .board-message').innerText.includes('nothing to see')")
    draw_seven(tab)
    tab.wait_for_function("document.querySelector('#vae-board .board-message').innerText === ''", timeout=SECONDS)
