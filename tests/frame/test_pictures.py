"""A picture that a visitor or a client sends, of any kind: the same for every tab, shown as it was read, and told."""

import base64
import io
import json
import os
import re
import urllib.request
import uuid
from pathlib import Path

import gradio as gr
import numpy as np
import PIL.Image
import pytest
from gradio.data_classes import ImageData
from gradio.processing_utils import encode_pil_to_bytes
from playwright.sync_api import expect

from demos import frame
from demos.depth import depth_stereo
from demos.frame.components import SafeImage
from demos.frame.pictures import drawn_seven
from demos.frame.questions import Asked, beside
from tests.support.asking import alone
from tests.support.browser import open_tab, settle
from tests.support.every_picture import COLOURS, RGB, L, every_picture, file
from tests.support.serving import Client

TWELVE = every_picture()["TIFF, 12 of 16 bits"]
SAID = "use 12 bits"


def uri(content: bytes) -> dict:
    return {"path": "", "url": "data:image/png;base64," + base64.b64encode(content).decode()}


def request(name: str, **values) -> list:
    """The example of an endpoint with other values."""
    fields = frame.ENDPOINTS[name].asks.model_fields
    return [values.get(field, example) for field, example in zip(fields, frame.ENDPOINTS[name].request())]


@pytest.mark.parametrize("component", [gr.Image, gr.ImageSlider])
def test_a_picture_that_is_answered_again_is_not_emptied_for_who_reads_it(component, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    both = {gr.Image: drawn_seven(), gr.ImageSlider: (drawn_seven(), drawn_seven())}[component]

    def answered() -> Path:
        said = component(format="png").postprocess(both)
        return Path(said.path if component is gr.Image else said.root[1].path)

    path = answered()
    with path.open("rb") as reader:
        assert answered() == path and not os.path.samestat(os.fstat(reader.fileno()), path.stat())
    assert list(path.parent.iterdir()) == [path] and path.is_relative_to(tmp_path)
    assert np.array_equal(PIL.Image.open(path), drawn_seven())


def test_a_png_that_is_answered_has_all_pixels_and_words_and_few_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for colours in (np.random.default_rng(0).normal(90, 9, (99, 120, 3)), np.indices((99, 120)).sum(0)):
        picture = PIL.Image.fromarray(np.uint8(colours))
        picture.info["Title"] = "sums"
        path = Path(gr.Image(format="png").postprocess(picture).path)
        with PIL.Image.open(path) as found:
            assert np.array_equal(found, picture) and found.info["Title"] == "sums"
        assert path.stat().st_size < 1.1 * len(encode_pil_to_bytes(picture)) + 200


def test_every_kind_of_picture_is_taken_and_what_was_guessed_is_noted():
    component = SafeImage()
    for kind, content in every_picture().items():
        found = component.preprocess(ImageData(**uri(content)))
        assert found.mode in ("RGB", "RGBA") and min(found.size) >= 20, kind
        assert ("notes" in found.info) == any(word in kind for word in ("12", "32", "animated", "TIFF, several")), kind


def test_a_picture_is_no_file_of_the_server_and_no_link():
    component = SafeImage()
    for payload in ({"path": "/etc/passwd"}, {"path": __file__}, {"path": "", "url": "data:image/png;base64,%%%"}):
        with pytest.raises(gr.Error, match="could not be read as a picture"):
            component.preprocess(ImageData(**payload))
    with pytest.raises(gr.Error, match="not a link"):
        alone(component.async_move_resource_to_block_cache("http://127.0.0.1:9/x.png"))


def test_every_endpoint_that_takes_a_picture_can_tell_what_was_noted(gallery):
    import app  # noqa: F401  which builds the tabs

    asked = [one.asks.model_fields["picture"] for one in frame.ENDPOINTS.values() if "picture" in one.asks.model_fields]
    assert len(asked) > 8 and all(beside(field, Asked).component is SafeImage for field in asked)
    client = Client(gallery)
    plain, deep = (
        client.run("/depth_map", request("/depth_map", picture=uri(one))) for one in (file(L, "PNG"), TWELVE)
    )
    assert SAID in deep[1].pop("notes")[0] and "notes" not in plain[1]
    assert deep[1] == pytest.approx(plain[1], abs=2e-3)  # what 12 bits have more than 8


# ---- what the browser is given


def uploaded(gallery, name: str, content: bytes) -> tuple[str, bytes]:
    """The kind and the content of what the browser is given for an uploaded file."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    with urllib.request.urlopen(urllib.request.Request(f"{gallery.url}/gradio_api/upload", body, kind)) as answer:
        (path,) = json.load(answer)
    with urllib.request.urlopen(f"{gallery.url}/gradio_api/file={path}") as answer:
        return answer.headers["Content-Type"], answer.read()


def test_the_browser_is_given_the_picture_that_was_read_or_the_file_itself(gallery):
    for name, content in (("mine.png", file(RGB, "PNG")), ("mine.jpg", file(RGB, "JPEG")), ("mine.ply", b"ply\n")):
        assert uploaded(gallery, name, content)[1] == content
    for name, content in (("mine.tif", file(RGB, "TIFF")), ("mine.jpg", file(RGB.convert("CMYK"), "TIFF"))):
        kind, shown = uploaded(gallery, name, content)
        assert kind == "image/png" and np.array_equal(np.asarray(PIL.Image.open(io.BytesIO(shown))), COLOURS)
    _, shown = uploaded(gallery, "large.tif", file(PIL.Image.new("L", (5000, 100)), "TIFF"))
    assert PIL.Image.open(io.BytesIO(shown)).size == (2048, 41)


def test_a_deep_tiff_is_seen_and_told_and_computed_once(page):
    open_tab(page, "depth")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/queue/join" in one.url else None)
    shown = page.locator("#depth-picture img").first
    before = shown.get_attribute("src")
    page.locator("#depth-picture button[aria-label='Remove Image']").click()
    mine = {"name": "mine.tif", "mimeType": "image/tiff", "buffer": TWELVE}
    settle(page)
    asked.clear()
    page.locator("#depth-picture input[type=file]").first.set_input_files(mine)
    expect(page.locator(".toast-body")).to_contain_text(re.compile(SAID), timeout=60_000)
    settle(page)
    assert shown.get_attribute("src") != before
    assert shown.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [64, 40]
    assert len(asked) == 1
    page.get_by_label("the metres of one kitchen").check()
    settle(page)
    assert len(asked) == 2 and page.locator(".toast-body").count() == 1  # told once


# ---- numbers are in pixels of the file that was sent


def test_disparities_are_in_pixels_of_the_file():
    from skimage import data

    small = [PIL.Image.fromarray(one).crop((0, 0, 640, 480)) for one in data.stereo_motorcycle()[:2]]
    large = [one.resize((1920, 1440), PIL.Image.Resampling.BICUBIC) for one in small]
    *_, said = depth_stereo(*small)
    *_, of_large = depth_stereo(*large)
    assert of_large["pixels"] == pytest.approx([3 * value for value in said["pixels"]], rel=0.05)
