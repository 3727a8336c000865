"""The lecture as a map: the topics as picture cards in its chapters, its slides with links to what shows them, the way
from tab to tab; and what the page around the tabs does."""

from html import escape
from pathlib import Path

import gradio as gr

from demos.frame import PLUMBING, Board, next_step, topics
from demos.slides import CHAPTERS, Slide, of_topic

TITLE = "Deep Learning and Computer Vision"
SENTENCE = (
    "The lecture, made touchable: draw, drag and upload, and trained networks answer while you move, "
    "with every step between the input and the answer open to view."
)
SLIDES = "By slide"
PICTURES = Path(__file__).resolve().parent / "pictures"
MODES = ("light", "dark")
LECTURE = "Deep Learning and Computer Vision, a lecture by Vincent Lepetit, 2021"
LICENCE = "Code under the MIT licence; weights and photographs under those on their cards"


def build() -> None:
    """Build the home screen: title, one sentence, a card for each topic in its chapter of the lecture."""
    gr.set_static_paths([PICTURES])
    chapters = []
    for chapter, slides in CHAPTERS.items():
        shown = {slide.topic for slide in slides}
        there = [topic_id for topic_id in topics() if topic_id in shown]
        missing = sum(slide.count for slide in slides if not slide.topic)
        chapters.append({"title": chapter, "cards": [card(topic_id) for topic_id in there], "missing": missing})
    value = {"title": TITLE, "sentence": SENTENCE, "chapters": chapters}
    Board("home/home", server_functions=[next_step], value=value)


def card(topic_id: str) -> dict:
    """What the card of a topic says."""
    topic = topics()[topic_id]
    path = "gradio_api/file=" + (PICTURES / topic_id).as_posix()
    return {
        "id": topic_id,
        "name": topic.name,
        "lecture": topic.lecture,
        "summary": topic.summary,
        "slides": in_short(of_topic(topic_id)),
        "pictures": {mode: f"{path}-{mode}.jpg" for mode in MODES},
    }


def in_short(slides: list[Slide]) -> str:
    """'14 slides, from “Variational Autoencoders (VAE)” to “Final Optimization Problem”'."""
    count = sum(slide.count for slide in slides)
    first, last = (f"“{slide.heading.replace('“', '‘').replace('”', '’')}”" for slide in (slides[0], slides[-1]))
    number = f"{count} slides" if count > 1 else "1 slide"
    return f"{number}, {first}" if first == last else f"{number}, from {first} to {last}"


def by_slide() -> None:
    """Build the page of all slides."""
    chapters = [
        {
            "title": chapter,
            "slides": [
                {"heading": slide.heading, "count": slide.count, "link": slide.link, "place": _place(slide)}
                if slide.topic
                else {"heading": slide.heading, "count": slide.count}
                for slide in slides
            ],
        }
        for chapter, slides in CHAPTERS.items()
    ]
    Board("home/slides", value={"chapters": chapters})


def _place(slide: Slide) -> str:
    """'GAN, laboratory'."""
    return ", ".join(filter(None, [topics()[slide.topic].title, slide.section.replace("-", " ")]))


def foot() -> None:
    """Build what is below every tab: the way to the tabs before and after it, of which top.js shows that of the tab in
    view; and the lecture, its author and year, the licence of the code."""
    ways = "".join(f"<nav data-tab={one} hidden aria-label='Through the lecture'>{_way(one)}</nav>" for one in topics())
    text = f"<footer class=foot>{ways}<p>{LECTURE}. {LICENCE}.</p></footer>"
    gr.HTML(text, js_on_load=None, apply_default_css=False, elem_classes=["board-block", "foot-block"])


def _way(topic_id: str) -> str:
    """Links to the tabs before and after one."""
    order = [*topics()]
    place = order.index(topic_id)
    sides = {
        "prev": ("Before", order[place - 1 : place]),
        "next": ("Next in the lecture", order[place + 1 : place + 2]),
    }
    return "".join(
        f"<a rel={side} href='?tab={one}'><small>{word}</small>{escape(topics()[one].name)}</a>"
        for side, (word, there) in sides.items()
        for one in there
    )


def top() -> gr.HTML:
    """The switch between light and dark; it also knows the tab that the address asks for."""
    names = {"slides": SLIDES} | {topic_id: topic.name for topic_id, topic in topics().items()}
    titles = {"home": TITLE} | {tab: f"{name} · {TITLE}" for tab, name in names.items()}
    return Board("frame/top", value={"titles": titles})


def link(bar: gr.HTML, tabs: gr.Tabs) -> None:
    """Let `?tab=<id>` and every link to it open a tab; the page's address and title follow the tab in view."""
    bar.open(None, bar, tabs, js="(value) => ({__type__: 'update', selected: value.open})", **PLUMBING)
