"""Those who wait for an answer that takes longer: how many they may be, and what they may hold."""

import fastapi
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue

from .checks import MAX_BODY

MOST = 256  # questions: a full lecture hall, each with one
LARGEST = 200_000_000  # bytes of all that wait together: pictures of a page lie in files, a client may send them along
TOLD_EVERY = 1.0  # seconds after which all who wait hear their place; after each answer, 200 would get 21,000 messages
FULL = "Too much is waiting for an answer now. Try again in a minute."

_push = Queue.push


def _size(request: fastapi.Request) -> int:
    """Bytes of what was asked; the most there may be of it, where a client does not say."""
    return int(request.headers.get("Content-Length", MAX_BODY))


async def push(queue: Queue, body: PredictBodyInternal, request: fastapi.Request, username: str | None) -> tuple:
    """As Gradio's, which takes a question into the queue, or says why not; one too many in bytes is one too many."""
    rows = queue.event_queue_per_concurrency_id.values()
    held = sum(_size(event.request) for row in rows for event in row.queue)
    if held + _size(request) > LARGEST:
        return False, FULL, "queue_full"
    return await _push(queue, body, request, username)


Queue.push = push
