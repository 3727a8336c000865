"""What may be asked is stated once: the check, the sentence of the refusal, the slider, the endpoint."""

import math

import gradio as gr
import PIL.Image
import pytest

from demos import frame
from demos.frame.questions import bounds, understood
from dlcv.core.errors import InputError


class Sampled(frame.Query):
    """A question with a field of every kind."""

    model: frame.Choice({"small": 2, "large": 40})
    seed: frame.Whole(0, 999_999) = 0
    temperature: frame.Slider("Temperature", 0, 2, step=0.1, unit="°") = 1.0
    z: frame.Numbers(2, -10, 10) = [0, 0]
    ink: frame.Points(0, 3, 1) = []


def test_what_is_good_arrives_and_a_drag_is_held_within_its_limits():
    query = understood(Sampled, {"model": "large", "seed": 3.0, "z": [1, 20], "ink": [[0.5, -7]], "more": 1})
    assert query == Sampled(model="large", seed=3, z=[1.0, 10.0], ink=[[0.5, -1.0]])
    assert isinstance(query.seed, int)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "'model' must be one of small, large."),
        ({"model": ["small"]}, "'model' must be one of small, large."),
        ({"model": "small", "seed": True}, "'seed' must be a whole number from 0 to 999,999."),
        ({"model": "small", "seed": 1.5}, "'seed' must be a whole number from 0 to 999,999."),
        ({"model": "small", "temperature": 2.1}, "'temperature' must be a number between 0 and 2."),
        ({"model": "small", "temperature": math.nan}, "'temperature' must be a number between 0 and 2."),
        ({"model": "small", "temperature": "1"}, "'temperature' must be a number between 0 and 2."),
        ({"model": "small", "z": [1]}, "'z' must be a list of 2 numbers."),
        ({"model": "small", "z": [1, math.inf]}, "'z' must be a list of 2 numbers."),
        ({"model": "small", "ink": [[0, 0]] * 4}, "'ink' must be a list of 0 to 3 points."),
    ],
)
def test_what_is_no_good_gets_a_sentence(values, sentence):
    with pytest.raises(InputError) as refused:
        understood(Sampled, values)
    assert str(refused.value) == sentence


def test_a_slider_is_drawn_from_the_limits_that_are_checked():
    [slider] = frame.sliders(Sampled)
    assert slider == {
        "name": "temperature", "label": "Temperature", "unit": "°", "low": 0, "high": 2, "step": 0.1, "value": 1.0
    }  # fmt: skip


def test_an_input_of_a_board_has_the_limits_that_are_checked():
    assert bounds(Sampled.model_fields["temperature"]) == 'min="0" max="2" step="0.1"'
    assert bounds(Sampled.model_fields["seed"]) == 'min="0" max="999999" step="1"'
    html = frame.Board("vae/prior", asks=frame.tab("vae").boards.Prior).html_template
    assert 'name="temperature" min="0" max="2" step="0.05"' in html and "data-bounds" not in html


def test_a_board_s_function_gets_the_model_or_the_script_gets_a_sentence():
    def sample(query: Sampled) -> dict:
        return {"seed": query.seed + 1}

    assert frame.live(sample)({"model": "small", "seed": 7}) == {"seed": 8}
    assert frame.live(sample)({"model": "none"}) == {"error": "'model' must be one of small, large."}
    assert frame.live(sample)([1]) == {"error": "This request is not understood."}


def test_an_endpoint_is_made_of_the_types_of_its_function():
    def proof_sample(picture: frame.Picture, model: frame.Choice(["small", "large"]), seed: frame.Whole(0, 9) = 4):
        """What arrived. And more."""
        return {"size": picture.size, "model": model, "seed": seed}

    with frame.page("Proof") as blocks:
        frame.endpoint(proof_sample, ["json"], example={"picture": PIL.Image.new("L", (3, 2)), "model": "small"})
    try:
        endpoint = frame.ENDPOINTS["/proof_sample"]
        picture, *rest = endpoint.request()
        assert picture["url"].startswith("data:image/png;base64,") and rest == ["small", 4]
        [event] = blocks.fns.values()
        assert event.api_name == "proof_sample"
        assert [type(part).__name__.lower() for part in event.inputs] == ["image", "dropdown", "number"]
        assert event.inputs[2].value == 4
        assert event.fn(PIL.Image.new("L", (3, 2)), "large", 5.0) == {"size": (3, 2), "model": "large", "seed": 5}
        with pytest.raises(gr.Error, match="'seed' must be a whole number from 0 to 9."):
            event.fn(None, "large", 10)
    finally:
        del frame.ENDPOINTS["/proof_sample"]


def test_an_endpoint_may_ask_what_a_board_asks():
    def proof_sample(query: Sampled):
        """What arrived."""
        return query.seed

    with frame.page("Proof") as blocks:
        frame.endpoint(proof_sample, ["json"], example={"model": "small"})
    try:
        assert frame.ENDPOINTS["/proof_sample"].request() == ["small", 0, 1.0, [0, 0], []]
        [event] = blocks.fns.values()
        assert event.fn("small", 7, 1, [0, 0], []) == 7
        with pytest.raises(gr.Error, match="'seed' must be"):
            event.fn("small", -1, 1, [0, 0], [])
        [info] = blocks.get_api_info()["named_endpoints"].values()
        assert [one["parameter_name"] for one in info["parameters"]] == list(Sampled.model_fields)
    finally:
        del frame.ENDPOINTS["/proof_sample"]
