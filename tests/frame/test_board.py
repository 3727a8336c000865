"""The frame: home screen, tabs and their addresses, boards, the drawing pad, light and dark, narrow and wide."""

import base64
import io
import json
import math
import time
import urllib.request

import numpy as np
import PIL.Image
import pytest

from demos import TOPICS, frame
from demos.frame import card
from dlcv.core.errors import InputError
from tests.support import browser as person
from tests.support import pictures as pictures_of_home

NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 1000}
PLACES = ["home", *TOPICS]


# Checks in Python


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "text", [1, [2, [3]]], {"z": [0.1, -3.0], "name": "vae"}, []])
def test_ordinary_values_pass(value):
    assert frame.checks.check(value) >= 1


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 1e300, 10**400, [math.nan], [0] * 60_000, [[[[[[[1]]]]]]], {1: 2}]
    + [{"x" * 200: 1}, {"z": [[0] * 300] * 300}],
)
def test_forged_values_are_refused(value):
    with pytest.raises(InputError):
        frame.checks.check(value)


def test_live_answers_with_a_sentence_whatever_happens():
    def decode(query):
        if query.get("empty"):
            raise InputError("Draw a digit first.")
        return {"value": 1 / query["x"]}

    call = frame.live(decode)
    assert call({"x": 2}) == {"value": 0.5}
    assert call({"empty": True}) == {"error": "Draw a digit first."}
    for forged in (None, [1], "x", 3, {"x": math.nan}, {"x": 0}, {}):
        assert set(call(forged)) == {"error"} and "Error" not in call(forged)["error"]


def test_guard_turns_errors_into_sentences_for_functions_and_generators():
    def fails(x):
        raise InputError("Too short.") if x else RuntimeError("/secret/path")

    def grows(x):
        yield 1
        fails(x)

    for argument, sentence in ((1, "Too short."), (0, frame.checks.UNEXPECTED)):
        with pytest.raises(frame.gr.Error) as caught:
            frame.guard(fails)(argument)
        assert sentence in str(caught.value) and "secret" not in str(caught.value)
    steps = frame.guard(grows)(1)
    assert next(steps) == 1
    with pytest.raises(frame.gr.Error, match="Too short"):
        next(steps)


def test_fields_of_a_request_are_held_within_bounds():
    query = {"z": [9, -9.5], "x": 2, "text": "2", "flag": True, "model": "vae"}
    assert frame.number(query, "x", -1, 1) == 1
    assert frame.numbers(query, "z", 2, -3, 3) == [3, -3]
    assert frame.choice(query, "model", ["vae", "gan"]) == "vae"
    for wrong in ("text", "flag", "absent", "z"):
        with pytest.raises(InputError):
            frame.number(query, wrong, -1, 1)
    for wrong in ("text", "x", "absent"):
        with pytest.raises(InputError):
            frame.numbers(query, wrong, 2, -3, 3)
    for wrong in ("z", "x", "flag", "absent"):
        with pytest.raises(InputError):
            frame.choice(query, wrong, ["vae", "gan"])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"value": 80.9, "paper": 86.76, "better": "lower", "unit": "nats"}, "5.86 nats better"),
        ({"value": 0.8, "paper": 0.75, "better": "lower", "unit": "%"}, "0.05 points worse"),
        ({"value": 0.9, "paper": 0.8, "better": "higher", "unit": "mIoU"}, "0.10 mIoU better"),
        ({"value": 0.7, "paper": 0.7, "better": "lower", "unit": "%"}, "as good"),
        ({"value": 0.7, "paper": None, "better": "lower", "unit": "%"}, ""),
        ({"value": 0.2, "paper": 0.1, "better": "lower", "unit": ""}, "0.10 worse"),
        ({"value": 92.3, "paper": 89.2, "better": "higher", "unit": "%", "paper_data": "others"}, "on others"),
    ],
)
def test_the_card_says_by_how_much(row, words):
    assert card.verdict(row) == words


# A board of our own, with a pad, on a page of its own

HTML = '<div class="paper"></div><p class="said">back \\ tick ` dollar ${x}</p><output></output>'
CSS = ".said::before { content: '\\2014'; } @media (min-width: 1px) { .said { color: rgb(1, 2, 3); } }"
SCRIPT = """
import {makeDrawPad} from '../../frame/web/pad.js';

export default function ({element, server, find, say, liveCaller, onValue}) {
  const ask = liveCaller(server.slow), fail = liveCaller(server.fail);
  const pad = makeDrawPad(find('.paper'), {
    say, onDraw: (uri) => { element.dataset.drawn = uri.length; }, onClear: () => { element.dataset.drawn = 0; },
  });
  onValue(({text}) => { if (text !== 'first') find('.said').textContent = text; });
  element.dataset.loads = 1 + Number(element.dataset.loads || 0);
  window.proof = {ask, fail, pad, server};
}
"""


