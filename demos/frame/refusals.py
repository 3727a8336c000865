"""What Gradio would answer with status 500: a visitor's mistake is none of the server's."""

import json
import logging
import traceback

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .checks import UNEXPECTED
from .elsewhere import AGAIN
from .questions import NOT_UNDERSTOOD

log = logging.getLogger("gallery")

REFUSED = 422  # Unprocessable Content


class Refusals:
    """ASGI middleware: a sentence about what was asked has status 422, not 500, and what Gradio cannot make sense of,
    such as a question to no board of the page, has one too, with a line in the log instead of a traceback."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun, held = False, None  # whether the answer is on its way; its status 500, until its sentence is seen

        async def answer(message: Message) -> None:
            nonlocal begun, held
            if message["type"] == "http.response.start" and message["status"] == 500:
                held = message
                return
            begun = True
            if held:
                await send({**held, "status": _status(message.get("body", b""))})
                held = None
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            first = error.__cause__ or error
            place = traceback.extract_tb(first.__traceback__)[-1]
            said = f"{type(first).__name__}: {first}".split("\n")[0][:150]  # pydantic's other lines have what was sent
            log.warning("refused %s %.80r: %s (%s:%d)", scope["method"], scope["path"], said, place.name, place.lineno)
            if begun:  # a stream, as of a page that was open while the gallery was started anew
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await JSONResponse({"error": NOT_UNDERSTOOD}, REFUSED)(scope, receive, send)


def _status(body: bytes) -> int:
    """The status of an answer that Gradio sends with 500: another one where it has a sentence that was foreseen."""
    try:
        sentence = json.loads(body)["error"]
    except (ValueError, TypeError, KeyError):
        return 500
    if not isinstance(sentence, str) or sentence == UNEXPECTED:
        return 500
    return 503 if sentence == AGAIN else REFUSED
