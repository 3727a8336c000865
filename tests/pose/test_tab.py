"""The pose tab: what a visitor does there with pictures, thresholds, the hand and a camera."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import expect

from demos import frame, pose
from tests.pose.people import mosaic
from tests.support import chromium
from tests.support.browser import open_tab, screenshot, settle, visitor

BOARD, INSIDE, CAMERA = "#pose-board", "#pose-inside-board", "#pose-camera-board"
PATIENCE = 60_000  # milliseconds


def count(page) -> int:
    text = page.locator(f"{BOARD} .po-count").inner_text()
    return 0 if text.startswith("No person") else int(text.split()[0])


def drawn(page, selector: str = f"{BOARD} canvas") -> str:
    """What a canvas shows."""
    return page.evaluate("(selector) => document.querySelector(selector).toDataURL()", selector)


def seen_after(page, act: Callable[[], None]) -> None:
    """Wait until the people are drawn that are found because of an act."""
    page.evaluate("""() => { window.poseSeen = 0;
      document.addEventListener('pose:found', () => { window.poseSeen++; }, {once: true}); }""")
    act()
    page.wait_for_function("() => window.poseSeen > 0", timeout=PATIENCE)
    settle(page)


def look_at(page, picture: PIL.Image.Image) -> None:
    """Upload a picture, and wait until its people are drawn."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    if (
        clear := page.locator("#pose-picture button[aria-label='Remove Image'], #pose-picture button[aria-label=Clear]")
    ).count():
        clear.first.click()
    file = {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    seen_after(page, lambda: page.set_input_files("#pose-picture input[type=file]", file))


def answered_by(page, kind: str) -> None:
    """Choose who answers: "movenet", "closer" for the pose machine on boxes, or "maps"."""
    page.locator(f"{BOARD} .po-network [data-key={kind}]").click()
    settle(page)


@contextmanager
def machine(page) -> Iterator[None]:
    """The pose machine answers meanwhile."""
    answered_by(page, "maps")
    yield
    answered_by(page, "movenet")


def answer(page, layout: str) -> object:
    """What a visitor takes away as JSON."""
    with page.expect_download() as download:
        page.locator(f"{BOARD} .po-{layout}").click()
    return json.loads(download.value.path().read_text())


def heads_above_hips(coco_or_openpose: dict) -> bool:
    for person in coco_or_openpose["people"]:
        triples = np.array(person["pose_keypoints_2d"]).reshape(18, 3)
        neck, hips = triples[1], [hip for hip in triples[[8, 11]] if hip[2] > 0]
        if neck[2] > 0 and any(hip[1] <= neck[1] for hip in hips):
            return False
    return True


@contextmanager
def asked(page) -> Iterator[list[str]]:
    """The addresses that the page asks meanwhile."""
    addresses: list[str] = []

    def note(request):
        addresses.append(request.url)

    page.on("request", note)
    yield addresses
    page.remove_listener("request", note)


# ---- the picture that the tab opens with; each test leaves it as it was


def test_the_person_of_the_first_picture_is_found(tab):
    assert count(tab) == 1
    openpose, coco = answer(tab, "openpose"), answer(tab, "coco")
    assert len(openpose["people"]) == len(coco) == 1 and heads_above_hips(openpose)
    assert all(coco[0]["keypoints"][2 : 3 * 5 : 3])  # nose, eyes and ears
    expect(tab.locator(f"{BOARD} .po-other")).to_have_text("Pose machine on boxes: 1 person. Pose machine: 1 person.")
    screenshot(tab, "pose-astronaut")
    with machine(tab):
        assert count(tab) == 1 and not any(answer(tab, "coco")[0]["keypoints"][: 3 * 5])
        expect(tab.locator(f"{BOARD} .po-other")).to_have_text("MoveNet: 1 person. Pose machine on boxes: 1 person.")
        screenshot(tab, "pose-astronaut-machine")
    assert answer(tab, "coco") == coco


def test_stages_and_arrows_need_no_pass_through_the_network(tab):
    with asked(tab) as addresses:
        tab.evaluate("""([board]) => {
          const root = document.querySelector(board), slider = root.querySelector('#pose-stage');
          const limb = root.querySelector('.pin-limb');
          for (const stage of [1, 2, 3]) { slider.value = stage; slider.dispatchEvent(new Event('input')); }
          for (const at of [3, 6, 9]) { limb.value = at; limb.dispatchEvent(new Event('change')); }
        }""", [INSIDE])  # fmt: skip
        settle(tab)
    assert addresses and all("component_server" in address for address in addresses)
    screenshot(tab, "pose-inside", INSIDE)


def test_every_stage_has_its_own_belief(tab):
    shown = []
    for stage in (1, 3):
        tab.locator("#pose-stage").fill(str(stage))
        expect(tab.locator(f"{INSIDE} output")).to_have_text(f"{stage} of 3")
        settle(tab)
        shown.append(tab.locator(f"{INSIDE} .pin-belief-said").inner_text())
    assert shown[0].partition(": ")[2] != shown[1].partition(": ")[2]  # the largest belief


def lonely(joints: np.ndarray) -> int:
    """The joint of (N, 2) that is farthest from all others."""
    far = np.linalg.norm(joints[:, None] - joints[None], axis=2) + 1e9 * np.eye(len(joints))
    return int(far.min(1).argmax())


def test_a_joint_can_be_dragged_and_everything_follows(tab):
    before, canvas = answer(tab, "coco"), tab.locator(f"{BOARD} canvas")
    people = np.array([one["keypoints"] for one in before]).reshape(-1, 3)
    there = people[people[:, 2] > 0, :2]
    number = lonely(there)
    canvas.scroll_into_view_if_needed()
    box, width = canvas.bounding_box(), PIL.Image.open(pose.PHOTOGRAPHS[0]).width
    zoom = box["width"] / width
    x, y = box["x"] + (there[number, 0] + 0.5) * zoom, box["y"] + (there[number, 1] + 0.5) * zoom
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 20, y + 12, steps=4)
    tab.mouse.up()
    settle(tab)
    after = np.array([one["keypoints"] for one in answer(tab, "coco")]).reshape(-1, 3)[:, :2]
    wanted = there[number] + np.array([20, 12]) / zoom
    assert np.linalg.norm(after - wanted, axis=1).min() < 2
    tab.locator(f"{BOARD} .po-back").click()
    settle(tab)
    assert answer(tab, "coco") == before


