"""Any picture a visitor has becomes a digit as MNIST shows it, or a sentence."""

import base64
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from dlcv.core.errors import InputError
from dlcv.core.images import digits


def stroke(mode="L", size=280, paper=255, ink=0, at=(0.4, 0.2, 0.6, 0.8)):
    picture = Image.new("L", (size, size), paper)
    ImageDraw.Draw(picture).line([side * size for side in at], fill=ink, width=size // 14)
    return picture.convert(mode)


def encoded(picture, kind="PNG"):
    file = io.BytesIO()
    picture.save(file, kind)
    file.seek(0)
    return file


def uri(content: bytes, kind="png"):
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def differ(a, b):
    """Mean difference of two digits, one of which may be rounded to the next pixel."""
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min((a - b.roll(shift, (2, 3))).abs().mean().item() for shift in shifts)


def test_a_drawing_fills_its_box_and_its_mass_is_in_the_middle():
    x = digits.from_picture(stroke())
    assert x.shape == (1, 1, 28, 28) and x.min() == 0 and x.max() > 0.9
    rows = (x[0, 0] > 0.3).any(1).nonzero()
    assert 19 <= rows[-1] - rows[0] + 1 <= 20
    total, line = x.sum(), torch.arange(28.0)
    for axis in (2, 3):
        assert ((x.sum((0, 1, 5 - axis)) * line).sum() / total).item() == pytest.approx(13.5, abs=0.6)


@pytest.mark.parametrize("paper, ink", [(255, 0), (0, 255), (230, 120), (40, 200)])
@pytest.mark.parametrize("size", [28, 64, 280, 3000])
def test_paper_ink_and_size_do_not_matter(paper, ink, size):
    reference, x = digits.from_picture(stroke()), digits.from_picture(stroke(size=size, paper=paper, ink=ink))
    assert differ(reference, x) < 0.03


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_mode_of_a_picture_reads_the_same(mode):
    picture = Image.fromarray(np.asarray(stroke(), np.uint16) * 257) if mode == "I;16" else stroke(mode)
    assert differ(digits.from_picture(stroke()), digits.from_picture(picture)) < 0.02


def test_transparent_paper_is_white():
    picture = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line((112, 56, 168, 224), fill=(0, 0, 0, 255), width=20)
    assert differ(digits.from_picture(stroke()), digits.from_picture(picture)) < 0.02


def test_paper_through_which_little_is_seen_is_paper():
    picture = stroke("RGBA")
    picture.putalpha(254)
    assert torch.equal(digits.from_picture(stroke()), digits.from_picture(picture))


def test_a_photograph_is_turned_as_its_camera_says():
    upright = stroke("RGB", at=(0.5, 0.1, 0.5, 0.6))
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    upright.rotate(90, expand=True).save(file, "JPEG", exif=exif, quality=95)
    x = digits.from_picture(Image.open(file))
    assert differ(x, digits.from_picture(upright)) < 0.02


def test_the_first_frame_of_an_animation_counts():
    file = io.BytesIO()
    stroke().save(file, "GIF", save_all=True, append_images=[Image.new("L", (280, 280), 255)])
    assert differ(digits.from_picture(Image.open(file)), digits.from_picture(stroke())) < 0.02


@pytest.mark.parametrize("picture", [
    Image.new("L", (280, 280), 255), Image.new("L", (280, 280), 0), Image.new("RGBA", (64, 64), (0, 0, 0, 0)),
    Image.new("L", (1, 1)), np.zeros((0, 5)), np.full((20, 20), np.nan), np.zeros((2, 2, 2, 2)), [1, 2], True,
])  # fmt: skip
def test_nothing_to_see_is_said_in_a_sentence(picture):
    with pytest.raises(InputError) as caught:
        digits.from_picture(picture)
    assert str(caught.value).endswith(".")


@given(st.integers(8, 60), st.integers(8, 60), st.integers(0, 2**32 - 1))
def test_any_noise_gives_a_digit_or_a_sentence(height, width, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    try:
        x = digits.from_picture(noise)
    except InputError as error:
        assert str(error).endswith(".")
        return
    assert torch.isfinite(x).all() and 0 <= x.min() and x.max() <= 1


def test_a_garment_fills_the_whole_picture():
    x = digits.from_picture(stroke(), garment=True)
    rows = (x[0, 0] > 0.3).any(1).nonzero()
    assert rows[0] == 0 and rows[-1] == 27


def test_a_data_uri_comes_back():
    picture = digits.decode_data_uri(uri(encoded(stroke()).getvalue()))
    assert np.array_equal(np.asarray(picture.convert("L")), np.asarray(stroke()))


@pytest.mark.parametrize("bad", [
    None, 7, "", "hello", "data:text/html;base64,AAAA", "data:image/png;base64,@@@", uri(b"not a picture"),
    uri(encoded(stroke()).getvalue()[:200]), "data:image/png;base64," + "A" * 3_000_000,
    uri(encoded(Image.new("1", (12_000, 12_000))).getvalue()),
])  # fmt: skip
def test_a_bad_data_uri_is_said_in_a_sentence(bad):
    with pytest.raises(InputError, match="could not be read|ends in the middle|more than 64 million"):
        digits.decode_data_uri(bad)


def test_a_drawing_that_was_read_before_is_read_alike_whatever_became_of_the_answer():
    drawing = uri(encoded(stroke()).getvalue())
    first = digits.read(drawing)
    kept = first.clone()
    first.zero_()
    assert torch.equal(digits.read(drawing), kept) and kept.max() > 0.9
    assert not torch.equal(digits.read(drawing, garment=True), kept)


def test_ink_is_black_on_white_paper_and_pixels_stay_sharp():
    picture = digits.to_image(torch.tensor([[0.0, 1.0]]), scale=4)
    assert picture.size == (8, 4) and picture.getpixel((1, 1)) == 255 and picture.getpixel((5, 2)) == 0
