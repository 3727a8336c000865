"""What the server remembers of visitors: bounded in number and in time."""

import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from demos import frame
from demos.frame import keep
from demos.frame.pictures import drawn_seven
from dlcv.core.errors import InputError
from dlcv.core.images import digits, draw

GONE = "This is gone. Send it again."


def later(monkeypatch, seconds: float) -> None:
    """Lets so much time pass."""
    now = time.monotonic()
    monkeypatch.setattr(keep.time, "monotonic", lambda: now + seconds)


def test_what_was_asked_for_the_longest_time_ago_is_given_up():
    kept = keep.Keep(2, GONE)
    first, second = kept.add("first"), kept.add("second")
    kept.get(first)
    kept.add("third")
    assert kept.get(first) == "first"
    with pytest.raises(InputError, match=GONE):
        kept.get(second)
    by_weight = keep.Keep(10, GONE, len)
    names = [by_weight.add(text) for text in ("six of", "four", "eleven of it")]
    assert by_weight.get(names[2]) == "eleven of it"  # the newest in any case
    for name in names[:2]:
        with pytest.raises(InputError):
            by_weight.get(name)


def test_nothing_of_a_visitor_is_left_an_hour_later(monkeypatch):
    assert keep.LASTS + keep.EVERY <= 3600
    assert sum(frame.page("A page").delete_cache) <= 3600  # of files, by Gradio: how often, and how old
    kept = keep.Keep(9, GONE)
    old, asked_for = kept.add("old"), kept.add("asked for")
    digits.read(draw.data_uri(drawn_seven()))
    assert digits._drawn.cache_info().currsize
    later(monkeypatch, keep.LASTS - 10)
    keep.forget()
    assert kept.get(asked_for) == "asked for"
    assert not digits._drawn.cache_info().currsize
    later(monkeypatch, 20)
    keep.forget()
    with pytest.raises(InputError, match=GONE):
        kept.get(old)
    assert kept.get(asked_for) == "asked for"


def test_the_newest_answers_are_kept():
    asked = []

    @frame.lately(2)
    def answer(values: bytes, factor: int) -> dict:
        asked.append(factor)
        return {"sum": sum(values) * factor}

    assert [answer(b"\1\2", factor)["sum"] for factor in (1, 2, 1, 3, 1, 2)] == [3, 6, 3, 9, 3, 6]
    assert asked == [1, 2, 3, 2]


def ask_together(fn, *questions) -> list:
    """What all get who ask at once."""
    together = threading.Barrier(len(questions))

    def ask(question):
        together.wait()
        return fn(question)

    with ThreadPoolExecutor(len(questions)) as visitors:
        return list(visitors.map(ask, questions))


@pytest.mark.parametrize("kept", [frame.lately(2), frame.remembered, lambda fn: frame.shared(functools.cache(fn))])
def test_those_who_ask_the_same_at_once_have_one_answer(kept):
    asked = []

    def answer(question: int) -> dict:
        asked.append(question)
        time.sleep(0.1)
        return {"to": question}

    answers = ask_together(kept(answer), 1, 1, 1, 1)
    assert asked == [1] and all(one is answers[0] for one in answers)


@pytest.mark.parametrize("kept", [frame.lately(2), lambda fn: frame.shared(functools.cache(fn))])
def test_those_who_ask_for_other_things_do_not_wait_for_each_other(kept):
    both = threading.Barrier(2)

    def answer(question: int) -> dict:
        both.wait(60)  # or never
        return {"to": question}

    assert ask_together(kept(answer), 1, 2) == [{"to": 1}, {"to": 2}]


@pytest.mark.parametrize("kept", [frame.lately(2), frame.remembered, lambda fn: frame.shared(functools.cache(fn))])
def test_what_failed_is_tried_again(kept):
    asked = []

    def answer(question: int) -> dict:
        asked.append(question)
        if len(asked) == 1:
            raise InputError(GONE)
        return {"to": question}

    answered = kept(answer)
    with pytest.raises(InputError, match=GONE):
        answered(1)
    assert answered(1) is answered(1) and asked == [1, 1]
