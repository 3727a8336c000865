"""A fair share of the server: nobody's many questions at once keep the others from theirs."""

import asyncio
import re
from weakref import WeakValueDictionary

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMPUTES = ("/component_server", "/run/", "/api/")
AT_ONCE = 4  # questions of one visitor that are computed at a time; a page asks one or two
FROM_ONE_ADDRESS = 24  # of the 40 threads: a whole class may come from one
WAITING = 200  # of one address
SESSION = re.compile(rb'"session_hash":\s*"(\w{1,64})"')
TOO_MANY = "Too many questions at once. Wait for the answers, then ask again."


class Turn:
    """Those who may go on at once; the others wait in a row."""

    def __init__(self, at_once: int):
        self.free, self.asking = asyncio.Semaphore(at_once), 0


class Turns:
    """ASGI middleware: what one visitor asks at once beyond AT_ONCE waits in a row of its own, and an address that
    asks for more than WAITING gets a 429. What nobody waits for any more when its turn comes is not computed.

    `heavy` are names of endpoints that take longer, with how many of them there may be at once: they wait for each
    other in one row, where they keep no thread from what is light.
    """

    def __init__(self, app: ASGIApp, heavy: dict[str, int]):
        self.app, self.heavy = app, heavy
        self.turns: WeakValueDictionary[tuple, Turn] = WeakValueDictionary()  # of those who are asking

    def turn(self, at_once: int, *whose: bytes | str) -> Turn:
        """The turn of a visitor, or of an address."""
        found = self.turns.get(whose)
        if found is None:
            found = self.turns[whose] = Turn(at_once)
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on in its turn."""
        if scope["type"] != "http" or not any(part in scope["path"] for part in COMPUTES):
            return await self.app(scope, receive, send)
        address = (scope.get("client") or ("",))[0]
        everybody = self.turn(FROM_ONE_ADDRESS, address)
        if everybody.asking >= WAITING:
            refusal = JSONResponse({"error": TOO_MANY}, 429, {"Retry-After": "5"})
            return await refusal(scope, receive, send)
        everybody.asking += 1
        try:
            body = await _read(receive)
            if body is None:
                return
            session = SESSION.search(body)
            visitor = self.turn(AT_ONCE, address, session[1] if session else b"")
            at_once = self.heavy.get(scope["path"].rstrip("/").rpartition("/")[2])
            row = self.turn(at_once, "heavy") if at_once else everybody
            waited = visitor.free.locked() or row.free.locked()
            async with visitor.free, row.free:
                if not (waited and await _left(receive)):
                    await self.app(scope, _again(body, receive), send)
        finally:
            everybody.asking -= 1


async def _read(receive: Receive) -> bytes | None:
    """The body of a request, whole; None where the client left before."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and then what else comes."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _left(receive: Receive) -> bool:
    """Whether the client is gone."""
    asked = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait([asked], timeout=0.01)
    asked.cancel()
    return bool(done)  # after the body nothing else comes but the end