@pytest.fixture(scope="module")
def proof(tmp_path_factory):
    """The address of a page with one board, served by this process."""
    folder = tmp_path_factory.mktemp("demos")
    (folder / "proof" / "web").mkdir(parents=True)
    for kind, text in (("html", HTML), ("css", CSS)):
        (folder / "proof" / "web" / f"proof.{kind}").write_text(text)
    seen = []

    def slow(query):
        seen.append(query["n"])
        import time

        time.sleep(0.1)
        return {"n": query["n"], "calls": len(seen)}

    def fail(query):
        raise InputError("Draw a digit first.") if query["kind"] == "input" else RuntimeError("/secret/path")

    with pytest.MonkeyPatch.context() as patch, frame.page("Proof") as blocks:
        patch.setattr(frame.board, "DEMOS", folder)
        patch.setitem(frame.board.MODULES, "proof/web/proof.js", SCRIPT.encode())
        board = frame.Board("proof/proof", server_functions=[slow, fail], value={"text": "first"})
        button = frame.gr.Button("Set", elem_id="set")
        button.click(lambda: {"text": "second"}, None, board, **frame.PLUMBING)
        shown = frame.gr.Textbox(elem_id="shown")
        frame.on_first_show(lambda: "yes", None, shown)
        frame.equation("e = mc^2")
        options = {"css": (frame.WEB / "gallery.css").read_text(), "theme": frame.theme.THEME, "run_history": False}
        served = {"app_kwargs": {"routes": frame.ROUTES}, "server_name": "127.0.0.1"}
        _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **served, **options)
        yield url
    blocks.close()


@pytest.fixture
def board(page, proof):
    page.goto(proof)
    page.wait_for_function("window.proof")
    return page


def test_a_board_is_shown_as_written_and_keeps_its_elements(board):
    assert board.locator(".said").inner_text() == "back \\ tick ` dollar ${x}"
    assert board.evaluate("getComputedStyle(document.querySelector('.said'), '::before').content") == '"—"'
    assert board.evaluate("getComputedStyle(document.querySelector('.said')).color") == "rgb(1, 2, 3)"
    board.evaluate("document.querySelector('.pad canvas').dataset.mark = 'kept'")
    board.click("#set")
    board.wait_for_function("document.querySelector('.said').textContent === 'second'")
    assert board.evaluate("document.querySelector('.pad canvas').dataset.mark") == "kept"
    assert board.locator("[data-loads]").get_attribute("data-loads") == "1"
    board.wait_for_function("document.querySelector('#shown textarea').value === 'yes'")


def test_one_call_is_in_flight_and_the_latest_wins(board):
    answers = board.evaluate("Promise.all([1, 2, 3, 4, 5].map((n) => proof.ask({n})))")
    assert [answer and answer["n"] for answer in answers] == [1, None, None, None, 5]
    assert answers[4]["calls"] - answers[0]["calls"] == 1


def test_errors_of_a_board_are_sentences_and_go_away(board):
    message = board.locator(".board-message")
    assert board.evaluate("proof.fail({kind: 'input'})") is None
    assert message.inner_text() == "Draw a digit first."
    board.evaluate("proof.fail({kind: 'other'})")
    assert message.inner_text() == frame.checks.UNEXPECTED
    board.evaluate("proof.fail([1, 2])")
    assert message.inner_text() == frame.checks.NOT_UNDERSTOOD
    board.evaluate("proof.ask({n: 1})")
    assert message.inner_text() == ""
    assert message.get_attribute("role") == "status"


def ink(page) -> np.ndarray:
    """The paper as (280, 280) in [0, 1], ink = 1."""
    uri = page.evaluate("document.querySelector('.pad canvas').toDataURL()")
    picture = PIL.Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("L")
    return 1 - np.asarray(picture, float) / 255


