"""Gradio's components for files and pictures, with a sentence for what cannot be read."""

import warnings
from typing import Any

import gradio as gr
import PIL.Image
from gradio.utils import is_in_or_equal

# A picture of 64 million pixels (8,000 x 8,000) decodes to 192 MB; beyond that Pillow refuses before decoding.
PIL.Image.MAX_IMAGE_PIXELS = 64_000_000
warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)


def _refuse_links(component: gr.components.Component, what: str) -> None:
    """Let the server fetch nothing on a visitor's behalf."""
    to_cache = component.async_move_resource_to_block_cache

    async def refuse(place, *args, **kwargs):
        if "://" in str(place):
            raise gr.Error(f"Send the {what} itself, not a link to it.", print_exception=False)
        return await to_cache(place, *args, **kwargs)

    component.async_move_resource_to_block_cache = refuse


def _check_uploaded(path: str, component: gr.components.Component) -> None:
    """Gradio checks a path only where the request marks it as a file; without the mark any file on the server could be
    named, so it is checked here: ValueError where it was not uploaded."""
    if not is_in_or_equal(path, component.GRADIO_CACHE):
        raise ValueError("not an uploaded file")


def SafeFile(**kwargs: Any) -> gr.File:
    """gr.File that gives the path of an uploaded file and answers a link, or any other path, with a sentence."""
    file = gr.File(**kwargs)
    take = file.preprocess

    def preprocess(payload):
        try:
            if payload is not None:
                _check_uploaded(payload.path, file)
            return take(payload)
        except Exception:
            raise gr.Error("Upload the file itself.", print_exception=False) from None

    file.preprocess = preprocess
    _refuse_links(file, "file")
    return file


def SafeImage(**kwargs: Any) -> gr.Image:
    """gr.Image that answers a broken file, a bomb, a link or a path with a sentence.

    A function, and not a subclass: Gradio writes a .pyi file beside the source of every subclass of a component.
    """
    image = gr.Image(**kwargs)
    decode = image.preprocess

    def preprocess(payload):
        try:
            if payload is not None and payload.path and not (payload.url or "").startswith("data:"):
                _check_uploaded(payload.path, image)
            picture = decode(payload)
            if isinstance(picture, PIL.Image.Image):
                picture.load()  # a file that was cut off in the middle is noticed only now
            return picture
        except gr.Error:
            raise
        except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
            raise gr.Error("This picture has more than 64 million pixels.", print_exception=False) from None
        except Exception:
            raise gr.Error("This file could not be read as a picture.", print_exception=False) from None

    image.preprocess = preprocess
    _refuse_links(image, "picture")
    return image
