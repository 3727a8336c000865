"""What every tab shares: heading, equation, live boards, public endpoints, and how the gallery is served."""

import importlib
import os
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr
from gradio.events import EventListener
from starlette.middleware import Middleware

from dlcv.core import cores, runtime

from . import checks, hosting, theme, visits, waiting
from .architecture import architecture as architecture
from .board import ROUTES
from .board import Board as Board
from .card import weights_card as weights_card
from .checks import Page as Page
from .checks import guard as guard
from .checks import live as live
from .components import SafeFile as SafeFile
from .components import SafeImage as SafeImage
from .endpoints import ENDPOINTS as ENDPOINTS
from .endpoints import endpoint as endpoint
from .keep import EVERY, LASTS, forget_in_time
from .keep import lately as lately
from .keep import remembered as remembered
from .keep import shared as shared
from .models import model as model
from .once import Once
from .questions import Asked as Asked
from .questions import Choice as Choice
from .questions import Clamped as Clamped
from .questions import File as File
from .questions import Numbers as Numbers
from .questions import Picture as Picture
from .questions import Points as Points
from .questions import Query as Query
from .questions import Real as Real
from .questions import Slider as Slider
from .questions import Text as Text
from .questions import Whole as Whole
from .questions import Yes as Yes
from .questions import sliders as sliders
from .ready import make_ready as make_ready
from .ready import next_step as next_step
from .refusals import Refusals
from .sections import LATEX as LATEX
from .sections import equation as equation
from .sections import equations as equations
from .sections import heading as heading
from .sections import section as section
from .served import AsRead
from .topic import Topic as Topic
from .topic import tab as tab
from .topic import topics as topics
from .turns import Turns
from .wire import coded as coded
from .wire import decoded as decoded
from .wire import rounded as rounded

DEMOS = Path(__file__).resolve().parent.parent
WEB = DEMOS / "frame" / "web"
PHOTOGRAPHS = [
    str(Path(find_spec(package).origin).parent / path)
    for package, path in (
        ("sklearn", "datasets/images/china.jpg"),
        ("gradio", "media_assets/images/tower.jpg"),
        ("gradio", "media_assets/images/cheetah.jpg"),
        ("sklearn", "datasets/images/flower.jpg"),
    )
]
"""Those that come with packages; a landscape first."""
FOOTBALLERS = DEMOS / "frame" / "photographs" / "footballers.jpg"
"""Three people in motion, whole: photograph 274422 of Pexels, CC0, from IBM's Model Asset Exchange."""

COMPUTE: dict[str, Any] = {
    "concurrency_id": "compute",
    "concurrency_limit": 1 if runtime.on_zero_gpu() else cores.count(),
}
"""Keyword arguments of an event that takes longer: all of them queue together, one for each core; where a GPU
computes, `Page.call_function` lets one at a time go on."""
PLUMBING: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Keyword arguments of an event that is no business of the visitor or of a client."""

FIRST_SHOWN = """
const alone = () => !document.querySelector('#topics') && !document.querySelector('.board:not([data-started])');
const whole = () => element.closest('[data-ready]') || alone();
const wait = () => whole() ? trigger('shown') : setTimeout(wait, 30);
wait();
"""


def first_shown() -> MethodType:
    """The event, as `gr.on` takes one, of this place of the page being first shown, that is of its tab being first
    opened and all there: a board that came later would miss the answer."""
    mark = gr.HTML("", js_on_load=FIRST_SHOWN, elem_classes=["unseen"])
    return MethodType(EventListener("shown").listener, mark)  # mark.shown is one that `gr.on` does not take


def on_first_show(fn: Callable, inputs=None, outputs=None, gpu: bool = True, **kwargs: Any) -> Any:
    """Run an event when this place of the page is first shown. Gives the event."""
    usual = {"show_progress": "hidden", "api_visibility": "private"}
    return gr.on([first_shown()], guard(fn, gpu), inputs, outputs, **usual | kwargs)


def page(title: str) -> Page:
    """The page that tabs are built in; pictures that it made or was sent are deleted within an hour."""
    return Page(title=title, delete_cache=(EVERY, LASTS))


def served(blocks: gr.Blocks) -> dict[str, Any]:
    """How a page is served, whoever does it: keyword arguments of `launch` and of `gr.mount_gradio_app`."""
    visits.lighten()
    around, routes = hosting.begin()
    limited = [fn for fn in blocks.fns.values() if fn.concurrency_id == COMPUTE["concurrency_id"]]
    turns = Middleware(Turns, heavy={fn.api_name: fn.concurrency_limit for fn in limited})
    inside = [Middleware(Once), Middleware(checks.BodyLimit), turns, Middleware(Refusals), Middleware(AsRead)]
    blocks.queue(waiting.TOLD_EVERY, max_size=waiting.MOST, default_concurrency_limit=4)
    return {
        "theme": theme.THEME,
        "css": (WEB / "gallery.css").read_text(encoding="utf-8"),
        "run_history": False,
        "footer_links": ["api"],
        "max_file_size": checks.MAX_UPLOAD,
        "app_kwargs": {"middleware": around + inside, "routes": ROUTES + routes},
        "show_error": False,
        "ssr_mode": False,
    }


def launch(blocks: gr.Blocks) -> None:
    """Serve on HOST and PORT (127.0.0.1 and 7860; every interface on a Space) until stopped; says when it is ready."""
    space = "SPACE_ID" in os.environ
    host = os.environ.get("HOST") or os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if space else "127.0.0.1")
    port = os.environ.get("PORT") or os.environ.get("GRADIO_SERVER_PORT") or "7860"
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {port!r}.")
    settings = served(blocks)
    hosting.heed_sigterm(blocks)
    try:
        blocks.launch(
            server_name=host,
            server_port=int(port),
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            _frontend=False,  # else it gives up where the first page takes three seconds
            **settings,
        )
    except OSError:
        sys.exit(f"Port {port} of {host} cannot be used. Choose another one, as in: PORT=7861 make run")
    name = "localhost" if host in ("0.0.0.0", "127.0.0.1", "::") else host
    print(f"The gallery is open at http://{name}:{port}", flush=True)
    threading.Thread(target=forget_in_time, daemon=True).start()
    hosting.until_stopped(blocks)


def show_alone(module: str) -> None:
    """Serve one tab by itself, for `python -m demos.<topic>`."""
    with page("Gallery") as blocks:
        importlib.import_module(module).build()
    launch(blocks)
