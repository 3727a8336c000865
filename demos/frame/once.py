"""What all visitors are sent alike: the page, its scripts, styles, fonts and pictures, made and compressed once."""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dlcv.core.errors import InputError

from .board import DEMOS, FOREVER
from .keep import Keep

PICTURES = re.escape(f"/gradio_api/file={(DEMOS / 'home' / 'pictures').as_posix()}/")
PARTS = re.compile(rf"/(assets|static|scripts)/.+|/theme\.css|/favicon\.ico|{PICTURES}.+")
HASHED = re.compile(r"/assets/.+|/scripts/[0-9a-f]{16}/.+")
"""Addresses with a hash of what they name: browsers keep these for good."""
CHANGES = {"page", "deep_link", "all_endpoints"}  # parameters by which Gradio makes another page
ORIGIN = ("x-forwarded-host", "x-forwarded-proto", "x-gradio-server")  # of the page's own address, beside `Host`
TEXTS = re.compile(r"text/|application/(javascript|json)|image/svg")
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=6),
    "gzip": gzip.compress,
}


@dataclass(frozen=True)
class Answer:
    """An answer, as it is sent to everybody."""

    headers: dict[str, str]
    content: bytes


class Once:
    """ASGI middleware: answers from memory what was asked before, by anybody. All else passes, streams among it."""

    def __init__(self, app: ASGIApp):
        self.app, self.making = app, asyncio.Lock()
        self.answers: Keep[Answer] = Keep(2**26, "", lambda answer: len(answer.content))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        name = _name(scope, headers)
        if name is None:
            return await self.app(scope, receive, send)
        accepted = headers.get("accept-encoding", "")
        encoding = next((one for one in COMPRESS if one in accepted), "")
        answer = await self.answer(f"{encoding} {name}", scope, receive, encoding)
        if answer is None:  # an error
            return await self.app(scope, receive, send)
        same = answer.headers["etag"] in headers.get("if-none-match", "")
        content = b"" if same or scope["method"] == "HEAD" else answer.content
        response = Response(content, 304 if same else 200, answer.headers)
        await response(scope, receive, send)

    async def answer(self, name: str, scope: Scope, receive: Receive, encoding: str) -> Answer | None:
        """What is kept by that name, or else made now; None where it is no answer to keep."""
        try:
            return self.answers.get(name)
        except InputError:
            async with self.making:  # one at a time: those who came meanwhile find it
                try:
                    return self.answers.get(name)
                except InputError:
                    made = await self.made(scope, receive, encoding)
            if made:
                self.answers.add(made, name)
            return made

    async def made(self, scope: Scope, receive: Receive, encoding: str) -> Answer | None:
        """What the gallery answers, compressed; None where that is an error."""
        messages: list[Message] = []

        async def note(message: Message) -> None:
            messages.append(message)

        await self.app({**scope, "method": "GET"}, receive, note)
        begin, content = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
        if begin["status"] != 200:
            return None
        headers = MutableHeaders(raw=list(begin["headers"]))
        if TEXTS.match(headers.get("content-type", "")):
            headers.add_vary_header("Accept-Encoding")
            if encoding:
                headers["content-encoding"] = encoding
                content = await run_in_threadpool(COMPRESS[encoding], content)
        headers["content-length"] = str(len(content))
        headers["etag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        page = headers["content-type"].startswith("text/html")
        headers.setdefault("cache-control", "no-cache" if page else "public, max-age=3600")
        if HASHED.fullmatch(_path(scope)):
            headers["cache-control"] = FOREVER["Cache-Control"]
        return Answer(dict(headers), content)


def _path(scope: Scope) -> str:
    """The address below where a proxy serves the gallery."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


def _name(scope: Scope, headers: Headers) -> str | None:
    """What a request asks for that all are answered alike; None for everything else."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or "range" in headers:
        return None
    path = _path(scope)
    if PARTS.fullmatch(path):
        return path
    request = Request(scope)
    if path != "/" or CHANGES & request.query_params.keys():
        return None
    return " ".join([str(request.url.replace(query="")), *(headers.get(one, "") for one in ORIGIN)])