def test_thresholds_ask_for_no_new_pass(tab):
    with machine(tab), asked(tab) as addresses:
        tab.locator("#pose-peak").fill("0.9")
        settle(tab)
        assert count(tab) == 0 and addresses and all("component_server" in address for address in addresses)
        tab.locator("#pose-peak").fill(str(pose.PEAK))
        settle(tab)
    assert count(tab) == 1


def test_hidden_joints_are_guessed_where_asked(tab):
    answered_by(tab, "maps")
    found, guess = answer(tab, "coco"), tab.get_by_role("button", name="Guess hidden joints")
    with asked(tab) as addresses:
        guess.click()
        settle(tab)
    assert addresses and all("component_server" in address for address in addresses)
    for person, guessed in zip(found, answer(tab, "coco"), strict=True):
        certain, with_guesses = person["keypoints"][2::3], guessed["keypoints"][2::3]
        assert set(certain) == {0, 2} and with_guesses == [0] * 5 + [kind or 1 for kind in certain[5:]]
    screenshot(tab, "pose-guessed")
    guess.click()
    settle(tab)
    assert answer(tab, "coco") == found
    answered_by(tab, "movenet")


# ---- other pictures: each test brings its own


PEOPLE = {
    "portrait": (lambda: PIL.Image.open(pose.PORTRAIT), 1),
    "group": (lambda: PIL.Image.open(pose.GROUP), 3),
    "footballers": (lambda: PIL.Image.open(frame.FOOTBALLERS), 3),
    "six": (lambda: mosaic(3, 2), 6),
    "coffee": (lambda: PIL.Image.open(pose.NOBODY[0]), 0),
    "tower": (lambda: PIL.Image.open(pose.NOBODY[1]), 0),
    "rocket": (lambda: PIL.Image.open(pose.NOBODY[2]), 0),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_the_right_number_of_people_is_found(tab, name):
    make, people = PEOPLE[name]
    look_at(tab, make())
    assert count(tab) == people
    openpose, coco = answer(tab, "openpose"), answer(tab, "coco")
    assert len(openpose["people"]) == len(coco) == people and heads_above_hips(openpose)
    screenshot(tab, f"pose-{name}")


def test_somebody_upside_down_is_found_by_movenet_which_the_machine_says(tab):
    look_at(tab, PIL.Image.open(pose.PHOTOGRAPHS[0]).rotate(180))
    assert count(tab) == 1 and not heads_above_hips(answer(tab, "openpose"))
    screenshot(tab, "pose-upside-down")
    with machine(tab):
        assert count(tab) == 0
        expect(tab.locator(f"{BOARD} .po-count")).to_contain_text("MoveNet also looks for people upside down")
        expect(tab.locator(f"{BOARD} .po-other")).to_have_text("MoveNet: 1 person. Pose machine on boxes: nobody.")


def test_pairs_are_matched_one_at_a_time(tab):
    look_at(tab, mosaic(3, 2, side=200))
    with tab.expect_response(lambda response: "component_server" in response.url):
        tab.locator(f"{INSIDE} .pin-limb").select_option(label="neck to left shoulder")
    settle(tab)
    rows = tab.locator(f"{INSIDE} tbody tr")
    expect(rows.first).to_be_visible()
    total = rows.count()
    tab.locator(f"{INSIDE} .pin-first").click()
    assert tab.locator(f"{INSIDE} .pin-later").count() == total
    for looked in (1, 2):
        tab.locator(f"{INSIDE} .pin-next").click()
        expect(tab.locator(f"{INSIDE} .pin-step")).to_contain_text(f"{looked} of {total} pairs")
    assert rows.first.locator("td").last.inner_text() == "chosen"
    integrals = [
        float(text.replace("−", "-")) for text in tab.locator(f"{INSIDE} tbody td:nth-child(4)").all_inner_texts()
    ]
    assert integrals == sorted(integrals, reverse=True)


def test_nobody_is_a_sentence_and_an_empty_list(tab):
    look_at(tab, PIL.Image.new("RGB", (300, 200), (90, 140, 200)))
    assert tab.locator(f"{BOARD} .po-count").inner_text().startswith("No person is found here")
    assert answer(tab, "coco") == [] and answer(tab, "openpose")["people"] == []


@pytest.mark.dirty
def test_twenty_people_are_drawn(tab):
    look_at(tab, mosaic(5, 4, side=200))
    seen_after(tab, tab.get_by_label("Finest").check)
    answered_by(tab, "maps")
    assert count(tab) >= 18 and tab.locator(f"{BOARD} .po-people li").count() == count(tab)


# ---- the camera


@pytest.fixture
def with_camera(gallery, browser, tmp_path):
    """A visitor with a camera, before which there is somebody."""
    film = tmp_path / "portrait.mjpeg"
    film.write_bytes(2 * pose.PORTRAIT.read_bytes())  # pictures in a row
    flags = [*chromium.FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={film}")
    other = browser.browser_type.launch(executable_path=chromium.find(), args=flags)
    with visitor(other, gallery) as page:
        yield page
    other.close()


def test_the_camera_sees_a_face_and_stops(with_camera):
    page = with_camera
    open_tab(page, "pose")
    page.locator(f"{CAMERA} .pc-start").click()
    page.wait_for_function("() => document.querySelector('.pc-view')?.dataset.shown > 10", timeout=PATIENCE)
    expect(page.locator(f"{CAMERA} .pc-said")).to_contain_text("1 person, ")
    expect(page.locator(f"{CAMERA} .pc-said")).to_contain_text("pictures a second")
    page.locator(f"{CAMERA} .pc-stop").click()
    expect(page.locator(f"{CAMERA} .pc-view")).to_be_hidden()
    settle(page)
    with asked(page) as addresses:
        settle(page)
    assert not any("component_server" in address for address in addresses)
