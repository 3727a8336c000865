"""What a host needs: how the gallery is (/health), what it did (a log in JSON, /metrics), headers, a start that takes
the time it needs, and a clean end."""

import json
import logging
import os
import signal
import sys
import threading
import time
from importlib.util import find_spec

import gradio as gr
from gradio import http_server
from gradio.exceptions import ServerFailedToStartError
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dlcv.core import runtime

log = logging.getLogger("gallery")

PATIENCE = 25.0  # seconds that answers may take which are computed when the gallery is to stop
STOPPING = "The gallery is stopping. Try again in a minute."
FRAMED = "'self' https://huggingface.co https://*.huggingface.co https://*.hf.space"  # who may show it in a frame
STREAMS = ("/heartbeat/", "/queue/data", "/upload_progress")  # stay open for as long as a page does
KINDS = {
    "/component_server": "board",
    "/run/": "endpoint",
    "/call/": "endpoint",
    "/queue/": "queue",
    "/upload": "upload",
    "/file=": "file",
}
"""What requests are counted as, by a part of their address; all others are pages and their parts."""


def policy() -> str:
    """The content security policy: all comes from the gallery itself.

    Gradio needs the inline scripts of its page, and makes functions of the texts of components, 'unsafe-eval'. On a
    Space the bar above the page asks the Hub.
    """
    hub = " https://huggingface.co https://*.hf.co" if "SPACE_ID" in os.environ else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob:{hub}",
            "font-src 'self' data:",
            f"connect-src 'self' data: blob:{hub}",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {os.environ.get('FRAME_ANCESTORS') or FRAMED}",
        )
    )


def memory() -> int:
    """Bytes of memory that this process has, 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class Host:
    """What is going on: the answers that are under way, and whether the gallery is about to stop."""

    def __init__(self):
        self.underway, self.stopping, self.serves = 0, False, threading.Event()
        self.metrics = None

    def busy(self, blocks: gr.Blocks) -> int:
        """How many answers are being computed, or wait in the queue."""
        running = sum(len(job) for job in blocks._queue.active_jobs if job)
        return self.underway + running + len(blocks._queue)

    def stop(self, blocks: gr.Blocks) -> None:
        """Refuse what is new, let running answers finish, and end."""
        self.stopping, until = True, time.monotonic() + PATIENCE
        self.serves.wait(PATIENCE)  # the first page is out before Gradio's start is over, which opens the queue
        while self.busy(blocks) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.2)  # the last answers of the queue are sent
        blocks.close(verbose=False)


host = Host()


class Metrics:
    """Requests in Prometheus' form: their number and seconds by kind, and what the process holds."""

    def __init__(self):
        from prometheus_client import Counter, Gauge, Histogram

        self.requests = Counter("gallery_requests", "Requests by kind and status.", ["kind", "status"])
        self.seconds = Histogram("gallery_seconds", "Seconds until an answer was sent whole.", ["kind"])
        self.waiting = Gauge("gallery_busy", "Answers that are computed, or wait in the queue.")
        self.models = Gauge("gallery_models", "Networks that are loaded.")

    def count(self, kind: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(kind, str(status)).inc()
        self.seconds.labels(kind).observe(seconds)

    def serve(self, request: Request) -> Response:
        """The text that Prometheus reads."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        self.waiting.set(host.busy(request.app.get_blocks()))
        self.models.set(len(runtime.shelf.keys()))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def health(request: Request) -> Response:
    """How the gallery is: 503 once it is about to stop, so that nobody is sent here any more."""
    blocks = request.app.get_blocks()
    said = {
        "status": "stopping" if host.stopping else "ready",
        "models": [str(key) for key in runtime.shelf.keys()],
        "memory": memory(),
        "underway": host.underway,
        "queue": len(blocks._queue),
    }
    return JSONResponse(said, 503 if host.stopping else 200, {"Cache-Control": "no-store"})


class Watch:
    """ASGI middleware: adds the headers, counts and logs every request, and refuses new ones once it is to stop."""

    def __init__(self, app: ASGIApp):
        self.app, self.policy = app, policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path, began, status = scope["path"], time.perf_counter(), 499  # 499: who asked has left
        counts = path != "/health" and not any(part in path for part in STREAMS)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
                if headers.get("Content-Type", "").startswith("text/html"):
                    headers["Content-Security-Policy"] = self.policy
            await send(message)

        if host.stopping and scope["method"] == "POST":
            return await PlainTextResponse(STOPPING, 503, {"Retry-After": "60"})(scope, receive, answer)
        host.underway += counts
        try:
            await self.app(scope, receive, answer)
        finally:
            host.underway -= counts
            if counts:
                kind = next((kind for part, kind in KINDS.items() if part in path), "page")
                self.note(kind, scope["method"], path, status, time.perf_counter() - began)

    def note(self, kind: str, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request, and log it: without who asked, and without the name of a visitor's file."""
        if host.metrics:
            host.metrics.count(kind, status, seconds)
        said = {"method": method, "path": path.partition("=")[0], "status": status, "seconds": round(seconds, 4)}
        log.info("%s %s", method, said["path"], extra={"request": {"kind": kind, **said}})


class AsJson(logging.Formatter):
    """One line of JSON for each record; of a request nothing that says who asked."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname, "name": record.name}
        said |= getattr(record, "request", None) or {"message": record.getMessage()}
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said)


def begin() -> tuple[list[Middleware], list[BaseRoute]]:
    """What the server needs for all this, around everything else; also sets up the log, and bounds memory."""
    runtime.share_freed_memory()
    handler, wants_json = logging.StreamHandler(), os.environ.get("GALLERY_LOG") == "json"
    handler.setFormatter(AsJson() if wants_json else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if wants_json:
        log.setLevel(logging.INFO)
    routes = [Route("/health", health)]
    if os.environ.get("GALLERY_METRICS") == "1":
        if find_spec("prometheus_client") is None:
            sys.exit("GALLERY_METRICS=1 needs a package more: pip install prometheus-client")
        host.metrics = Metrics()
        routes.append(Route("/metrics", host.metrics.serve))
    return [Middleware(Watch)], routes


def start(server: http_server.Server) -> None:
    """Start Gradio's server, and wait for it as long as it is starting. Gradio takes the port for occupied after five
    seconds, which are too few where others use the machine.

    Raises ServerFailedToStartError where it ended.
    """
    server.thread = threading.Thread(target=server.run, daemon=True)
    server.thread.start()
    while not server.started:
        if not server.thread.is_alive():
            raise ServerFailedToStartError("The server ended while it was starting.")
        time.sleep(0.001)


http_server.Server.run_in_thread = start


def heed_sigterm(blocks: gr.Blocks) -> None:
    """Let running answers finish on SIGTERM, from before the first page is out."""
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=host.stop, args=(blocks,)).start())


def until_stopped(blocks: gr.Blocks) -> None:
    """Serve until Ctrl-C, or until SIGTERM."""
    host.serves.set()
    blocks.block_thread()
