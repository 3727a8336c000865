"""The deployments: Gallery, which serves the page, and Models, which answer. `serve run cluster/serve.yaml`

Nothing here imports Gradio before a replica starts: Ray reads this module in processes that only put it together.
"""

import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

WAITING = 200  # threads of the page, each of which waits for one answer
HEAVY = 64  # answers of Gradio's queue that are asked for at once: what is beyond waits there, and is told its place


def page() -> FastAPI:
    """The page, as Gradio has it inside of another server."""
    from demos import frame  # isort: skip  before gradio

    import os

    import gradio as gr

    import app

    app.demo.max_threads = WAITING
    for event in app.demo.fns.values():
        if event.concurrency_id == frame.COMPUTE["concurrency_id"]:  # how many there may be is for Models to say
            event.concurrency_limit = HEAVY
    settings = frame.served(app.demo)
    threading.Thread(target=frame.forget_in_time, daemon=True).start()
    return gr.mount_gradio_app(FastAPI(), app.demo, "/", root_path=os.environ.get("GRADIO_ROOT_PATH"), **settings)


@serve.deployment(num_replicas=1, max_ongoing_requests=10_000)  # the streams of every open page are requests
@serve.ingress(page)
class Gallery:
    """The page and what is uploaded to it: one replica, as Gradio keeps the events of a visit in its process."""

    def __init__(self, models: DeploymentHandle):
        from cluster.questions import Questions
        from demos.frame import elsewhere

        elsewhere.send = Questions(models)


@serve.deployment(
    max_ongoing_requests=8,  # a light answer goes on beside heavy ones
    health_check_period_s=2,
    request_router_config={"request_router_class": "cluster.router:ToItsReplica"},
)
class Models:
    """Answers to what visitors ask, from the networks and from what this replica keeps for its visitors."""

    def __init__(self):
        import app  # noqa: F401  builds the page: its functions have numbers
        from demos import frame
        from demos.frame import keep
        from dlcv.core import cores, runtime

        cores.most = 1  # of this machine: the others are for other replicas
        runtime.share_freed_memory()
        runtime.import_torch()
        keep.place = serve.get_replica_context().replica_id.unique_id + "."
        threading.Thread(target=frame.forget_in_time, daemon=True).start()

    async def answer(self, asked: tuple[int, str], args: tuple) -> tuple[str, Any]:
        """The answer of a function to its arguments, as `answers.one` says it."""
        from starlette.concurrency import run_in_threadpool

        from cluster import answers

        return await run_in_threadpool(answers.one, asked, args)

    async def answers(self, asked: tuple[int, str], args: tuple) -> AsyncIterator[tuple[str, Any]]:
        """The same, one after the other, of a function that yields or says how far it is."""
        from starlette.concurrency import iterate_in_threadpool

        from cluster import answers

        async for said in iterate_in_threadpool(answers.many(asked, args)):
            yield said


gallery = Gallery.bind(Models.bind())