def test_drawing_undo_and_clear(board):
    assert ink(board).max() == 0 and board.locator(".pad-undo").is_disabled()
    person.draw_strokes(board, ".pad canvas")
    seven = ink(board)
    assert 0.03 < seven.mean() < 0.2 and seven[70, 140] == 1 and seven[140, 60] == 0
    board.wait_for_function("Number(document.querySelector('[data-drawn]').dataset.drawn) > 100")
    person.draw_strokes(board, ".pad canvas", [[(0.1, 0.9), (0.2, 0.9)]])
    assert ink(board).sum() > seven.sum()
    board.keyboard.press("Control+z")
    assert np.array_equal(ink(board), seven)
    board.click(".pad-clear")
    assert ink(board).max() == 0
    board.wait_for_function("document.querySelector('[data-drawn]').dataset.drawn === '0'")
    board.click(".pad-undo")
    assert np.array_equal(ink(board), seven)


@pytest.mark.parametrize("color_scheme", ["dark"])
def test_the_paper_is_white_in_the_dark(board):
    assert board.evaluate("document.body.classList.contains('dark')")
    assert ink(board).max() == 0


def seven_picture(mode: str = "RGB", size: tuple[int, int] = (280, 280)) -> PIL.Image.Image:
    """A black seven on white."""
    from PIL import ImageDraw

    picture = PIL.Image.new("L", (280, 280), 255)
    ImageDraw.Draw(picture).line([(80, 70), (200, 70), (125, 225)], fill=0, width=24)
    return picture.resize(size).convert(mode)


def file(picture: PIL.Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def pictures() -> dict[str, bytes]:
    """The same seven as every kind of file that people have."""
    grey = seven_picture("L")
    alpha = PIL.Image.new("RGBA", grey.size, (0, 0, 0, 0))
    alpha.putalpha(grey.point(lambda value: 255 - value))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise for display
    deep = PIL.Image.fromarray((np.asarray(grey, dtype=np.uint16) * 257).astype(np.uint16))
    frames = [seven_picture("P"), PIL.Image.new("P", (280, 280), 0)]
    return {
        "rgb.png": file(seven_picture(), "PNG"),
        "transparent.png": file(alpha, "PNG"),
        "grey.jpg": file(grey, "JPEG"),
        "cmyk.jpg": file(seven_picture("CMYK"), "JPEG"),
        "sixteen-bit.png": file(deep, "PNG"),
        "animated.gif": file(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "exif.jpg": file(seven_picture().rotate(90), "JPEG", exif=exif),
        "large.png": file(seven_picture("1", (8000, 8000)), "PNG"),
        "small.png": file(seven_picture("L", (28, 28)), "PNG"),
        "mnist.png": file(grey.point(lambda value: 255 - value), "PNG"),
        "picture.webp": file(seven_picture(), "WEBP"),
    }


def upload(page, name: str, content: bytes) -> None:
    page.set_input_files(".pad input[type=file]", {"name": name, "mimeType": "image/png", "buffer": content})


def test_every_kind_of_picture_becomes_ink_on_paper(board):
    expected = 1 - np.asarray(seven_picture("L"), float) / 255
    for name, content in pictures().items():
        board.click(".pad-clear")
        upload(board, name, content)
        board.wait_for_function("!proof.pad.empty()", timeout=60_000)
        difference = np.abs(ink(board) - expected).mean()
        assert difference < 0.05, f"{name}: differs by {difference:.3f}"
        assert board.locator(".board-message").inner_text() == "", name


def test_one_pixel_is_a_picture_and_broken_files_are_answered_with_a_sentence(board):
    message = board.locator(".board-message")
    upload(board, "pixel.png", file(PIL.Image.new("RGB", (1, 1), "white"), "PNG"))
    board.wait_for_function("!proof.pad.empty()")
    before = ink(board)
    bomb = file(PIL.Image.new("1", (20_000, 20_000)), "PNG")
    broken = {
        "text.png": (b"this is a text", "could not be read"),
        "empty.png": (b"", "could not be read"),
        "cut.png": (file(seven_picture(), "PNG")[:60], "could not be read"),
        "bomb.png": (bomb, "million pixels"),
        "bomb.gif": (b"GIF89a\xff\xff\xff\xff" + bytes(50), "million pixels"),
        "bomb.jpg": (b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff" + bytes(50), "million pixels"),
        "long.png": (bytes(10_000_001), "larger than 10 MB"),
    }
    for name, (content, words) in broken.items():
        board.evaluate("document.querySelector('.board-message').textContent = ''")
        upload(board, name, content)
        board.wait_for_function("document.querySelector('.board-message').textContent")
        assert words in message.inner_text(), name
        assert np.array_equal(ink(board), before), name


# The gallery


def open_place(page, place: str) -> None:
    page.goto("/" if place == "home" else f"/?tab={place}")
    page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={place}]")


def test_home_shows_every_topic_and_a_card_opens_its_tab(page):
    page.goto("/")
    cards = page.locator(".home-card")
    cards.first.wait_for()
    assert cards.locator("h2").all_inner_texts() == [topic.name for topic in frame.topics().values()]
    page.wait_for_function("[...document.querySelectorAll('.home-card img')].every((i) => i.naturalWidth >= 640)")
    for topic in TOPICS:
        page.locator(f".home-card[href='?tab={topic}']").click()
        page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={topic}]")
        page.wait_for_function(f"new URLSearchParams(location.search).get('tab') === '{topic}'")
        assert page.title().startswith(frame.topics()[topic].name)
        page.get_by_role("tab", name="Home", exact=True).click()
        page.wait_for_function("!location.search")


@pytest.mark.parametrize("place", PLACES)
def test_an_address_opens_its_tab(page, place):
    open_place(page, place)
    page.locator("h1:visible").first.wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("new URLSearchParams(location.search).get('tab')") == (None if place == "home" else place)
    assert page.locator("h1:visible").count() == 1


@pytest.mark.parametrize("name", ["%3Cscript%3E", "constructor"])
def test_an_unknown_address_opens_home(page, name):
    page.goto(f"/?tab={name}")
    page.locator(".home-card").first.wait_for()
    page.wait_for_selector("[role=tab][aria-selected=true][data-tab-id=home]")


def test_keyboard_reaches_a_card_with_visible_focus(page):
    page.goto("/")
    page.locator(".home-card").first.wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('home-card')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={TOPICS[0]}]")


