"""The Depth tab: a photograph gets its depth in its own size, its scene is turned and taken away, a pair is rebuilt."""

import base64
import io
import re

import numpy as np
import PIL.Image
import pytest
import trimesh
from playwright.sync_api import expect
from skimage import data

from demos import TOPICS, frame
from demos.depth import boards, pair
from demos.frame.checks import UNEXPECTED
from dlcv.depth import clouds
from tests.frame.test_bad_input import judge, post
from tests.support.browser import open_tab, screenshot
from tests.support.serving import Client

CLOUD, PAIR, MAP, PICTURE = "#depth-board", "#depth-pair-board", "#depth-map", "#depth-picture"
REMOVE = f"{PICTURE} button[aria-label='Remove Image']"
PATIENCE = 120_000

pytestmark = pytest.mark.skipif("depth" not in TOPICS, reason="its weights are being trained")


@pytest.fixture
def tab(page):
    """The tab with the depth of its first example and the first pair on it."""
    open_tab(page, "depth")
    expect(page.locator(f"{CLOUD} .dp-ply")).to_be_enabled(timeout=PATIENCE)
    expect(page.locator(f"{PAIR} .ds-grid img")).to_have_count(10, timeout=PATIENCE)
    return page


def jpeg(size: tuple[int, int], orientation: int = 1, focal: int | None = None) -> bytes:
    """A photograph as a telephone writes it: `size` as stored, and how it was held."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.array([[[height]], [[width]]])
    pixels = np.stack([255 * x, 255 * y, 127 + 0 * x], axis=2).astype(np.uint8)
    exif = PIL.Image.Exif()
    exif[PIL.ExifTags.Base.Orientation] = orientation
    if focal:
        exif.get_ifd(PIL.ExifTags.IFD.Exif)[PIL.ExifTags.Base.FocalLengthIn35mmFilm] = focal
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", exif=exif, quality=80)
    return file.getvalue()


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
    photograph, depth = under_the_slider(tab)
    assert photograph.size == depth.size == PIL.Image.open(frame.PHOTOGRAPHS[0]).size
    assert np.asarray(depth).std() > 10
    expect(tab.locator("#depth-scale")).to_contain_text("relative")
    canvas = f"{CLOUD} canvas"
    before = drawn(tab, canvas)
    tab.locator(canvas).focus()
    tab.keyboard.press("ArrowLeft")
    turned = drawn(tab, canvas)
    assert turned != before
    tab.locator("#depth-focal").fill("90")
    assert drawn(tab, canvas) != turned
    expect(tab.locator(f"{CLOUD} output")).to_have_text("90 mm")
    screenshot(tab, "depth")


def test_the_kitchens_network_speaks_in_metres(tab):
    tab.get_by_label("Learned from measured depth").check()
    expect(tab.locator("#depth-scale")).to_contain_text("kitchen", timeout=PATIENCE)
    marks = tab.locator("#depth-scale span").all_inner_texts()
    metres = [float(mark.removesuffix(" m")) for mark in marks]
    assert len(metres) == 5 and metres == sorted(metres, reverse=True) and 0.3 < metres[-1] < metres[0] < 11
    expect(tab.locator(f"{CLOUD} .dp-unit")).to_contain_text("metres")


def test_files_can_be_taken_away_and_load_again(tab):
    cloud = trimesh.load(io.BytesIO(saved(tab, ".dp-ply")), file_type="ply")
    assert (
        len(cloud.vertices) > 10_000 and np.isfinite(cloud.vertices).all() and len(cloud.colors) == len(cloud.vertices)
    )
    assert -cloud.vertices[:, 2].max() == pytest.approx(1, abs=1e-3)  # the nearest; the camera looks along -z
    picture = PIL.Image.open(io.BytesIO(saved(tab, ".dp-png")))
    assert picture.size == PIL.Image.open(frame.PHOTOGRAPHS[0]).size
    values = np.array(picture)
    assert values.max() > 60_000 and len(np.unique(values)) > 1000


def test_a_phones_photograph_comes_back_as_it_was_held(tab):
    """12 megapixels, stored on their side."""
    tab.locator(REMOVE).click()
    upload(tab, PICTURE, "phone.jpg", jpeg((4000, 3000), orientation=6, focal=26))
    expect(tab.locator(f"{CLOUD} .dp-told")).to_contain_text("As the camera wrote", timeout=PATIENCE)
    expect(tab.locator(f"{CLOUD} output")).to_have_text("26 mm")
    photograph, depth = under_the_slider(tab)
    assert photograph.size == depth.size == (3000, 4000)
    corner = photograph.getpixel((2990, 10))  # the first pixel stored, after a quarter of a turn
    assert max(corner[:2]) < 20


def test_without_a_picture_nothing_is_lost(tab):
    tab.locator(REMOVE).click()
    expect(tab.locator(f"{PICTURE} img")).to_have_count(0)
    tab.wait_for_timeout(500)
    assert under_the_slider(tab)[0].size == PIL.Image.open(frame.PHOTOGRAPHS[0]).size
    tab.get_by_text("A published network").click()
    tab.locator("#depth-published").click()
    expect(tab.get_by_text("Choose a picture first")).to_be_visible(timeout=PATIENCE)


def test_the_published_network_is_not_there_and_that_is_said(tab):
    tab.get_by_text("A published network").click()
    tab.locator("#depth-published").click()
    expect(tab.get_by_text(re.compile("needs the package transformers|is not on this computer yet"))).to_be_visible(
        timeout=PATIENCE
    )


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
    assert tab.locator(f"{PAIR} .ds-scales img").count() == 4 and tab.locator(f"{PAIR} .ds-losses h3").count() == 3
    screenshot(tab, "depth-made", PAIR)


def as_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


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


@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}], ids=["phone"])
@pytest.mark.parametrize("color_scheme", ["dark"])
def test_a_phone_shows_everything_within_its_width(tab):
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(tab, "depth-phone")


# Without a browser


def uri(content: bytes, kind: str = "jpeg") -> dict:
    return {"url": f"data:image/{kind};base64,{base64.b64encode(content).decode()}"}


def test_a_client_gets_the_map_the_files_and_the_pair(gallery):
    client, network = Client(gallery), next(iter(boards.NETWORKS))
    picture, numbers = client.run("/depth_map", [uri(jpeg((4000, 3000), orientation=6)), network])
    assert (numbers["width"], numbers["height"]) == (3000, 4000) and numbers["least"] < numbers["most"]
    (files,) = client.run("/depth_files", [uri(jpeg((400, 300), focal=50)), list(boards.NETWORKS)[1], 0])
    assert files["focal"] == 50
    millimetres = np.array(PIL.Image.open(io.BytesIO(base64.b64decode(files["png"]))))
    cloud = trimesh.load(io.BytesIO(base64.b64decode(files["ply"])), file_type="ply")
    assert millimetres.shape == (300, 400)
    assert -cloud.vertices[:, 2].max() == pytest.approx(millimetres.min() / 1000, rel=0.02)
    left, right, _ = data.stereo_motorcycle()
    eyes = [uri(as_png(one), "png") for one in (left, right)]
    *_, own = client.run("/depth_stereo", [*eyes, "", 0])
    *_, packaged = client.run("/depth_stereo", [None, None, "motorcycle", 0])
    assert own["matched"] > 0.5 and own["l1"] == pytest.approx(packaged["l1"], abs=0.02)


def scene() -> dict:
    """What the cloud's board sends."""
    picture = PIL.Image.new("RGB", (40, 30), (10, 200, 30))
    query = {"near": frame.coded(np.full(1200, 30_000), "<u2"), "nearest": 0.5, "focal": 28, "size": [300, 400]}
    return query | {"colours": frame.coded(np.array(picture), "u1"), "grid": [30, 40]}


