"""The PointNet tab: what a visitor does there with shapes, files and sliders, and what bad files get."""

import io
import re
import urllib.request

import numpy as np
import pytest
import torch
import trimesh
from playwright.sync_api import expect

from demos import TOPICS, frame, pointnet
from demos.frame.checks import UNEXPECTED
from demos.pointnet import boards
from dlcv.core.geometry import clouds
from dlcv.pointnet import disturb, formats, shapes
from dlcv.pointnet.kinds import PARTS
from tests.pointnet import test_reading as files
from tests.support.asking import judge, post
from tests.support.browser import open_tab, screenshot
from tests.support.serving import Client

BOARD, PICK, SHUFFLE, INSIDE = (
    "#pointnet-board",
    "#pointnet-pick-board",
    "#pointnet-shuffle-board",
    "#pointnet-inside-board",
)
pytestmark = pytest.mark.skipif("pointnet" not in TOPICS, reason="its weights are being trained")
STRANGE = "Unlike anything I was trained on"
CHAIR = shapes.mesh("chair", torch.Generator().manual_seed(11))  # none of those that the tab shows


@pytest.fixture
def tab(page):
    """The tab with its first answer on it: a chair."""
    open_tab(page, "pointnet")
    expect(page.locator(f"{BOARD} .pn-bars th")).to_have_count(10, timeout=60_000)
    settle(page)
    return page


