"""The home screen: the topics as picture cards, in the order of the lecture; and what the page around the tabs does."""

from pathlib import Path

import gradio as gr

from demos import TABS
from demos.frame import PLUMBING, Board

TITLE = "Deep Learning and Computer Vision"
SENTENCE = (
    "The lecture, made touchable: draw, drag and upload, and trained networks answer while you move, "
    "with every step between the input and the answer open to view."
)
PICTURES = Path(__file__).resolve().parent / "pictures"


def build() -> None:
    """Build the home screen: title, one sentence, a card for each topic."""
    gr.set_static_paths([PICTURES])
    cards = [
        {
            "id": tab.id,
            "title": tab.name,
            "lecture": tab.lecture,
            "summary": tab.summary,
            "picture": f"gradio_api/file={(PICTURES / f'{tab.id}.jpg').as_posix()}",
        }
        for tab in TABS
    ]
    Board("home/home", value={"title": TITLE, "sentence": SENTENCE, "cards": cards})


def top() -> gr.HTML:
    """The switch between light and dark; it also knows the tab that the address asks for."""
    return Board("frame/top", value={"titles": {"home": TITLE} | {tab.id: f"{tab.name} · {TITLE}" for tab in TABS}})


def link(bar: gr.HTML, tabs: gr.Tabs) -> None:
    """Let `?tab=<id>` and the cards open a tab; the page's address and title follow the tab in view."""
    bar.open(None, bar, tabs, js="(value) => ({__type__: 'update', selected: value.open})", **PLUMBING)
