"""A visitor's many questions at once wait in a row of their own, and those of others go by."""

import asyncio
import json

import pytest

from demos.frame import turns
from tests.support.asking import alone


def scope(path: str = "/gradio_api/component_server", address: str = "10.0.0.1") -> dict:
    return {"type": "http", "method": "POST", "path": path, "client": (address, 5000)}


class Server:
    """Counts how many requests it has at once, and answers them when it is told to."""

    def __init__(self):
        self.now, self.most, self.bodies, self.answer = 0, 0, [], asyncio.Event()

    async def __call__(self, scope, receive, send) -> None:
        self.bodies.append((await receive())["body"])
        self.now += 1
        self.most = max(self.most, self.now)
        await self.answer.wait()
        self.now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def ask(app: turns.Turns, session: str, leaves: bool = False, **where) -> asyncio.Task:
    """A question of a visitor, in two pieces; the task gives the status of its answer, 0 where there was none."""
    body = json.dumps({"data": 1, "session_hash": session}).encode()
    pieces = [{"type": "http.request", "body": body[9:]}, {"type": "http.request", "body": body[:9], "more_body": True}]
    status = []

    async def receive() -> dict:
        if pieces:
            return pieces.pop()
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        status.extend([message["status"]] if "status" in message else [])

    async def asked() -> int:
        await app(scope(**where), receive, send)
        return sum(status)

    return asyncio.ensure_future(asked())


async def rest() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_one_visitor_has_four_at_a_time_and_others_go_by():
    async def scene() -> None:
        server = Server()
        app = turns.Turns(server, {})
        many = [ask(app, "greedy") for _ in range(50)]
        await rest()
        assert server.now == turns.AT_ONCE
        others = [ask(app, f"visitor{number}") for number in range(9)]
        streams = ask(app, "greedy", path="/gradio_api/upload")  # computes nothing
        await rest()
        assert server.now == turns.AT_ONCE + 9 + 1
        server.answer.set()
        assert await asyncio.gather(*many, *others, streams) == [200] * 60
        assert len(server.bodies) == 60 and len(app.turns) == 0  # nothing is kept of them
        assert json.loads(server.bodies[0])["data"] == 1  # whole

    alone(scene())


def test_one_address_leaves_threads_for_others_and_its_row_ends():
    async def scene() -> None:
        server = Server()
        app = turns.Turns(server, {})
        many = [ask(app, f"forged{number}") for number in range(turns.WAITING + 3)]
        await rest()
        assert server.now == turns.FROM_ONE_ADDRESS
        other = ask(app, "visitor", address="10.0.0.2")
        await rest()
        assert server.now == turns.FROM_ONE_ADDRESS + 1
        server.answer.set()
        statuses = await asyncio.gather(*many, other)
        assert statuses == [200] * turns.WAITING + [429] * 3 + [200]

    alone(scene())


def test_what_takes_longer_waits_in_one_row_and_light_work_goes_by():
    async def scene() -> None:
        server = Server()
        app = turns.Turns(server, {"pose": 1})
        where = [f"/gradio_api/{path}" for path in ("run/pose", "run/pose/", "api/pose")]
        many = [
            ask(app, f"visitor{number}", path=where[number % 3], address=f"10.0.0.{number % 2}") for number in range(60)
        ]
        await rest()
        assert server.now == 1
        light = [ask(app, f"other{number}", address="10.0.0.1") for number in range(turns.FROM_ONE_ADDRESS)]
        await rest()
        assert server.now == 1 + turns.FROM_ONE_ADDRESS
        server.answer.set()
        assert await asyncio.gather(*many, *light) == [200] * (60 + turns.FROM_ONE_ADDRESS)

    alone(scene())


def test_what_nobody_waits_for_any_more_is_not_computed():
    async def scene() -> None:
        server = Server()
        app = turns.Turns(server, {})
        first = [ask(app, "visitor") for _ in range(turns.AT_ONCE)]
        await rest()
        gone = ask(app, "visitor", leaves=True)
        await rest()
        server.answer.set()
        assert await asyncio.gather(*first, gone) == [200] * turns.AT_ONCE + [0]
        assert len(server.bodies) == turns.AT_ONCE

    alone(scene())


@pytest.mark.parametrize("body", [b"", b"\xff{", b'{"session_hash": 7}'])
def test_what_names_no_visitor_passes(body):
    async def scene() -> None:
        server = Server()
        server.answer.set()
        messages = [{"type": "http.request", "body": body}]
        sent = []

        async def receive() -> dict:
            return messages.pop()

        async def send(message: dict) -> None:
            sent.append(message)

        await turns.Turns(server, {})(scope(), receive, send)
        assert server.bodies == [body] and sent[0]["status"] == 200

    alone(scene())
