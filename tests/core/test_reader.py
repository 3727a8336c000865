"""Files of every mode, range, profile and orientation are read as one picture, or refused with a sentence."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from dlcv.core.errors import InputError
from dlcv.core.images.reader import CUT_OFF, TOO_LARGE, UNREADABLE, not_as_shown, on_white, read
from tests.support.every_picture import COLOURS, GREY, RGB, by_opencv, file


def pixels(source: bytes | Image.Image) -> np.ndarray:
    return np.asarray(read(source).image).astype(int)


def close(found: np.ndarray, truth: np.ndarray, most: int = 1) -> bool:
    truth = truth if truth.ndim == 3 else np.repeat(truth[..., None], 3, axis=2)
    return found.shape == truth.shape and np.abs(found - truth).max() <= most


GREYS = {
    "L PNG": file(Image.fromarray(GREY), "PNG"),
    "L TIFF": file(Image.fromarray(GREY), "TIFF"),
    "16 bits PNG": file(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
    "16 bits TIFF, little endian": file(Image.fromarray(GREY.astype(np.uint16) * 257), "TIFF"),
    "16 bits TIFF, big endian": file(Image.fromarray(GREY.astype(">u2") * 257), "TIFF"),
    "16 bits PGM": by_opencv(GREY.astype(np.uint16) * 257, ".pgm"),
    "12 bits PNG": file(Image.fromarray(np.uint16(GREY / 255 * 4095)), "PNG"),
    "10 bits TIFF": file(Image.fromarray(np.uint16(GREY / 255 * 1023)), "TIFF"),
    "parts of 1": file(Image.fromarray(np.float32(GREY / 255)), "TIFF"),
    "parts of 1, a little outside": file(Image.fromarray(np.float32(GREY / 255 * 1.004)), "TIFF"),
    "floats to 255": file(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
    "floats from -1 to 1": file(Image.fromarray(np.float32(GREY / 127.5 - 1)), "TIFF"),
    "32 bits": file(Image.fromarray(GREY.astype(np.int32) * 1_000_000), "TIFF"),
    "white is zero, 8 bits": file(Image.fromarray(GREY), "TIFF", tiffinfo={262: 0}),
    "declared in TIFF": file(Image.fromarray(GREY.astype(np.uint16) * 20), "TIFF", tiffinfo={281: 20 * 255}),
    "alpha that hides nothing": file(Image.fromarray(GREY).convert("LA"), "PNG"),
}


@pytest.mark.parametrize("kind", GREYS)
def test_the_same_grey_picture_whatever_the_range(kind):
    assert close(pixels(GREYS[kind]), GREY)


COLOURED = {
    "PNG": file(RGB, "PNG"),
    "16 bits PNG": by_opencv(COLOURS.astype(np.uint16) * 257, ".png"),
    "16 bits TIFF": by_opencv(COLOURS.astype(np.uint16) * 257, ".tiff"),
    "12 bits PNG": by_opencv(np.uint16(COLOURS / 255 * 4095), ".png"),
    "12 bits TIFF": by_opencv(np.uint16(COLOURS / 255 * 4095), ".tiff"),
    "parts of 1": by_opencv(np.float32(COLOURS / 255), ".tiff"),
    "WebP": file(RGB, "WEBP", lossless=True),
    "BMP": file(RGB, "BMP"),
    "JPEG 2000": file(RGB, "JPEG2000"),
    "CMYK TIFF": file(RGB.convert("CMYK"), "TIFF"),
    "PPM": file(RGB, "PPM"),
    "QOI": file(RGB, "QOI"),
}


@pytest.mark.parametrize("kind", COLOURED)
def test_the_same_picture_in_colour_whatever_the_file(kind):
    assert close(pixels(COLOURED[kind]), COLOURS)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV"]
)
def test_every_mode_of_pillow(mode):
    if mode == "LAB":
        picture = ImageCms.profileToProfile(
            RGB, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        picture = RGB.convert("LA").convert(mode) if mode == "La" else RGB.convert("RGBA").convert(mode)
        picture = RGB.convert("P").convert("PA") if mode == "PA" else picture
    found = read(picture)
    assert found.image.mode == "RGB" and found.notes == ()
    grey, truth = (np.asarray(one.convert("L").resize((4, 4)), int) for one in (found.image, RGB))  # without dithering
    assert np.abs(grey - truth).max() < 10


def test_what_is_found_is_said_and_what_is_declared_is_not():
    assert "use 12 bits" in read(GREYS["12 bits PNG"]).notes[0]
    assert "from 0 to 2.55e+08" in read(GREYS["32 bits"]).notes[0]
    assert read(Image.new("I;16", (8, 8))).notes == ()  # black is black
    for kind in ("16 bits PNG", "16 bits PGM", "parts of 1", "floats to 255", "declared in TIFF", "L TIFF"):
        assert read(GREYS[kind]).notes == (), kind
    few = np.float32(GREY / 255)
    few[0, 0], few[0, 1] = np.nan, np.inf
    assert "not finite" in read(file(Image.fromarray(few), "TIFF")).notes[0]
    with pytest.raises(InputError, match="finite"):
        read(file(Image.fromarray(few * np.nan), "TIFF"))


def test_white_is_zero_in_sixteen_bits():
    picture = file(Image.fromarray((255 - GREY).astype(np.uint16) * 257), "TIFF", tiffinfo={262: 0})
    assert Image.open(io.BytesIO(picture)).tag_v2[262] == 0
    assert close(pixels(picture), GREY)


def test_transparency_is_kept_and_white_paper_put_under_it():
    clear = RGB.convert("RGBA")
    clear.putalpha(Image.fromarray(np.uint8(GREY > 128) * 255))
    palette = RGB.convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    for source in (clear, file(clear, "PNG"), file(clear, "WEBP", lossless=True), file(palette, "GIF"), palette):
        found = read(source)
        assert found.image.mode == "RGBA"
        assert on_white(found.image).getpixel((0, 0)) == (255, 255, 255)
    grey = file(Image.fromarray(GREY), "PNG", transparency=0)
    assert on_white(read(grey).image).getpixel((0, 0)) == (255, 255, 255)
    assert on_white(read(grey).image).getpixel((63, 39)) == (255, 255, 255)  # white itself
    assert close(np.asarray(on_white(RGB)).astype(int), COLOURS, 0)


def test_all_orientations_of_exif_also_with_sixteen_bits():
    turned = {1: GREY, 2: GREY[:, ::-1], 3: GREY[::-1, ::-1], 4: GREY[::-1], 5: GREY.T, 6: GREY.T[::-1]}
    turned |= {7: GREY[::-1, ::-1].T, 8: GREY.T[:, ::-1]}
    for orientation, stored in turned.items():
        exif = Image.Exif()
        exif[274] = orientation
        deep = Image.fromarray(stored.astype(np.uint16) * 16)
        for picture in (Image.fromarray(np.ascontiguousarray(stored)), deep):
            for kind in ("PNG", "TIFF"):
                found = read(file(picture, kind, exif=exif))
                assert close(np.asarray(found.image).astype(int), GREY), (orientation, picture.mode, kind)
                assert found.image.getexif().get(274, 1) == 1
        photograph = read(file(Image.fromarray(np.ascontiguousarray(stored)), "JPEG", exif=exif, quality=95))
        assert close(np.asarray(photograph.image).astype(int), GREY, 12)


def test_the_focal_length_stays_with_the_picture():
    exif = Image.Exif()
    exif[274] = 6
    exif.get_ifd(0x8769)[0xA405] = 28
    for kind in ("JPEG", "PNG", "WEBP"):
        assert read(file(RGB, kind, exif=exif)).image.getexif().get_ifd(0x8769)[0xA405] == 28, kind


D50 = {  # of red, green and blue of Display P3, adapted to D50
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}
P3_TO_SRGB = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])


def display_p3() -> bytes:
    """The profile of a telephone's screen: sRGB's with other primaries."""
    profile = bytearray(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G", b"P\0 \0G")
    )
    for entry in range(int.from_bytes(profile[128:132], "big")):
        tag, start, _ = struct.unpack_from(">4sII", profile, 132 + 12 * entry)
        if tag in D50:
            struct.pack_into(">3i", profile, start + 8, *(round(part * 65_536) for part in D50[tag]))
    return bytes(profile)


def test_a_wide_profile_is_applied():
    """Against the matrix from Display P3 to sRGB between the tone curve and its inverse."""
    parts = COLOURS / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ P3_TO_SRGB.T
    linear = np.clip(linear, 0, 1)
    truth = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    for kind in ("PNG", "TIFF"):
        assert close(pixels(file(RGB, kind, icc_profile=display_p3())), np.rint(255 * truth).astype(int), 3)


def test_other_colours_in_a_jpeg():
    assert close(pixels(file(RGB.convert("CMYK"), "JPEG", quality=98)), COLOURS, 30)
    assert close(pixels(file(RGB, "TIFF", compression="jpeg", quality=98)), COLOURS, 30)


def test_a_profile_of_srgb_changes_nothing_and_a_broken_one_is_ignored():
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert close(pixels(file(RGB, "PNG", icc_profile=own)), COLOURS, 0)
    assert close(pixels(file(RGB, "PNG", icc_profile=b"no profile" * 20)), COLOURS)
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()  # not of red, green and blue
    assert close(pixels(file(RGB, "PNG", icc_profile=wide)), COLOURS)


def test_the_first_of_several_pictures_is_read_and_said():
    others = [RGB.rotate(180)] * 3
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        found = read(file(RGB, kind, save_all=True, append_images=others))
        assert "4 pictures" in found.notes[0] or "2 pictures" in found.notes[0], kind
        assert close(np.asarray(found.image).astype(int), COLOURS, 60), kind
    assert read(file(RGB, "MPO", save_all=True, append_images=others)).notes == ()


def scene() -> Image.Image:
    picture = Image.new("RGB", (320, 240), "skyblue")
    ImageDraw.Draw(picture).ellipse([40, 120, 300, 238], fill="firebrick")
    return picture


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_read_as_far_as_it_goes(progressive):
    whole = file(scene(), "JPEG", quality=95, progressive=progressive)
    truth = np.asarray(Image.open(io.BytesIO(whole)).convert("RGB")).astype(int)
    assert close(pixels(whole[:-2]), truth, 0)
    assert np.abs(pixels(whole[:-20]) - truth).mean() < 1
    cut = read(whole[: len(whole) * 6 // 10])
    assert "ends too early" in cut.notes[0]
    assert close(np.asarray(cut.image).astype(int)[:40], truth[:40], 80 if progressive else 0)
    if not progressive:
        assert read(whole[:-2]).notes == () and "%" in cut.notes[0]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "WEBP", "BMP"])
def test_other_files_that_are_cut_off_are_refused(kind):
    whole = file(scene(), kind)
    with pytest.raises(InputError) as refused:
        read(whole[: len(whole) * 6 // 10])
    assert str(refused.value) in (CUT_OFF, UNREADABLE)


REFUSED = {
    "HEIC, as iPhones": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    "PDF": b"%PDF-1.7 ...",
    "SVG": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "JPEG XL": b"\xff\x0a" + bytes(50),
    "could not be read as a picture": b"nothing of a picture",
    "could not be read as a picture.": b"",
    "more than 64 million": file(Image.new("1", (9000, 9000)), "PNG"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_picture_is_named(kind):
    with pytest.raises(InputError, match=kind):
        read(REFUSED[kind])


def test_sizes_that_a_file_claims_take_no_memory():
    lying = bytearray(COLOURED["12 bits PNG"])
    lying[33:37] = b"\x7f\0\0\0"  # of the first part with pixels
    wide = bytearray(COLOURED["parts of 1"])
    place = wide.index(b"\0\1\3\0\1\0\0\0\x40\0")
    wide[place + 2 : place + 12] = b"\4\0\1\0\0\0\xff\xff\xff\0"
    for content, sentence in ((lying, UNREADABLE), (wide, TOO_LARGE)):
        with pytest.raises(InputError) as refused:
            read(bytes(content))
        assert str(refused.value) == sentence


def test_which_files_browsers_show_differently(tmp_path):
    for kind, content, truth in [(*one, COLOURS) for one in COLOURED.items()] + [(*one, GREY) for one in GREYS.items()]:
        (tmp_path / "file").write_bytes(content)
        shown = not_as_shown(tmp_path / "file")
        assert (shown is None) == (kind in ("PNG", "WebP", "BMP", "L PNG")), kind
        assert shown is None or close(np.asarray(shown).astype(int), truth), kind
    for content in (b"ply, and no picture", REFUSED["HEIC, as iPhones"], GREYS["L TIFF"][:-100]):
        (tmp_path / "file").write_bytes(content)
        assert not_as_shown(tmp_path / "file") is None


def test_what_was_read_is_read_again_as_it_is():
    for source in (file(RGB, "PNG", icc_profile=display_p3()), GREYS["12 bits PNG"], file(RGB.convert("LA"), "PNG")):
        once = read(source).image
        assert np.array_equal(np.asarray(read(once).image), np.asarray(once)) and read(once).notes == ()
    assert read(RGB).image is RGB
