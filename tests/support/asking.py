"""Requests to the running gallery as a program sends them, a board's question without it, and what a good answer is."""

from __future__ import annotations

import asyncio
import inspect
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from huggingface_hub import constants

from demos.frame.checks import UNEXPECTED
from demos.frame.questions import understood
from tests.support.serving import Gallery

PATIENCE = 60  # seconds for one answer


def alone(coroutine: Coroutine) -> Any:
    """What a coroutine returns, run in a thread of its own: where a browser is open, this one has a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def post(address: str, body: dict) -> tuple[int, object]:
    """Status and decoded JSON of a POST; an answer that is no JSON fails the test."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def ask(fn: Callable[..., dict], query: dict) -> dict:
    """The answer of a board's function to what its script sends; InputError where the question is refused."""
    (parameter,) = inspect.signature(fn).parameters.values()
    return fn(understood(parameter.annotation, query))


def run(gallery: Gallery, name: str, data: list) -> tuple[int, object]:
    """Status and answer of the endpoint /<name>."""
    return post(f"{gallery.url}/gradio_api/run{name}", {"data": data})


def judge(status: int, answer: object, case: str) -> list[str]:
    """What is wrong with an answer: nothing if it is an object without `error`, or with one that a person can read and
    that tells nothing about the server."""
    if not isinstance(answer, dict) or (status != 200 and "error" not in answer):
        return [f"{case}: {status} {str(answer)[:200]}"]
    if "error" not in answer:
        return []
    sentence = answer["error"]
    told = str(sentence).replace(constants.ENDPOINT, "the Hub")  # which is no place on the server
    if not isinstance(sentence, str) or not sentence.endswith(".") or len(sentence) > 300 or "/" in told:
        return [f"{case}: {sentence!r} is no sentence for a visitor"]
    return [f"{case}: not foreseen, the log has the reason"] if sentence == UNEXPECTED else []


def check_calm(gallery: Gallery, before: str) -> None:
    """Nothing unforeseen in the log since `before`."""
    assert "Traceback" not in gallery.log()[len(before) :], gallery.log()[len(before) :][-3000:]
