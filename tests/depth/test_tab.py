"""The Depth tab: a photograph gets its depth in its own size, its scene is turned and taken away, a pair is rebuilt."""

import io
import re

import numpy as np
import PIL.Image
import pytest
import trimesh
from playwright.sync_api import expect
from skimage import data

from demos.depth import pair, photograph
from tests.depth.photographs import as_png, jpeg
from tests.support.browser import screenshot, settle

CLOUD, PAIR, MAP, PICTURE = "#depth-board", "#depth-pair-board", "#depth-map", "#depth-picture"
REMOVE = f"{PICTURE} button[aria-label='Remove Image']"
PATIENCE = 120_000


def upload(page, place: str, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "image/jpeg" if name.endswith("jpg") else "image/png", "buffer": content}
    page.locator(f"{place} input[type=file]").first.set_input_files(file)


def under_the_slider(page) -> tuple[PIL.Image.Image, PIL.Image.Image]:
    """The photograph and its depth, as they came from the server."""
    sources = page.locator(f"{MAP} img").evaluate_all("images => images.map((image) => image.src)")
    first, second = (PIL.Image.open(io.BytesIO(page.request.get(source).body())).convert("RGB") for source in sources)
    return first, second


def drawn(page, selector: str) -> str:
    """What a canvas shows."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate("(selector) => document.querySelector(selector).toDataURL()", selector)


def saved(page, button: str) -> bytes:
    """The file behind a button."""
    with page.expect_download(timeout=PATIENCE) as download:
        page.locator(f"{CLOUD} {button}").click()
    with open(download.value.path(), "rb") as file:
        return file.read()


def test_a_photograph_has_its_depth_and_its_scene_can_be_turned(tab):
    picture, depth = under_the_slider(tab)
    assert picture.size == depth.size == PIL.Image.open(photograph.EXAMPLES[0]).size
    assert np.asarray(depth).std() > 10
    expect(tab.locator("#depth-scale")).to_contain_text("relative")
    canvas = f"{CLOUD} canvas"
    tab.locator(canvas).scroll_into_view_if_needed()
    looks_other = f"(seen) => document.querySelector('{canvas}').toDataURL() !== seen"
    tab.wait_for_function(looks_other, arg=drawn(tab, canvas))  # it sways
    tab.emulate_media(reduced_motion="reduce")
    drawn(tab, canvas)
    seen = drawn(tab, canvas)
    assert all(drawn(tab, canvas) == seen for _ in range(10))  # unless asked not to
    tab.locator(canvas).focus()
    tab.keyboard.press("ArrowLeft")
    turned = drawn(tab, canvas)
    assert turned != seen
    tab.locator("#depth-focal").fill("90")
    assert drawn(tab, canvas) != turned
    expect(tab.locator(f"{CLOUD} output")).to_have_text("90 mm")
    screenshot(tab, "depth")
    tab.locator("#depth-focal").fill("28")


def test_the_pointer_says_how_far_away_what_it_is_on_lies(tab):
    image = tab.locator(f"{MAP} img").first
    image.scroll_into_view_if_needed()
    box, (wide, high) = image.bounding_box(), image.evaluate("(it) => [it.naturalWidth, it.naturalHeight]")
    scale = min(box["width"] / wide, box["height"] / high)  # it stands in the middle of its box
    middle, said = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), {}
    for name, (x, y) in {"base": (0.5, 0.95), "top": (0.56, 0.25), "sky": (0.1, 0.2)}.items():
        tab.mouse.move(middle[0] + (x - 0.5) * scale * wide, middle[1] + (y - 0.5) * scale * high)
        said[name] = tab.locator(f"{MAP} .dp-far").inner_text()
    assert all(text.endswith(" times as far as the nearest") for text in said.values())
    far = {name: float(text.split()[0]) for name, text in said.items()}
    assert 1 <= far["base"] < far["top"] < far["sky"]
    screenshot(tab, "depth-pointer")
    tab.mouse.move(5, 5)
    expect(tab.locator(f"{MAP} .dp-far")).to_be_hidden()


def test_the_kitchens_network_speaks_in_metres(tab):
    tab.get_by_label(photograph.LABELS[photograph.KITCHEN]).check()
    expect(tab.locator("#depth-scale")).to_contain_text("kitchen", timeout=PATIENCE)
    marks = tab.locator("#depth-scale span").all_inner_texts()
    metres = [float(mark.removesuffix(" m")) for mark in marks]
    box = tab.locator(f"{MAP} img").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert re.fullmatch(r"\d+\.\d m", tab.locator(f"{MAP} .dp-far").inner_text())
    assert len(metres) == 5 and metres == sorted(metres, reverse=True) and 0.3 < metres[-1] < metres[0] < 11
    expect(tab.locator(f"{CLOUD} .dp-unit")).to_contain_text("metres")
    tab.get_by_label(photograph.LABELS[photograph.STEREO]).check()
    expect(tab.locator("#depth-scale")).to_contain_text("relative", timeout=PATIENCE)


def test_a_word_says_where_a_picture_is_unlike_what_was_learned_from(tab):
    tab.get_by_label(photograph.LABELS[photograph.PUBLISHED]).check()
    expect(tab.locator("#depth-scale")).to_contain_text("photographs of sights", timeout=PATIENCE)
    expect(tab.locator(".depth-unlike")).to_have_count(0)  # a landscape
    tab.locator(REMOVE).click()
    upload(tab, PICTURE, "bricks.png", as_png(np.stack([data.brick()] * 3, axis=2)))
    expect(tab.locator(".depth-unlike")).to_contain_text("unlike those that the network learned", timeout=PATIENCE)
    tab.locator(REMOVE).click()
    tab.get_by_role("button", name="tower").first.click()
    expect(tab.locator(".depth-unlike")).to_have_count(0, timeout=PATIENCE)
    tab.get_by_label(photograph.LABELS[photograph.STEREO]).check()
    expect(tab.locator("#depth-scale")).to_contain_text("two eyes", timeout=PATIENCE)


def test_files_can_be_taken_away_and_load_again(tab):
    cloud = trimesh.load(io.BytesIO(saved(tab, ".dp-ply")), file_type="ply")
    assert (
        len(cloud.vertices) > 10_000 and np.isfinite(cloud.vertices).all() and len(cloud.colors) == len(cloud.vertices)
    )
    assert -cloud.vertices[:, 2].max() == pytest.approx(1, abs=1e-3)  # the nearest; the camera looks along -z
    mesh = trimesh.load(io.BytesIO(saved(tab, ".dp-glb")), file_type="glb").to_geometry()
    np.testing.assert_allclose(mesh.bounds, cloud.bounds, atol=0.1 * np.ptp(cloud.bounds))  # torn, it lacks some
    picture = PIL.Image.open(io.BytesIO(saved(tab, ".dp-png")))
    assert picture.size == PIL.Image.open(photograph.EXAMPLES[0]).size
    values = np.array(picture)
    assert values.max() > 60_000 and len(np.unique(values)) > 1000


def test_the_published_network_is_not_there_and_that_is_said(tab):
    tab.get_by_text("A published network").click()
    tab.locator("#depth-published").click()
    expect(tab.get_by_text(re.compile("needs the package transformers|is not on this computer yet"))).to_be_visible(
        timeout=PATIENCE
    )
    tab.get_by_text("A published network").click()


@pytest.mark.dirty
def test_without_a_picture_nothing_is_lost_and_a_phones_photograph_comes_back_as_it_was_held(tab):
    """12 megapixels, stored on their side."""
    tab.locator(REMOVE).click()
    expect(tab.locator(f"{PICTURE} img")).to_have_count(0)
    settle(tab)
    assert under_the_slider(tab)[0].size == PIL.Image.open(photograph.EXAMPLES[0]).size
    tab.get_by_text("A published network").click()
    tab.locator("#depth-published").click()
    expect(tab.get_by_text("Choose a picture first")).to_be_visible(timeout=PATIENCE)
    upload(tab, PICTURE, "phone.jpg", jpeg((4000, 3000), orientation=6, focal=26))
    expect(tab.locator(f"{CLOUD} .dp-told")).to_contain_text("As the camera wrote", timeout=PATIENCE)
    expect(tab.locator(f"{CLOUD} output")).to_have_text("26 mm")
    settle(tab)
    picture, depth = under_the_slider(tab)
    assert picture.size == depth.size == (3000, 4000)
    corner = picture.getpixel((2990, 10))  # the first pixel stored, after a quarter of a turn
    assert max(corner[:2]) < 20


def test_near_things_of_the_motorcycle_come_out_nearer(tab):
    said = tab.locator(f"{PAIR} .ds-truth")
    expect(said).to_contain_text("rank correlation")
    assert float(re.search(r"to (−?[\d.]+) \(", said.inner_text())[1].replace("−", "-")) >= 0.5
    screenshot(tab, "depth-pair", PAIR)


def test_the_eye_moves_and_the_threshold_needs_no_question(tab):
    expect(tab.locator(f"{PAIR} .ds-top figcaption").first).to_contain_text("between the eyes")
    tab.evaluate("() => performance.clearResourceTimings()")
    seen = set()
    for place, words in ((0, "beyond"), (5, "the left eye"), (10, "between"), (15, "the right eye"), (20, "beyond")):
        tab.locator(f"{PAIR} .ds-place").fill(str(place))
        expect(tab.locator(f"{PAIR} .ds-top figcaption").first).to_contain_text(words)
        seen.add(drawn(tab, f"{PAIR} .ds-view"))
    assert len(seen) == 5
    shares = []
    for pixels in ("0.25", "1", "6"):
        tab.locator(f"{PAIR} .ds-threshold").fill(pixels)
        expect(tab.locator(f"{PAIR} .ds-line output")).to_contain_text(f"{float(pixels):.2f} pixels")
        caption = tab.locator(f"{PAIR} .ds-grid figcaption").nth(7).inner_text()
        shares.append(int(re.search(r"(\d+) %", caption)[1]))
    assert shares == sorted(shares) and shares[0] < shares[-1]
    asked = (
        "() => performance.getEntriesByType('resource').filter((one) => one.name.includes('component_server')).length"
    )
    assert tab.evaluate(asked) == 0


def test_a_made_scene_is_known_in_metres_and_another_is_another(tab):
    tab.locator(f"{PAIR} [data-name=made]").click()
    caption = tab.locator(f"{PAIR} .ds-top figcaption").nth(1)
    expect(caption).to_contain_text("metres", timeout=PATIENCE)
    first = tab.locator(f"{PAIR} .ds-main").get_attribute("src")
    tab.get_by_role("button", name="Another scene").click()
    expect(tab.locator(f"{PAIR} .ds-main")).not_to_have_attribute("src", first, timeout=PATIENCE)
    assert tab.locator(f"{PAIR} .ds-scales img").count() == 4
    screenshot(tab, "depth-made", PAIR)


def test_what_each_loss_is_for_is_on_the_screen(tab):
    """The claims of the section, by its own numbers."""
    tab.locator(f"{PAIR} .ds-descend").click()
    lines = tab.locator(f"{PAIR} .ds-losses figcaption")
    expect(lines).to_have_count(4, timeout=PATIENCE)
    assert tab.locator(f"{PAIR} .ds-losses h3").all_inner_texts() == list(pair.TERMS)
    said = [[float(number) for number in re.findall(r"[\d.]+(?= %| pixels)", text)] for text in lines.all_inner_texts()]
    (agree, rough), (_, smooth), (consistent, _), (both, smoothest) = said
    assert consistent > agree + 10 and both > agree + 20
    assert smooth < 0.8 * rough and smoothest < 0.8 * rough
    settle(tab)


@pytest.mark.dirty
def test_a_visitors_own_pair(tab):
    left, right, _ = data.stereo_motorcycle()
    tab.get_by_text("Your own pair").click()
    upload(tab, "#depth-left", "left.png", as_png(left[::2, ::2]))
    upload(tab, "#depth-right", "right.png", as_png(right[::2, :-8:2]))
    for place in ("#depth-left", "#depth-right"):
        tab.wait_for_selector(f"{place} img")
    tab.locator("#depth-look").click()
    expect(tab.get_by_text("371 × 250 and 367 × 250 pixels")).to_be_visible(timeout=PATIENCE)
    tab.locator("#depth-right button[aria-label='Remove Image']").click()
    upload(tab, "#depth-right", "right.png", as_png(right[::2, ::2]))
    tab.wait_for_selector("#depth-right img")
    tab.locator("#depth-look").click()
    matched = tab.locator(f"{PAIR} .ds-grid figcaption").nth(3)
    expect(tab.locator(f"{PAIR} .ds-truth")).to_have_text("", timeout=PATIENCE)  # nobody knows it
    expect(matched).not_to_contain_text("metres")
    tab.locator("#depth-f input").fill("500")
    tab.locator("#depth-b input").fill("0.2")
    tab.locator("#depth-look").click()
    expect(matched).to_contain_text("metres", timeout=PATIENCE)
