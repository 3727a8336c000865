"""Boards: the live surfaces of the tabs, each of demos/<topic>/web/<part>.html, .css and .js."""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .checks import live
from .questions import Query, bounds

DEMOS = Path(__file__).resolve().parent.parent
MODULES = {path.relative_to(DEMOS).as_posix(): path.read_bytes() for path in sorted(DEMOS.glob("*/web/*.js"))}
"""Every script by its path below demos; nothing else can be asked for. Imports between them hold on disk, too."""
VERSION = hashlib.sha256(repr(MODULES).encode()).hexdigest()[:16]
"""Part of every script's address: a browser keeps them for good, and asks anew when one has changed."""
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}

# Gradio runs this text as a function: `import` works in it, `await` does not. Addresses are relative to the page, so
# that a proxy may serve the gallery below any path.
BEGIN = """
const first = props.value, scripts = ['frame/web/board.js', '%(module)s'];
Promise.all(scripts.map((path) => import(new URL(`scripts/%(version)s/${path}`, document.baseURI))))
  .then(([frame, board]) => frame.start(board.default, {element, trigger, first, props, server, upload, watch}))
  .catch((error) => {
    console.error(error);
    const board = element.querySelector('.board'), line = document.createElement('p');
    Object.assign(line, {className: 'board-message', textContent: 'This part could not be loaded. Reload the page.'});
    line.dataset.kind = 'error';
    board.append(line);
    board.dataset.started = 'failed';
  });
// Events, which Gradio finds here: %(events)s
"""


def _serve(request: Request) -> Response:
    """The script that the address names, or 404."""
    script = MODULES.get(request.path_params["path"])
    if script is None:
        return PlainTextResponse("There is no such script.", 404)
    return Response(script, media_type="text/javascript", headers=FOREVER)


ROUTES = [Route(f"/scripts/{VERSION}/{{path:path}}", _serve)]
"""What the server that launches a page with boards must answer, too: launch(app_kwargs={"routes": ROUTES})."""


def _literal(text: str) -> str:
    """A file as Gradio's templates must see it to come out unchanged: Handlebars first, then a JavaScript template."""
    if "{{" in text:
        raise ValueError("'{{' in a board's html or css would be taken for a template")
    return text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")


def Board(
    name: str,
    *,
    server_functions: Iterable[Callable] = (),
    gpu: bool = True,
    value: Any = None,
    asks: type[Query] | None = None,
    board_id: str | None = None,
    **kwargs: Any,
) -> gr.HTML:
    """A live surface made of demos/<topic>/web/<part>.html, .css and .js, for the name <topic>/<part>.

    The script is a module; its default export is called once with what board.js binds to the board.
    `server_functions` are wrapped in `live`; in the script they are `server.<function name>`, one argument each.
    With `gpu=False` they stay in this process also on ZeroGPU.
    An <input> whose html says data-bounds="<field>" has the limits of that field of `asks`, which Python checks.
    Its id is <topic>-<part>-board, or <topic>-board where both are the same; `board_id` is for a part of many tabs.
    A `value` arrives in the script by onValue(...); the elements of the page stay. What the script calls by
    trigger('<name>') is an event: board.<name>(fn, ...).
    A function, and not a subclass: Gradio writes a .pyi file beside the source of every subclass of a component.
    """
    topic, part = name.split("/")
    board = board_id or (topic if part == topic else f"{topic}-{part}")
    module = f"{topic}/web/{part}.js"
    paths = [DEMOS / topic / "web" / f"{part}.{kind}" for kind in ("html", "css")]
    html, css = [path.read_text(encoding="utf-8") if path.exists() else "" for path in paths]

    def limited(found: re.Match) -> str:
        return f'name="{found[1]}" {bounds(asks.model_fields[found[1]])}'

    html = re.sub(r'data-bounds="(\w+)"', limited, html)
    events = sorted(set(re.findall(r"\btrigger\(('\w+')", MODULES[module].decode())))
    return gr.HTML(
        value,
        html_template=_literal(f'<div class="board" id="{board}-board">\n{html}\n</div>'),
        css_template=_literal(css),
        js_on_load=BEGIN % {"module": module, "version": VERSION, "events": " ".join(events)},
        apply_default_css=False,
        server_functions=[live(fn, gpu) for fn in server_functions],
        **{"elem_classes": ["board-block"], **kwargs},
    )
