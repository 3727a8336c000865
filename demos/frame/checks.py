"""What stands between a browser and Python: every value is checked, every failure becomes a sentence."""

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dlcv.core import cores, runtime
from dlcv.core.errors import InputError

from . import elsewhere
from .components import say_notes
from .questions import NOT_UNDERSTOOD, Query, understood

log = logging.getLogger("gallery")

UNEXPECTED = "Something went wrong here. Try another input; the rest of the gallery is not affected."
MAX_ITEMS = 50_000  # numbers, texts and lists in one request: a cloud of 10,000 points
MAX_DEPTH = 6
MAX_UPLOAD = 50_000_000  # bytes of a file
MAX_BODY = 14_000_000  # bytes of any other request: a picture of 10 MB as a data URI


def check(value: Any, depth: int = 0) -> int:
    """Count the items of a value that came from a browser; it is bounded in size and depth, its numbers are finite.

    Raises InputError otherwise. Texts are bounded by MAX_BODY.
    """
    if isinstance(value, bool):
        return 1
    if isinstance(value, (int, float)):
        if not abs(value) <= 1e9:  # written so that NaN fails too
            raise InputError("A number in this request is not finite, or far too large.")
        return 1
    if isinstance(value, (list, tuple, dict)):
        if len(value) > MAX_ITEMS or depth >= MAX_DEPTH:
            raise InputError("This request is too large.")
        if isinstance(value, dict) and not all(isinstance(key, str) and len(key) <= 100 for key in value):
            raise InputError(NOT_UNDERSTOOD)
        count = 1
        for item in value.values() if isinstance(value, dict) else value:
            count += check(item, depth + 1)
            if count > MAX_ITEMS:
                raise InputError("This request is too large.")
        return count
    return 1


def _sentence(error: Exception, fn: Callable) -> gr.Error:
    """The toast for an exception of an event handler."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, InputError):
        return gr.Error(str(error), title="Not possible", print_exception=False)
    log.error("%s failed", getattr(fn, "__name__", fn), exc_info=error)
    return gr.Error(UNEXPECTED, print_exception=False)


def _refused(error: Exception) -> gr.Error:
    """The toast for a request that Gradio itself failed to understand; the log has why, in a line."""
    log.warning("refused a request: %s: %.150s", type(error).__name__, str(error).split("\n")[0])
    return gr.Error(NOT_UNDERSTOOD, print_exception=False)


def guard(fn: Callable, gpu: bool = True) -> Callable:
    """Wrap an event handler (or a generator of one): the visitor reads a sentence, the log has the traceback.

    InputError becomes gr.Error with its sentence; anything unexpected is logged and answered with a plain sentence.
    What was noted when a picture among the arguments was read is said, once. Event handlers are where models compute:
    on ZeroGPU they hold a GPU. Without `gpu` they stay in this process also there and may keep what the next call asks
    for.
    """
    compute = elsewhere.computed(runtime.gpu(fn) if gpu else fn)

    @functools.wraps(fn)
    def guarded(*args):
        say_notes(args)
        try:
            return compute(*args)
        except Exception as error:
            raise _sentence(error, fn) from None

    @functools.wraps(fn)
    def guarded_generator(*args):
        say_notes(args)
        try:
            yield from compute(*args)
        except Exception as error:
            raise _sentence(error, fn) from None

    return guarded_generator if inspect.isgeneratorfunction(fn) else guarded


def live(fn: Callable[[Any], dict], gpu: bool = True) -> Callable[[Any], dict]:
    """Wrap a function that a board's script calls: its one argument is checked to be a dict of bounded size, and made
    the `Query` that fn takes.

    An exception would reach the script as null and say nothing, so it is returned as {"error": sentence}.
    On ZeroGPU the function holds a GPU, like those of `guard`; without `gpu` it stays in this process and may keep
    there what the next call asks for.
    """
    compute = elsewhere.computed(runtime.gpu(fn, duration=10) if gpu else fn)
    model = next(iter(inspect.signature(fn).parameters.values())).annotation
    takes_model = isinstance(model, type) and issubclass(model, Query)

    def answer(query):
        try:
            if not isinstance(query, dict):
                raise InputError(NOT_UNDERSTOOD)
            check(query)
            return compute(understood(model, query) if takes_model else query)
        except InputError as error:
            return {"error": str(error)}
        except Exception:
            log.exception("%s failed", fn.__name__)
            return {"error": UNEXPECTED}

    answer.__name__ = fn.__name__  # the script calls it by this name
    answer.asks = model if takes_model else None
    return answer


class BodyLimit:
    """ASGI middleware: a request with a larger body than MAX_BODY, of an upload MAX_UPLOAD, gets a 413, unread."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what arrives."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = MAX_UPLOAD + 100_000 if scope["path"].endswith("/upload") else MAX_BODY  # a form is more than its file
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            return await PlainTextResponse("This request is too large.", 413)(scope, receive, send)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:  # sent in pieces, without announcing its length
                return {"type": "http.disconnect"}
            return message

        return await self.app(scope, counted, send)


class Page(gr.Blocks):
    """gr.Blocks whose endpoints check what arrives, and answer a request that cannot even be read with a sentence; and
    whose limits hold for all that is asked, in the queue or beside it."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.rooms: dict[tuple[str, int], asyncio.Semaphore] = {}  # by the name of what shares a limit, and the limit

    async def call_function(self, block_fn, *args, **kwargs):
        """What the function answers. Gradio's limit is one of its queue, which /run/ goes by. On a GPU there is one at
        a time: a second one would only need more of its memory. Whether there is a GPU is known once torch is there."""
        if not isinstance(block_fn.concurrency_limit, int):
            return await self._called(block_fn, *args, **kwargs)
        here = elsewhere.send is None
        at_once = 1 if here and runtime.on_gpu() else block_fn.concurrency_limit
        room = self.rooms.setdefault((block_fn.concurrency_id, at_once), asyncio.Semaphore(at_once))
        async with room:
            with cores.computing():
                return await self._called(block_fn, *args, **kwargs)

    async def _called(self, block_fn, *args, **kwargs):
        """What the function answers; gr.Error with a sentence where one of Gradio's own, such as that of examples, does
        not understand what was sent: no `guard` stands around it."""
        try:
            return await super().call_function(block_fn, *args, **kwargs)
        except gr.Error:
            raise
        except Exception as error:
            raise _refused(error) from None

    async def preprocess_data(self, block_fn, inputs, *args, **kwargs):
        """What Gradio makes of the values that arrived, the last of which need not be sent where they have defaults;
        gr.Error with a sentence instead of any other exception."""
        try:
            check(inputs)
            if block_fn.fn is None:  # an event of the page's scripts alone
                raise InputError(NOT_UNDERSTOOD)
            if block_fn.api_visibility == "public":
                inputs = [*inputs, *(component.value for component in block_fn.inputs[len(inputs) :])]
            return await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        except gr.Error as error:
            if not error.print_exception:
                raise
            said = str(error.message)  # by Gradio, of what its components do not offer
            raise gr.Error(said if said.endswith(".") else NOT_UNDERSTOOD, print_exception=False) from None
        except InputError as error:
            raise gr.Error(str(error), title="Not possible", print_exception=False) from None
        except Exception as error:
            raise _refused(error) from None