def settle(page) -> None:
    """Wait until the newest question is answered; a change reaches the script within two frames."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_selector(f"{BOARD}[aria-busy=false]", timeout=60_000)


def verdict(page) -> str:
    return page.locator(f"{BOARD} .pn-verdict").inner_text()


def shown(page, selector: str = f"{BOARD} .pn-stage canvas") -> str:
    """What a canvas shows."""
    settle(page)
    return page.evaluate("(selector) => document.querySelector(selector).toDataURL()", selector)


def upload(page, name: str, data: bytes) -> None:
    page.set_input_files("#pointnet-file input[type=file]", {"name": name, "mimeType": "", "buffer": data})


def written(kind: str) -> bytes:
    """The chair as a file: a mesh, or 3,000 points on it."""
    mesh = trimesh.Trimesh(CHAIR.vertices.numpy(), CHAIR.faces.numpy(), process=False)
    if kind == "glb":  # y up
        mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
    if kind == "xyz":
        points, _ = clouds.sample_surface(CHAIR.vertices, CHAIR.faces, 3000, torch.Generator().manual_seed(0))
        buffer = io.BytesIO()
        np.savetxt(buffer, points.numpy())
        return buffer.getvalue()
    data = mesh.export(file_type=kind)
    return data.encode() if isinstance(data, str) else data


def test_it_opens_with_a_chair_that_is_one(tab):
    assert verdict(tab).startswith("chair, ")
    assert tab.locator(f"{PICK} button[data-name]").count() == 8
    screenshot(tab, "pointnet")


@pytest.mark.parametrize("kind", ["off", "ply", "xyz", "glb"])
def test_a_made_chair_is_a_chair_as_a_file_of_any_kind(tab, kind):
    tab.locator(f"{PICK} [data-name=table]").click()
    expect(tab.locator(f"{BOARD} .pn-verdict")).to_contain_text("table")
    upload(tab, f"mine.{kind}", written(kind))
    expect(tab.locator(f"{BOARD} .pn-said")).to_contain_text(f"mine.{kind}: ", timeout=60_000)
    settle(tab)
    assert verdict(tab).startswith("chair, ")
    assert tab.locator(f"{BOARD} .pn-up [aria-pressed=true]").inner_text() == ("y" if kind == "glb" else "z")


@pytest.mark.parametrize("name", boards.PACKAGED)
def test_what_is_in_no_class_is_said_to_be_strange(tab, name):
    tab.locator(f"{PICK} [data-name={name}]").click()
    expect(tab.locator(f"{BOARD} .pn-verdict")).to_have_text(STRANGE)
    assert float(re.search(r"Strangeness (\S+):", tab.locator(f"{BOARD} .pn-sub").inner_text())[1]) > 1


def test_shuffling_changes_the_mlp_and_not_pointnet(tab):
    says, largest = (tab.locator(f"{SHUFFLE} .ps-{name}") for name in ("says", "largest"))
    expect(says.first).to_contain_text("chair")
    before, listed = says.all_inner_texts(), shown(tab, f"{SHUFFLE} canvas")
    tab.locator(f"{SHUFFLE} .ps-shuffle").click()
    expect(largest).to_have_count(2, timeout=60_000)
    after = says.all_inner_texts()
    assert after[0] == before[0] and after[1] != before[1]
    assert shown(tab, f"{SHUFFLE} canvas") != listed
    pointnet_moves, mlp_moves = (number(text) for text in largest.all_inner_texts())
    assert pointnet_moves < 1e-5
    assert mlp_moves > 0.1
    screenshot(tab, "pointnet-shuffled", SHUFFLE)


def number(text: str) -> float:
    """2.4 × 10−7 as a number."""
    return float(text.replace(" × 10", "e").replace("−", "-").replace("\n", ""))


CALLS = """() => performance.getEntriesByType('resource').filter((entry) => entry.name.includes('component_server'))
  .map((entry) => entry.duration)"""


@pytest.mark.parametrize("slider", [slider.name for slider in pointnet.SLIDERS])
def test_a_slider_answers_within_200_ms(tab, slider):
    tab.wait_for_timeout(1500)  # the upper-bound shape, which waits for rest
    before = shown(tab)
    handle = tab.locator(f"#pointnet-{slider}")
    low, high, step = (float(handle.get_attribute(name)) for name in ("min", "max", "step"))
    taken = []
    for part in (0.3, 0.4, 0.5, 0.6, 0.7):
        tab.evaluate("() => performance.clearResourceTimings()")
        handle.fill(f"{low + round(part * (high - low) / step) * step:.3f}")
        settle(tab)
        taken += tab.evaluate(CALLS)[:1]
    assert len(taken) == 5 and np.median(taken) < 200, taken
    tab.wait_for_timeout(100)
    assert shown(tab) != before


def test_half_a_chair_has_half_the_points_and_reset_brings_them_back(tab):
    tab.locator(f"{BOARD} .pn-side").select_option("top")
    expect(tab.locator(f"{BOARD} .pn-legend")).to_contain_text("512 points")
    tab.locator(f"{BOARD} .pn-reset").click()
    expect(tab.locator(f"{BOARD} .pn-legend")).to_contain_text("1,024 points")


def test_every_colouring_says_what_it_shows(tab):
    legend, seen = tab.locator(f"{BOARD} .pn-legend"), {shown(tab)}
    words_of = {"part": "seat", "critical": r"\d+ of 1024 points .* they decide", "wins": "of 1,024 features"}
    for key, words in words_of.items():
        tab.locator(f"{BOARD} [data-key={key}]").click()
        expect(legend).to_contain_text(re.compile(words))
        tab.wait_for_timeout(100)
        seen.add(shown(tab))
        screenshot(tab, f"pointnet-{key}", BOARD)
    assert len(seen) == 4
    assert tab.locator(f"{BOARD} [data-key=file]").is_hidden()
    tab.locator(f"{PICK} [data-name=duck]").click()
    expect(tab.locator(f"{BOARD} [data-key=file]")).to_be_visible()


def test_the_parts_of_a_table_may_be_read_as_those_of_a_chair(tab):
    tab.locator(f"{PICK} [data-name=table]").click()
    tab.locator(f"{BOARD} [data-key=part]").click()
    legend = tab.locator(f"{BOARD} .pn-legend")
    expect(legend).to_contain_text("shelf")
    legend.locator("select").select_option("chair")
    expect(legend).to_contain_text("seat")


def test_the_inside_follows_the_sliders(tab):
    captions = tab.locator(f"{INSIDE} figcaption")
    expect(captions.nth(0)).to_contain_text("of 1024 points")
    expect(captions.nth(1)).to_contain_text("points of a grid", timeout=30_000)
    pictures = [shown(tab, f"{INSIDE} .pi-{name}") for name in ("critical", "upper", "aligned")]
    features = tab.locator(f"{INSIDE} img").get_attribute("src")
    tab.locator("#pointnet-count").fill("300")
    expect(captions.nth(0)).to_contain_text("of 300 points")
    for name, old in zip(("critical", "upper", "aligned"), pictures):  # the second waits for rest
        tab.wait_for_function(
            "([selector, old]) => document.querySelector(selector).toDataURL() != old",
            arg=[f"{INSIDE} .pi-{name}", old],
        )
    assert tab.locator(f"{INSIDE} img").get_attribute("src") != features


def test_dragging_and_keys_turn_all_clouds(tab):
    stage = tab.locator(f"{BOARD} .pn-stage canvas")
    before = [shown(tab), shown(tab, f"{INSIDE} .pi-critical")]
    box = stage.bounding_box()
    tab.mouse.move(box["x"] + 100, box["y"] + 100)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 220, box["y"] + 130, steps=5)
    tab.mouse.up()
    dragged = [shown(tab), shown(tab, f"{INSIDE} .pi-critical")]
    assert all(a != b for a, b in zip(before, dragged))
    stage.focus()
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_timeout(100)
    assert shown(tab) != dragged[0]
    tab.locator(f"{BOARD} .pn-symmetric [data-key=sum]").click()  # the view stays when the answer changes
    settle(tab)
    assert verdict(tab).startswith("chair, ")


def test_the_coloured_cloud_can_be_taken_away(tab):
    tab.locator(f"{BOARD} [data-key=critical]").click()
    with tab.expect_download() as download:
        tab.locator(f"{BOARD} .pn-save").click()
    with open(download.value.path(), "rb") as file:
        found = formats.parse(file.read(), "ply")
    assert download.value.suggested_filename == "cloud.ply"
    assert found.points.shape == (1024, 3) and np.linalg.norm(found.points, axis=1).max() == pytest.approx(1, abs=1e-3)
    assert len(np.unique(found.colours, axis=0)) == 2  # those that decide, and the others


def test_bad_files_get_a_sentence_and_the_next_is_read(tab):
    said = tab.locator(f"{PICK} .board-message")
    for name, (data, words) in files.BAD.items():
        tab.locator(f"{PICK} [data-name=chair]").click()  # clears what was said
        expect(said).to_have_text("")
        upload(tab, name, data)
        expect(said).to_have_text(re.compile(words), timeout=30_000)
        assert said.inner_text() != UNEXPECTED
    upload(tab, "mine.ply", written("ply"))
    expect(tab.locator(f"{BOARD} .pn-said")).to_contain_text("mine.ply: ", timeout=60_000)
    assert said.inner_text() == ""


@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}])
@pytest.mark.parametrize("color_scheme", ["dark"])
def test_it_fits_a_phone(tab):
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(tab, "pointnet-phone")


# Without a browser


def sent(gallery, name: str, data: bytes) -> dict:
    """A file as a client uploads it, and names it then."""
    head = f'--f\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    request = urllib.request.Request(
        f"{gallery.url}/gradio_api/upload",
        head.encode() + data + b"\r\n--f--\r\n",
        {"Content-Type": "multipart/form-data; boundary=f"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        path = re.findall(rb'"(.+?)"', answer.read())[0].decode()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


AT_REST = ["guess", "max", 1024, 0, 0, 0, "left", 0, 0, 0]


def test_a_client_gets_the_class_the_parts_and_the_differences(gallery):
    file, client = sent(gallery, "mine.ply", written("ply")), Client(gallery)
    (found,) = client.run("/pointnet_classify", [file, "table", *AT_REST])
    assert found["class"] == "chair" and len(found["points"]) == 1024
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-2)
    assert 0 < len(found["critical"]) < 1024 and found["strangeness"] <= 1
    (found,) = client.run("/pointnet_classify", [None, "duck", *AT_REST])
    assert found["class"] is None and found["strangeness"] > 1 and found["up"] == "y"
    (found,) = client.run("/pointnet_parts", [file, "", "guess", "chair"])
    assert found["names"] == list(PARTS["chair"]) and len(found["labels"]) == 1024
    (found,) = client.run("/pointnet_shuffle", [file, "", "z", "max"])
    assert found["pointnet"] < 1e-5 < found["flat"]


def test_bad_files_of_a_client_get_a_sentence(gallery):
    faults = []
    for name, (data, words) in files.BAD.items():
        status, answer = post(
            f"{gallery.url}/gradio_api/run/pointnet_classify", {"data": [sent(gallery, name, data), "chair", *AT_REST]}
        )
        faults += judge(status, answer, name)
        if not re.search(words, answer.get("error") or ""):
            faults.append(f"{name}: {str(answer)[:200]}")
    for path in ("/etc/passwd", "http://127.0.0.1:9/x.ply", "app.py"):
        for meta in ({}, {"meta": {"_type": "gradio.FileData"}}):
            body = {"data": [{"path": path, **meta}, "chair", *AT_REST]}
            status, answer = post(f"{gallery.url}/gradio_api/run/pointnet_classify", body)
            faults += judge(status, answer, path) if "error" in answer else [f"{path} was read: {str(answer)[:100]}"]
    assert not faults, "\n".join(faults)


def query(**changes) -> dict:
    """A good question to the boards' functions, with some fields changed."""
    cloud = boards.shape({"name": "chair", "seed": 1})
    at_rest = {slider.name: slider.neutral for slider in pointnet.SLIDERS} | {"side": "left"}
    return {"cloud": cloud["cloud"], "up": "z", "symmetric": "max", "kind": "chair", "seed": 0} | at_rest | changes


