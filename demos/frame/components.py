"""Gradio's components for files and pictures, with a sentence for what cannot be read."""

import base64
import functools
import io
import os
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr
import PIL.Image
from gradio import processing_utils
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.utils import is_in_or_equal

from dlcv.core.errors import InputError
from dlcv.core.images import reader


def _saved(picture: PIL.Image.Image, cache_dir: str, name: str = "image", format: str = "webp") -> str:
    """The path of a picture that is answered, by Gradio's own rule: its folder is a hash of the content, so that others
    who were answered the same may be reading it. Gradio's function empties the file and writes it again; this one puts
    it there whole. As PNG it is packed by runs, which costs half the time and hardly more bytes."""
    content = _as_png(picture) if format == "png" else processing_utils.encode_pil_to_bytes(picture, format)
    folder = Path(cache_dir).resolve() / processing_utils.hash_bytes(content)
    folder.mkdir(exist_ok=True, parents=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(content)
    path = folder / f"{name}.{format}"
    os.replace(file.name, path)
    return str(path)


def _as_png(picture: PIL.Image.Image) -> bytes:
    """A picture as PNG, with what its file has to say about it."""
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=processing_utils.get_pil_metadata(picture), compress_type=zlib.Z_RLE)
    return file.getvalue()


processing_utils.save_pil_to_cache = _saved


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
    """gr.Image that gives a picture in RGB, or RGBA where a part of it is transparent, as `reader.read` has it, and
    answers a broken file, a bomb, a link or a path with a sentence.

    A function, and not a subclass: Gradio writes a .pyi file beside the source of every subclass of a component.
    """
    image = gr.Image(type="pil", placeholder="# Your own photograph\nDrop it here, or click to choose it.", **kwargs)

    def preprocess(payload: ImageData | None):
        if payload is None:
            return None
        try:
            picture, notes = reader.read(_content(payload, image))
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except Exception:
            raise gr.Error(reader.UNREADABLE, print_exception=False) from None
        if notes:
            picture.info |= {"notes": notes, "path": payload.path}
        return picture

    image.preprocess = preprocess
    _refuse_links(image, "picture")
    return image


def _content(payload: ImageData, component: gr.components.Component) -> bytes:
    """The bytes of a picture that was uploaded or sent as a data URI. Raises ValueError and others where it was not."""
    if payload.url and payload.url.startswith("data:"):
        return base64.b64decode(payload.url.partition(",")[2], validate=True)
    _check_uploaded(payload.path, component)
    return Path(payload.path).read_bytes()


def notes_of(values: Iterable) -> list[str]:
    """What was noted when the pictures among the values were read."""
    pictures = (value for value in values if isinstance(value, PIL.Image.Image))
    return [note for picture in pictures for note in picture.info.get("notes", ())]


def say_notes(values: Iterable) -> None:
    """Show a visitor what was noted when the pictures among the values were read, once a visit and picture."""
    if LocalContext.event_id.get(None) is None:  # not of the page: a client has it in the answer
        return
    visit = LocalContext.request.get(None)
    for value in values:
        if notes := notes_of([value]):
            _say(getattr(visit, "session_hash", None), value.info["path"], tuple(notes))


@functools.lru_cache(maxsize=1000)  # for its memory of what was said
def _say(visit: str | None, path: str | None, notes: tuple[str, ...]) -> None:
    for note in notes:
        gr.Info(note, title="About this picture")
