"""A file becomes a picture, in one place for every tab: whatever its mode, its range, its profile or its orientation.

What was decided on the way is said in sentences, `Picture.notes`, for whoever sees the picture.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, TiffImagePlugin

from ..errors import InputError
from . import deep

MOST_PIXELS = 64_000_000  # 8,000 x 8,000; in RGB they take 256 MB
FORMATS = (
    "PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO", "TGA", "PCX", "SGI", "QOI",
)  # fmt: skip
TIFF = (b"II*\0", b"MM\0*")
BROWSERS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "AVIF")  # formats that they show
# tags of a TIFF; the first bit of PREVIEW says that it is a smaller picture of another one
WIDTH, HEIGHT, PREVIEW, PHOTOMETRIC, WHITE_IS_ZERO = 256, 257, 254, 262, 0
MISSING_ROWS = 16  # a row of JPEG's blocks may be lost without a word
UNREADABLE = "This file could not be read as a picture. Save it as PNG or JPEG, and try again."
CUT_OFF = "This file is damaged, or ends in the middle of the picture. Save or send it again."
TOO_LARGE = "This picture has more than 64 million pixels. Scale it down first."
KINDS = {
    b"%PDF": "a PDF", b"8BPS": "a PSD of Photoshop", b"PK\3\4": "a ZIP", b"%!PS": "PostScript", b"v/1\1": "OpenEXR",
    b"#?RA": "Radiance HDR", b"SIMP": "FITS", b"<!DO": "a web page", b"<htm": "a web page",
    b"\0\0\0\x0cJXL ": "JPEG XL", b"\xff\x0a": "JPEG XL",
}  # fmt: skip
"""What is no picture that is read here, by the first bytes."""
BRANDS = {
    b"hei": "HEIC, as iPhones take it", b"hev": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"crx": "a raw photograph",
    b"mp4": "a film", b"iso": "a film", b"qt": "a film", b"M4V": "a film",
}  # fmt: skip
"""The same, by what stands after "ftyp". HEIC is not read: a damaged one ended the process of libheif 1.23.0."""
SRGB = ImageCms.createProfile("sRGB")


class Picture(NamedTuple):
    """A picture as it was read."""

    image: Image.Image  # RGB, or RGBA where a part of it is transparent; upright, in sRGB; with the file's EXIF data
    notes: tuple[str, ...] = ()


def read(source: bytes | Image.Image) -> Picture:
    """The picture in a file's bytes, or in what Pillow has opened.

    Raises InputError with a sentence where there is none, where it is cut off, or has more than MOST_PIXELS.
    """
    notes: list[str] = []
    try:
        opened = _opened(source, notes) if isinstance(source, bytes) else source
        _bounded(*opened.size)
        image = _loaded(opened, source, notes)
        if isinstance(source, bytes):
            _say_what_else(source, image, notes)
            image = _with_all_bits(source, image, notes)
        return Picture(_upright(_in_eight_bits(image, notes), image), tuple(notes))
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(TOO_LARGE) from None
    except Exception:  # on a broken file Pillow's plugins raise anything, from struct.error to ZeroDivisionError
        raise InputError(_kind(source) or UNREADABLE) from None


def not_as_shown(path: str | Path) -> Image.Image | None:
    """The picture in a file, in RGB, where browsers show none or another one; None where they show what `read` has, and
    where the file is no picture."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if _is_plain(image):
                return None
    except Image.UnidentifiedImageError:
        with open(path, "rb") as file:
            start = file.read(4)
        if start not in TIFF:
            return None
    except Exception:  # a broken file, or none: whoever reads it says so
        return None
    try:
        return on_white(read(Path(path).read_bytes()).image)
    except InputError:
        return None


def _is_plain(image: Image.Image) -> bool:
    """Whether every browser shows an opened file as `read` has it."""
    several = getattr(image, "is_animated", False) and image.format != "MPO"
    turned = image.format not in ("JPEG", "MPO") and "exif" in image.info
    plain = image.format in BROWSERS and image.mode in ("1", "L", "P", "RGB") and "transparency" not in image.info
    return plain and not several and not turned and "16B" not in str(image.tile)  # of a PNG


def on_white(image: Image.Image) -> Image.Image:
    """A picture in RGB, with white where it is transparent."""
    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def _bounded(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise InputError(TOO_LARGE)


def _kind(source: object) -> str:
    """A sentence about a file of a kind that is not read here, or nothing."""
    if not isinstance(source, bytes):
        return ""
    marks, start = (BRANDS, source[8:]) if source[4:8] == b"ftyp" else (KINDS, source)
    name = next((name for mark, name in marks.items() if start.startswith(mark)), "")
    name = name or ("SVG" if b"<svg" in source[:1000] else "")
    return name and f"This file is {name}, which could not be read. Save it as JPEG or PNG, and try again."


def _opened(data: bytes, notes: list[str]) -> Image.Image:
    """What Pillow, or else OpenCV, finds in a file's bytes."""
    Image.init()  # the plugins of all formats: without it Pillow knows the usual ones alone
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:
        if data[:4] not in TIFF:
            raise
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])  # of floating-point colours, which Pillow does not read
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    _bounded(tags[WIDTH], tags[HEIGHT])
    return deep.in_eight_bits(deep.by_opencv(data), None, notes)