def test_the_sliders_are_the_librarys_limits():
    assert {slider.name: (slider.low, slider.high) for slider in pointnet.SLIDERS} == disturb.LIMITS
    assert set(boards.SIDES) == set(disturb.SIDES)


def test_points_survive_the_wire():
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = boards.cloud_of({"cloud": boards.packed(points), "up": "z"})
    torch.testing.assert_close(found, points, atol=1e-4, rtol=0)


FORGED = [
    {"cloud": None},
    {"cloud": ""},
    {"cloud": "é" * 60},
    {"cloud": "AAAA" * 10},
    {"cloud": "A" * 1_000_000},
    {"cloud": boards.coded([1, 2, 3] * 5, "<i2")},
    {"cloud": boards.coded([1, 2, 3] * 500, "<i2")},
    {"cloud": ["/etc/passwd"]},
    {"up": "w"},
    {"symmetric": "mean"},
    {"side": "inside"},
    {"kind": "car"},
    {"count": None},
    {"noise": "1"},
    {"turn_x": float("nan")},
    {"seed": -1},
]
ASK = [
    boards.look,
    boards.parts,
    boards.upper_bound,
    boards.shuffle,
    boards.differences,
]
READ_BY = {"kind": [boards.parts], "seed": [boards.shuffle], "symmetric": [ASK[0], *ASK[3:]]}


@pytest.mark.parametrize("changes", FORGED, ids=lambda changes: "-".join(map(str, *changes.items()))[:30])
def test_forged_questions_get_a_sentence(changes):
    for ask in READ_BY.get(next(iter(changes)), ASK):
        answer = frame.live(ask)(query(**changes))
        assert set(answer) == {"error"} and answer["error"].endswith(".")
        assert answer["error"] != UNEXPECTED
