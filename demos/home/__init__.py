"""The home screen: the topics as picture cards, in the order of the lecture; and what the page around the tabs does."""

from pathlib import Path

import gradio as gr

from demos.frame import PLUMBING, Board, topics

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
            "id": topic_id,
            "title": topic.name,
            "lecture": topic.lecture,
            "summary": topic.summary,
            "picture": f"gradio_api/file={(PICTURES / f'{topic_id}.jpg').as_posix()}",
        }
        for topic_id, topic in topics().items()
    ]
    Board("home/home", value={"title": TITLE, "sentence": SENTENCE, "cards": cards})


def top() -> gr.HTML:
    """The switch between light and dark; it also knows the tab that the address asks for."""
    names = {topic_id: f"{topic.name} · {TITLE}" for topic_id, topic in topics().items()}
    return Board("frame/top", value={"titles": {"home": TITLE} | names})


def link(bar: gr.HTML, tabs: gr.Tabs) -> None:
    """Let `?tab=<id>` and the cards open a tab; the page's address and title follow the tab in view."""
    bar.open(None, bar, tabs, js="(value) => ({__type__: 'update', selected: value.open})", **PLUMBING)