def test_the_switch_between_light_and_dark_is_remembered(page):
    page.goto("/")
    page.get_by_role("button", name="Switch to dark").click()
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.get_by_role("button", name="Switch to light").wait_for()
    assert page.evaluate("document.body.classList.contains('dark')")


def watch_shifts(page) -> None:
    """Counts in `window.shift` how much of the page moves by itself."""
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => {"
        " if (!e.hadRecentInput) window.shift += e.value; })).observe({type: 'layout-shift', buffered: true});"
    )


@pytest.mark.parametrize("viewport", [NARROW])
@pytest.mark.parametrize("place", ["cyclegan", "detection", "pose", "stn"])
def test_a_place_whose_parts_come_late_stays_still(page, place, viewport):
    watch_shifts(page)
    page.route("**/assets/*.css", lambda route: (time.sleep(0.15), route.continue_()))
    open_place(page, place)
    page.wait_for_selector("#topics > [data-ready]")
    page.wait_for_timeout(1500)
    page.unroute_all(behavior="wait")  # what still comes late must not find the page closed
    assert page.evaluate("window.shift") < 0.1


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [NARROW, WIDE])
@pytest.mark.parametrize("place", PLACES)
def test_every_place_fits_and_stays_still(page, place, viewport, color_scheme):
    watch_shifts(page)
    open_place(page, place)
    page.wait_for_selector("#topics > [data-ready]:visible")
    person.settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.evaluate("document.fonts.check('16px \"IBM Plex Sans\"')")
    assert page.evaluate("document.body.classList.contains('dark')") == (color_scheme == "dark")
    assert page.evaluate("window.shift") < 0.1
    person.screenshot(page, f"{place}-{viewport['width']}-{color_scheme}")


@pytest.mark.parametrize("topic", TOPICS)
def test_the_pictures_of_the_home_screen_are_real(page, topic):
    shipped = PIL.Image.open(pictures_of_home.PICTURES / f"{topic}.jpg")
    assert shipped.size == pictures_of_home.SIZE
    small = [
        np.asarray(picture.resize((32, 20)), float) / 255 for picture in (shipped, pictures_of_home.take(page, topic))
    ]
    difference = np.abs(small[0] - small[1]).mean()
    assert difference < 0.06, f"The tab looks different by {difference:.2f}. Run: python -m tests.support.pictures"


def test_the_address_is_printed_once_the_gallery_answers(gallery):
    port = gallery.url.rsplit(":", 1)[1]
    assert f"The gallery is open at http://localhost:{port}" in gallery.log()


def test_nothing_of_the_visit_is_kept_or_sent(gallery):
    config = json.load(urllib.request.urlopen(gallery.url + "/config"))
    assert config["analytics_enabled"] is False
    assert not config.get("run_history", False)
