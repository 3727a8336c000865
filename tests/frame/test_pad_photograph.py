"""A photograph of handwriting on the boards with a pad: Python gets the photograph, not the paper that shows it."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.support.browser import open_tab, settle
from tests.support.handwriting import drawn
from tests.support.photograph import three
from tests.support.serving import Client

BOARDS = {"vae": "#vae-board", "gan": "#gan-critic-board", "cyclegan": "#cyclegan-digits-board", "stn": "#stn-board"}

SHADES = """() => { const paper = document.querySelector('#stn-board .pad canvas');
  return [...paper.getContext('2d').getImageData(0, 0, 280, 280).data].filter((_, i) => i % 4 === 0); }"""


def file(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def sent(page, board: str, name: str, content: bytes) -> bytes:
    """The picture that a board asks about, once this file is put on its pad."""
    place = page.locator(f"{board} .pad")
    place.scroll_into_view_if_needed()
    settle(page)

    def asks(request) -> bool:
        return "component_server" in request.url and "data:image/" in (request.post_data or "")

    with page.expect_request(asks) as asked:
        mime = {"png": "image/png", "jpg": "image/jpeg"}[name.rsplit(".")[-1]]
        place.locator("input[type=file]").set_input_files({"name": name, "mimeType": mime, "buffer": content})
    settle(page)
    return base64.b64decode(json.loads(asked.value.post_data)["data"]["picture"].partition(",")[2])


@pytest.mark.parametrize("topic", BOARDS)
def test_the_board_sends_the_file_itself(page, topic):
    photograph = file(three(), "PNG")
    open_tab(page, topic)
    assert sent(page, BOARDS[topic], "three.png", photograph) == photograph


def test_a_photograph_is_the_same_digit_on_the_board_and_for_a_client(page, gallery):
    """Also a large one, which the browser scales down, and light strokes on a transparent ground, which stays so."""
    open_tab(page, "stn")
    at_rest = [0, 1, 0, 0, 0, 0, 0, 0, "affine", "all"]
    page.locator("#stn-board .stn-reset").click()
    light = Image.fromarray(np.uint8(np.dstack([np.full((1100, 1500, 3), 255), 255 * drawn(5, 1500, 1100)])))
    for picture, kind, digit in ((three(), "PNG", 3), (three(3000, 2250), "JPEG", 3), (light, "PNG", 5)):
        content, name = file(picture, kind), {"PNG": "three.png", "JPEG": "three.jpg"}[kind]
        at_most = Image.open(io.BytesIO(sent(page, "#stn-board", name, content)))
        assert max(at_most.size) <= 1024
        uri = f"data:image/{kind.lower()};base64," + base64.b64encode(content).decode()
        numbers, _ = Client(gallery).run("/stn_rectify", [{"url": uri}, *at_rest])
        client = max(range(10), key=lambda digit: numbers["probabilities"][digit])
        with_transformer, without = page.locator("#stn-board .stn-read b").all_inner_texts()
        assert with_transformer == without == str(client) == str(digit)
        board = page.locator("#stn-board .stn-best span").first.inner_text()
        assert np.ptp(page.evaluate(SHADES)) > 100
        assert float(board.split()[0]) == pytest.approx(100 * max(numbers["probabilities"]), abs=1)