def _say_what_else(data: bytes, image: Image.Image, notes: list[str]) -> None:
    """Note what else than the picture that is read a file holds."""
    pages = _pages(data, image.format)
    if pages > 1 and image.format != "MPO":  # an MPO's others are views for devices
        notes.append(f"This file has {pages:,} pictures; the first is read.")
    if getattr(image, "tag_v2", {}).get(PREVIEW, 0) & 1:
        notes.append("This file holds a small preview of its picture, as raw photographs do; the preview is read.")


def _with_all_bits(data: bytes, image: Image.Image, notes: list[str]) -> Image.Image:
    """A picture that seems dark because Pillow keeps the upper eight of 16 bits a value, of which 12 are used."""
    if not deep.has_deep_colours(data, image):
        return image
    if max(high for _, high in image.convert("RGB").getextrema()) >= 64:
        return image
    values = deep.by_opencv(data)
    if values is None or values.dtype != np.uint16:
        return image
    found = deep.in_eight_bits(values, deep.declared(image), notes)
    found.info = image.info.copy()
    if image.format == "TIFF":  # which Pillow has turned
        found.info["exif"] = _orientation(Image.open(io.BytesIO(data), formats=FORMATS).getexif())
    return found


def _pages(data: bytes, kind: str | None) -> int:
    """How many pictures a file has; 1 where what follows the first is broken."""
    try:
        return getattr(Image.open(io.BytesIO(data), formats=(kind,)), "n_frames", 1)
    except Exception:
        return 1


def _loaded(image: Image.Image, source: bytes | Image.Image, notes: list[str]) -> Image.Image:
    """The pixels too. A JPEG that ends too early is read as far as it goes, as browsers do."""
    try:
        image.load()
        return image
    except OSError:
        if image.format not in ("JPEG", "MPO") or not isinstance(source, bytes):
            raise InputError(CUT_OFF) from None
    whole = Image.open(io.BytesIO(source + b"\xff\xd9" * 512), formats=("JPEG",))  # with an end put behind it
    try:
        whole.load()  # libjpeg fills with one grey what is missing
    except OSError:
        raise InputError(CUT_OFF) from None
    rows = np.asarray(whole.convert("RGB")).reshape(whole.height, -1)
    same = (rows == rows[-1, 0]).all(1)[::-1]
    if same.all():
        raise InputError(CUT_OFF)
    missing = int(same.argmin())
    if missing >= MISSING_ROWS:
        lost = f"the lower {100 * missing / whole.height:.0f} % of the picture"
        notes.append(f"This file ends too early: {lost} is missing, and grey.")
    elif whole.info.get("progressive"):
        notes.append("This file ends too early: its picture is less sharp than it was.")
    return whole


def _upright(image: Image.Image, opened: Image.Image) -> Image.Image:
    """A picture turned as the EXIF data of the opened file says, which goes with it, and nothing else does."""
    exif = opened.getexif()
    if image is opened:
        if exif.get(ExifTags.Base.Orientation, 1) == 1:
            return image
        image = image.copy()
    try:
        image.info = {"exif": exif.tobytes()}
    except Exception:  # anything may stand there
        image.info = {"exif": _orientation(exif)}
    ImageOps.exif_transpose(image, in_place=True)
    return image


def _orientation(exif: Image.Exif) -> bytes:
    """EXIF data with nothing but the orientation."""
    alone = Image.Exif()
    alone[ExifTags.Base.Orientation] = exif.get(ExifTags.Base.Orientation, 1)
    return alone.tobytes()


def _in_eight_bits(image: Image.Image, notes: list[str]) -> Image.Image:
    """RGB or RGBA in sRGB, from any mode."""
    mode, profile = image.mode, image.info.get("icc_profile")
    if mode == "F" or mode.startswith("I"):
        inverted = getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO
        image = deep.in_eight_bits(np.asarray(image), deep.declared(image), notes)
        image = ImageOps.invert(image) if inverted else image
    elif mode in ("La", "RGBa", "PA"):  # Pillow turns these into few others
        image = image.convert("LA" if mode == "La" else "RGBA")
    elif mode == "LAB":
        return ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), SRGB, outputMode="RGB")
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    colours = _in_srgb(image, profile) if profile else image
    colours = colours if colours.mode == "RGB" else colours.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] < 255:
        return Image.merge("RGBA", (*colours.split(), alpha))
    return colours


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """A picture whose colours a profile explains, in sRGB; as it is where the profile is broken or another's."""
    try:
        space = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(space) or ""
        mode = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}[space.profile.xcolor_space.strip()]
        if ("sRGB" in name and "inear" not in name) or (mode == "CMYK") != (image.mode == "CMYK"):
            return image
        return ImageCms.profileToProfile(image.convert(mode), space, SRGB, outputMode="RGB")
    except Exception:  # a profile is a file of its own: anything may stand there
        return image
