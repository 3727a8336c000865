"""What stands between the boards of a tab: its title, equations, and the headings of its sections.

The sections are folded, linked and listed by web/sections.js. In the page, the block of a section's heading has
`data-section="<id>"` and every block that belongs to it `data-of="<id>"`; ids are unique in a tab, and the part below
the title is "start". `?tab=<topic>&at=<id>` opens there.
"""

import re
from contextlib import nullcontext
from html import escape

import gradio as gr

from .topic import Topic

LATEX = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]


def heading(topic: Topic, *sentences: str) -> None:
    """Title of the tab, its place in the lecture, and what this is in two sentences; $...$ is set by KaTeX."""
    gr.Markdown(
        f"<p class='eyebrow'>{escape(topic.lecture)}</p>\n\n# {topic.name}\n\n{' '.join(sentences)}",
        latex_delimiters=LATEX,
        elem_classes=["heading"],
    )


def equation(tex: str, caption: str = "") -> None:
    """The slide's equation, set by KaTeX, and a line that says what its letters are."""
    gr.Markdown(f"$${tex}$$\n\n{caption}", latex_delimiters=LATEX, elem_classes=["equation"])


def equations(*pairs: tuple[str, str], folded: bool = True) -> None:
    """Equations side by side, each with its caption; under a title folded to one line."""
    place = gr.Accordion("Equations of the slides", open=False, elem_classes=["equations"]) if folded else nullcontext()
    with place, gr.Row():
        for tex, caption in pairs:
            with gr.Column(min_width=320):
                equation(tex, caption)


def section(title: str, text: str = "", name: str = "", folded: bool = False) -> None:
    """A second-level heading with a line of explanation; $...$ is set by KaTeX. What follows belongs to it.

    `name`, or else the title, is what the section is called in the row of contents and, in small letters with hyphens,
    its id. A page that is long opens with its last sections folded, and with those that are `folded` in any case.
    """
    place = re.sub(r"[^a-z0-9]+", "-", (name or title).lower()).strip("-")
    gr.Markdown(
        f"## {title}\n\n{text}",
        latex_delimiters=LATEX,
        elem_classes=["section", f"at-{place}", *(["folded"] if folded else [])],
    )
