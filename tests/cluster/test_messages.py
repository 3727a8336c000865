"""What goes between the page and the replicas, without a Ray that runs: where a question goes, and what is answered."""

from types import SimpleNamespace

import gradio as gr
import pytest

from cluster import answers
from cluster.questions import _place
from cluster.router import ToItsReplica
from demos import frame
from demos.frame import elsewhere, keep
from dlcv.core.errors import InputError
from tests.support.asking import alone

NAME = "ab12cd34.0123456789-_abcd"


class Question(frame.Query):
    token: frame.Text


class OutOfLuck(InputError):
    """One that cannot be sent as it is: it wants two arguments."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}.")


def progressing(x, progress=gr.Progress()):  # noqa: B008
    progress(0.5, desc="Half")
    if x < 0:
        raise KeyError("ours")
    return x + 1


def growing(most):
    yield from range(most)
    raise InputError("No more.")


def refusing():
    raise OutOfLuck("Not", "today")


def changing():
    return "text", gr.Button("Stop", interactive=False)


@pytest.fixture
def numbers(monkeypatch) -> dict:
    functions = [progressing, growing, refusing, changing]
    monkeypatch.setattr(elsewhere, "COMPUTES", functions)
    return {fn: number for number, fn in enumerate(functions)}


def test_a_question_about_something_kept_goes_where_it_is_kept(monkeypatch):
    for args in ((NAME, 3), ([1], Question(token=NAME)), ({"x": None, "run": NAME},), ({"of": {"token": NAME}},)):
        assert _place(args) == "ab12cd34"
    for args in ((), ("street 3", {"token": None}), (Question(token="a text. It is longer than"),), (NAME + "x",)):
        assert _place(args) == ""
    monkeypatch.setattr(keep, "place", "ab12cd34.")
    assert _place([keep.Keep(1, "Gone.").add("thing")]) == "ab12cd34"


def test_the_router_takes_the_replica_that_is_named_or_two_of_all():
    replicas = [SimpleNamespace(replica_id=SimpleNamespace(unique_id=name)) for name in ("a", "b", "c")]

    def chosen(place, among=replicas):
        context = SimpleNamespace(should_backoff=False)
        pending = SimpleNamespace(metadata=SimpleNamespace(session_id=place), routing_context=context)
        return alone(ToItsReplica.choose_replicas(None, among, pending))

    assert chosen("b") == [[replicas[1]]]
    for place in ("", "of one that died"):
        ((one, other),) = chosen(place)
        assert one is not other and {id(one), id(other)} <= set(map(id, replicas))
    assert chosen("", replicas[:1]) == [replicas[:1]]


def test_answers_refusals_and_what_is_said_on_the_way(numbers):
    said = list(answers.many(numbers[progressing], (1, gr.Progress())))
    assert said == [("progress", ((0.5,), {"desc": "Half"})), ("answer", 2)]
    with pytest.raises(KeyError, match="ours"):
        list(answers.many(numbers[progressing], (-1, gr.Progress())))
    *some, (kind, refusal) = answers.many(numbers[growing], (2,))
    assert some == [("answer", 0), ("answer", 1)] and kind == "refused" and str(refusal) == "No more."
    kind, refusal = answers.one(numbers[refusing], ())
    assert kind == "refused" and type(refusal) is InputError and str(refusal) == "Not today."
    kind, (text, change) = answers.one(numbers[changing], ())
    assert (kind, text, change["__type__"], change["interactive"]) == ("answer", "text", "update", False)
