"""Heavy questions that are computed at the same time have the answers that they have one after the other."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import PIL.Image
import pytest

import app  # noqa: F401  the endpoints are those of its tabs
from demos import frame
from demos.frame.pictures import drawn_seven
from demos.gan.boards import _variety
from dlcv.core import cores, runtime

SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
SIDE = 160  # pixels of the longer side: these networks answer soon
TIMES = ("milliseconds", "seconds", "extrapolated")  # differ from one time to the next


def photograph(name: str) -> PIL.Image.Image:
    picture = PIL.Image.open(SKIMAGE / name).convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    return picture


PHOTOGRAPHS = [{"picture": photograph(name)} for name in ("astronaut.png", "coffee.png")]
DRAWINGS = [{"picture": drawn_seven(), "seed": seed} for seed in (1, 2)]
QUESTIONS = {
    "detection": [
        ("/detection_find", PHOTOGRAPHS, {"detector": "People", "score": 0.05}),
        ("/detection_find", PHOTOGRAPHS, {"detector": "Everyday objects"}),
        ("/detection_history", PHOTOGRAPHS[:1], {"count": 10}),
    ],
    "maps": [
        ("/pose_people", PHOTOGRAPHS, {}),
        ("/pose_people", PHOTOGRAPHS, {"network": "Pose machine", "side": 193}),
        ("/segmentation_segment", PHOTOGRAPHS, {"look": "Streets"}),
        ("/depth_map", PHOTOGRAPHS, {}),
    ],
    "photographs": [
        ("/cyclegan_paint", PHOTOGRAPHS, {"side": 256}),
        ("/adversarial_fool", PHOTOGRAPHS, {}),
        ("/finegrained_classify", PHOTOGRAPHS, {}),
        ("/lift_features", PHOTOGRAPHS, {"count": 50}),
    ],
    "samples": [
        ("/vae_evidence", DRAWINGS, {"samples": 100}),
        ("/vae_gradients", DRAWINGS, {"draws": 100}),
        ("/gan_variety", [{"seed": 1}, {"seed": 2}], {}),
        ("/stn_count", [{"scale": 0.5}, {"scale": 0.6}], {}),
    ],
}
"""Endpoints, each with what it is asked about and how."""


def compared(answer) -> str:
    """All of an answer but times that were measured: of pictures their bytes."""
    if isinstance(answer, PIL.Image.Image):
        return answer.mode + str(answer.size) + answer.tobytes().hex()
    if isinstance(answer, dict):
        return json.dumps({key: compared(value) for key, value in answer.items() if key not in TIMES})
    return json.dumps([compared(one) for one in answer]) if isinstance(answer, (tuple, list)) else repr(answer)


def ask(name: str, given: dict) -> str:
    endpoint = frame.ENDPOINTS[name]
    runtime.import_torch()  # whole, before several begin with different parts
    with cores.computing():
        values = {
            field: one.get_default(call_default_factory=True) for field, one in endpoint.asks.model_fields.items()
        }
        return compared(endpoint.call(endpoint.understood((values | given).values())))


@pytest.mark.parametrize("group", QUESTIONS)
def test_answers_are_those_of_one_after_the_other(group):
    asked = [(name, about | how) for name, some, how in QUESTIONS[group] for about in some]
    with ThreadPoolExecutor(3) as visitors:  # first, so that they load the networks, too
        together = list(visitors.map(lambda one: ask(*one), asked))
    for answer, (name, given) in zip(together, asked, strict=True):
        assert answer == ask(name, given), (name, given)


@pytest.mark.parametrize(
    "name, given",
    [
        ("/vae_evidence", {"picture": drawn_seven(), "samples": 300, "seed": 1}),
        ("/gan_variety", {"seed": 1}),
        ("/stn_count", {"scale": 0.5}),
    ],
)
def test_answers_are_the_same_with_idle_cores_and_without(name, given, monkeypatch):
    answers, helped = [], []
    submit = cores._threads.submit
    monkeypatch.setattr(cores._threads, "submit", lambda *work: helped.append(work) or submit(*work))
    for helpers in (0, 1, 3):
        _variety.cache_clear()
        monkeypatch.setattr(cores, "idle", lambda helpers=helpers: helpers)
        answers.append(ask(name, given))
        assert bool(helped) == bool(helpers)
    assert answers[0] == answers[1] == answers[2]
