"""The gallery: every topic of the lecture as one tab. `python app.py` serves it on HOST and PORT; with --warm, after
every network was loaded and has run."""

from demos import frame, home  # isort: skip  before gradio: it sets what gradio and the Hub read at import

import sys
import threading
import time

import gradio as gr

from dlcv.core import runtime


def warm_up() -> None:
    """Import torch once the first page is out, so that neither the start nor the first tab waits for it."""
    if "torchvision" not in sys.modules:
        time.sleep(1)
        runtime.import_torch()


def build() -> gr.Blocks:
    """Put the tabs together; nothing here imports torch."""
    with frame.page(home.TITLE) as blocks:
        bar = home.top()
        with gr.Tabs(elem_id="topics") as tabs:
            with gr.Tab("Home", id="home"):
                home.build()
            with gr.Tab(home.SLIDES, id="slides"):
                home.by_slide()
            for topic_id, topic in frame.topics().items():
                with gr.Tab(topic.title, id=topic_id):
                    frame.tab(topic_id).build()
        home.foot()
        for part in blocks.blocks.values():  # so that top.js can tell whether a tab is all there
            part.elem_id = part.elem_id or f"part-{part._id}"
        home.link(bar, tabs)
        blocks.load(lambda: threading.Thread(target=warm_up, daemon=True).start(), **frame.PLUMBING)
    return blocks


demo = build()

if __name__ == "__main__":
    if sys.argv[1:] == ["--warm"]:
        frame.make_ready(lambda step: print("{done} of {of}: {name} {wrong}".format(**step), flush=True))
    elif sys.argv[1:]:
        sys.exit("usage: python app.py [--warm]")
    frame.launch(demo)
