"""One small picture in every format and mode that is read, as bytes."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image, ImageCms

HEIGHT, WIDTH = 40, 64
GREY = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).round().astype(np.uint8)
COLOURS = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
RGB, L = Image.fromarray(COLOURS), Image.fromarray(GREY)


def file(picture: Image.Image, kind: str, **kwargs) -> bytes:
    """A picture as Pillow saves it."""
    buffer = io.BytesIO()
    picture.copy().save(buffer, kind, **kwargs)  # saving leaves marks on the picture
    return buffer.getvalue()


def by_opencv(values: np.ndarray, kind: str) -> bytes:
    """Values (H, W) or (H, W, 3), in RGB, of any depth as OpenCV saves them."""
    return cv2.imencode(kind, values[..., ::-1] if values.ndim == 3 else values)[1].tobytes()


def several(picture: Image.Image, kind: str) -> bytes:
    """A picture and the same one turned, in one file."""
    return file(picture, kind, save_all=True, append_images=[picture.rotate(turn) for turn in (90, 180, 270)])


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8769)[0xA405] = 28
    return exif


def every_picture() -> dict[str, bytes]:
    """Files by what they are."""
    clear, palette = RGB.convert("RGBA"), RGB.convert("P")
    clear.putalpha(L)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"w\0i\0d\0e")
    lab = ImageCms.profileToProfile(
        RGB, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    deep = GREY.astype(np.uint16) * 16
    return {
        "PNG": file(RGB, "PNG"),
        "PNG with EXIF and profile": file(RGB, "PNG", exif=_exif(), icc_profile=profile),
        "PNG, palette with transparency": file(palette, "PNG", transparency=3),
        "PNG, 1 bit": file(L.convert("1"), "PNG"),
        "PNG, grey with alpha": file(clear.convert("LA"), "PNG"),
        "PNG, alpha": file(clear, "PNG"),
        "PNG, 12 of 16 bits": file(Image.fromarray(deep), "PNG"),
        "PNG, 12 of 16 bits, colours": by_opencv(COLOURS.astype(np.uint16) * 16, ".png"),
        "PNG, animated": several(RGB, "PNG"),
        "JPEG": file(RGB, "JPEG"),
        "JPEG with EXIF and profile": file(RGB, "JPEG", exif=_exif(), icc_profile=profile),
        "JPEG, progressive": file(RGB, "JPEG", progressive=True),
        "JPEG, grey": file(L, "JPEG"),
        "JPEG, CMYK": file(RGB.convert("CMYK"), "JPEG"),
        "JPEG, several": several(RGB, "MPO"),
        "GIF, animated": several(RGB, "GIF"),
        "GIF, transparent": file(palette, "GIF", transparency=3),
        "BMP": file(RGB, "BMP"),
        "BMP, palette": file(palette, "BMP"),
        "DIB": file(L, "DIB"),
        "TIFF": file(RGB, "TIFF", exif=_exif()),
        "TIFF, LZW": file(RGB, "TIFF", compression="tiff_lzw"),
        "TIFF, deflate, alpha": file(clear, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF, JPEG": file(RGB, "TIFF", compression="jpeg"),
        "TIFF, fax": file(L.convert("1"), "TIFF", compression="group4"),
        "TIFF, several": several(palette, "TIFF"),
        "TIFF, CMYK": file(RGB.convert("CMYK"), "TIFF"),
        "TIFF, LAB": file(lab, "TIFF"),
        "TIFF, 12 of 16 bits": file(Image.fromarray(deep.astype(">u2")), "TIFF"),
        "TIFF, 12 of 16 bits, colours": by_opencv(COLOURS.astype(np.uint16) * 16, ".tiff"),
        "TIFF, 32 bits": file(Image.fromarray(GREY.astype(np.int32) - 99), "TIFF"),
        "TIFF, parts of 1": file(Image.fromarray(np.float32(GREY / 255)), "TIFF"),
        "TIFF, parts of 1, colours": by_opencv(np.float32(COLOURS / 255), ".tiff"),
        "WebP": file(RGB, "WEBP", exif=_exif()),
        "WebP, without loss, alpha": file(clear, "WEBP", lossless=True),
        "WebP, animated": several(RGB, "WEBP"),
        "AVIF": file(RGB, "AVIF", speed=10, exif=_exif()),
        "AVIF, animated": several(clear, "AVIF"),
        "JPEG 2000": file(RGB, "JPEG2000"),
        "JPEG 2000, stream": file(clear, "JPEG2000", no_jp2=True),
        "ICO": file(clear, "ICO", sizes=[(32, 32)]),
        "TGA": file(RGB, "TGA", compression="tga_rle"),
        "PCX": file(palette, "PCX"),
        "SGI": file(RGB, "SGI"),
        "QOI": file(clear, "QOI"),
        "PPM": file(RGB, "PPM"),
        "PGM, 16 bits": by_opencv(deep, ".pgm"),
        "PBM": file(L.convert("1"), "PPM"),
        "PFM": file(Image.fromarray(np.float32(GREY)), "PPM"),
    }
