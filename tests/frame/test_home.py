"""The map of the lecture: what home, the page of slides and the foot of a tab say, and what "Make ready" does."""

import json
import re

import gradio as gr
import pytest
from playwright.sync_api import expect

import app
from demos import TOPICS, frame, home, slides
from demos.frame import ready
from demos.frame.ready import Progress, next_step
from dlcv.core import runtime
from dlcv.core.weights import WeightsError


def test_the_lecture_is_in_the_order_of_the_tabs():
    shown = [slide.topic for chapter in slides.CHAPTERS.values() for slide in chapter if slide.topic]
    leads = dict.fromkeys(topic for topic in shown if topic != "cyclegan")  # its applications come before it does
    assert [*leads] == [topic for topic in TOPICS if topic != "cyclegan"]
    assert sum(slide.count for chapter in slides.CHAPTERS.values() for slide in chapter) == 112


def test_a_topic_stands_in_one_chapter_with_the_slides_it_shows():
    for topic in TOPICS:
        assert sum(any(slide.topic == topic for slide in chapter) for chapter in slides.CHAPTERS.values()) == 1, topic
    assert home.in_short(slides.of_topic("vae")) == (
        "13 slides, from “Variational Autoencoders (VAE)” to “Computing the Gradients: The Reparametrization Trick”"
    )
    assert home.in_short(slides.of_topic("autoencoder")[1:]) == "1 slide, “Autoencoders”"


def test_every_card_has_its_pictures():
    for topic in TOPICS:
        for mode in home.MODES:
            assert (home.PICTURES / f"{topic}-{mode}.jpg").exists(), "Run: python -m tests.support.pictures"
    assert len(list(home.PICTURES.iterdir())) == len(TOPICS) * len(home.MODES)


def test_the_foot_leads_from_each_tab_to_the_next():
    ways = [re.findall(r"rel=(\w+) href='\?tab=(\w+)'", home._way(topic)) for topic in TOPICS]
    assert ways[0] == [("next", TOPICS[1])] and ways[-1] == [("prev", TOPICS[-2])]
    for place, way in enumerate(ways[1:-1], 1):
        assert way == [("prev", TOPICS[place - 1]), ("next", TOPICS[place + 1])]


class Asked(frame.Query):
    kind: frame.Choice(["a", "b", "not with b"]) = "a"


@pytest.fixture
def steps(monkeypatch):
    """What is done when everything is made ready: two networks, one of which is out of reach, and an endpoint."""
    done = []

    def load(name):
        done.append(name)
        if name == "far":
            raise WeightsError("It is not on this computer.")

    def answer(query):
        done.append(query.kind)
        if query.kind == "not with b":
            raise frame.checks.InputError("Not both.")

    monkeypatch.setattr(runtime, "LOADS", [(load, "near"), (load, "far"), (load, ("of", "three", "words"))])
    endpoint = ready.Endpoint("/ask", answer, Asked, answer, {"kind": "b"})
    monkeypatch.setattr(ready, "ENDPOINTS", {"/ask": endpoint})
    return done


def test_make_ready_loads_every_network_and_asks_every_endpoint(steps):
    said = []
    ready.make_ready(said.append)
    assert steps == ["near", "far", ("of", "three", "words"), "b", "a", "not with b"]
    assert [(step["name"], step["wrong"]) for step in said if step["wrong"]] == [("far", "It is not on this computer.")]
    assert [step["done"] for step in said] == [1, 2, 3, 4, 5, 6] and {step["of"] for step in said} == {6}
    assert said[2]["name"] == "of, three, words" and said[3]["name"] == "ask" and said[4]["name"] == "ask, a"


def test_a_step_that_is_not_there_changes_nothing(steps):
    assert next_step(Progress(done=99)) == {"done": 6, "of": 6, "name": "", "wrong": ""}
    assert not steps


def test_the_button_says_how_far_it_is_and_what_is_out_of_reach(page):
    step = {"of": 2, "name": "vae-mnist-2d", "wrong": ""}
    answers = iter([step | {"done": 1}, step | {"done": 2, "wrong": "One is not on this computer."}])
    asked = []

    def answer(route):
        asked.append(json.loads(route.request.post_data)["data"])
        route.fulfill(json=next(answers))

    page.route(lambda url: "component_server" in url, answer)
    page.goto("/")
    page.get_by_role("button", name="Make ready").click()
    told = "Every network that is here is ready. One is not on this computer."
    expect(page.locator(".home-told")).to_have_text(told)
    assert asked == [{"done": 0}, {"done": 1}]
    expect(page.get_by_role("button", name="Make ready")).to_be_enabled()


def sections_of(tab: gr.Tab) -> set[str]:
    """The ids of a tab's sections."""
    found = {name[3:] for name in getattr(tab, "elem_classes", ()) if name.startswith("at-")}
    return found.union(*map(sections_of, getattr(tab, "children", ())))


def test_every_link_of_a_slide_leads_to_a_section_that_is_there():
    tabs = {block.id: sections_of(block) for block in app.demo.blocks.values() if isinstance(block, gr.Tab)}
    links = [slide for chapter in slides.CHAPTERS.values() for slide in chapter if slide.topic]
    lost = {f"{slide.heading}: {slide.link}" for slide in links if slide.section not in tabs[slide.topic] | {""}}
    assert not lost, lost
    assert slides.Slide("Results", "gan", "critics").link == "?tab=gan&at=critics"