def test_files_of_a_scene_in_metres():
    picture = np.array(PIL.Image.open(io.BytesIO(base64.b64decode(boards.png(scene())["file"]))))
    assert picture.shape == (300, 400) and np.abs(picture - 2000 * 65_535 / 30_000).max() <= 1
    cloud = trimesh.load(io.BytesIO(base64.b64decode(boards.ply(scene())["file"])), file_type="ply")
    wide = np.ptp(cloud.vertices[:, 0]) / 4.369
    assert wide == pytest.approx(39 / clouds.focal_pixels(28, 30, 40), rel=1e-3)


FORGED = [
    {"near": None},
    {"near": ""},
    {"near": "é" * 100},
    {"near": "AAAA"},
    {"colours": "AAAA"},
    {"grid": [30]},
    {"grid": [2000, 2000]},
    {"grid": ["30", 40]},
    {"nearest": float("nan")},
    {"nearest": "1"},
]


@pytest.mark.parametrize("changes", FORGED, ids=lambda changes: "-".join(map(str, *changes.items()))[:30])
def test_forged_scenes_get_a_sentence(changes):
    for ask in (boards.ply, boards.png):
        answer = frame.live(ask)(scene() | changes)
        assert set(answer) == {"error"} and answer["error"].endswith(".") and answer["error"] != UNEXPECTED


@pytest.mark.parametrize("changes", [{"focal": None}, {"size": [16_000, 16_000]}, {"size": None}, {"focal": "28"}])
def test_forged_settings_get_a_sentence(changes):
    ask = boards.ply if "focal" in changes else boards.png
    answer = frame.live(ask)(scene() | changes)
    assert set(answer) == {"error"} and answer["error"] != UNEXPECTED


@pytest.mark.parametrize("query", [{}, {"name": "made"}, {"name": "x", "seed": 1}, {"name": "made", "seed": -1}])
def test_forged_questions_about_pairs_get_a_sentence(query):
    answer = frame.live(pair.pair)(query)
    assert set(answer) == {"error"} and answer["error"] != UNEXPECTED


def test_a_client_who_sends_one_eye_is_told_so(gallery):
    body = {"data": [uri(jpeg((64, 48))), None, "motorcycle", 0]}
    status, answer = post(f"{gallery.url}/gradio_api/run/depth_stereo", body)
    assert not judge(status, answer, "one eye") and "both pictures" in answer["error"]
