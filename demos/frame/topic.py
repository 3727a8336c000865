"""What the gallery knows of a tab: `demos/<topic>/__init__.py` says it in ABOUT, the order stands in `demos.TOPICS`."""

import importlib
from dataclasses import dataclass, field

import demos


@dataclass(frozen=True)
class Topic:
    """One tab; its id, the name of its folder, also names the package under dlcv, the tests and `?tab=`."""

    title: str
    """Short, for the strip of tabs."""
    name: str
    lecture: str
    """The chapter of the lecture."""
    summary: str
    """One line for the card on the home screen."""
    card: str
    """CSS selector of what the picture of the card shows."""
    first: tuple[str, ...] = ()
    """CSS selectors of the first thing to do and of its answer, which the first screen of a laptop shows whole."""
    slides: tuple[tuple[str, str], ...] = field(default=())
    """Equations of the slides, each with the file under dlcv that states it."""


def topics() -> dict[str, Topic]:
    """All topics by id, in the order of the tabs."""
    return {topic_id: tab(topic_id).ABOUT for topic_id in demos.TOPICS}


def tab(topic_id: str):
    """The module of a topic, with ABOUT and build()."""
    return importlib.import_module(f"demos.{topic_id}")
