"""A board of our own with a drawing pad, on a page of its own."""

import base64
import io
import time

import numpy as np
import PIL.Image
import pytest

from demos import frame
from dlcv.core.errors import InputError
from tests.support import browser as person

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
