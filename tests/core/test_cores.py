"""Cores that are counted, and work that is spread over those that rest: the answers of one thread, bit by bit."""

import math
import os
import threading

import pytest
import torch

from dlcv.core import cores, runtime

PATIENCE = 60  # seconds, as others may use the machine


@pytest.fixture
def three(monkeypatch):
    """A process that may use three cores, all of them idle."""
    monkeypatch.setattr(cores, "count", lambda: 3)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(runtime, "device", lambda: torch.device("cpu"))


def where(_) -> int:
    return threading.get_ident()


def test_cores_are_those_of_the_process_the_container_and_its_share(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(6), raising=False)
    monkeypatch.setattr(runtime, "cpu_quota", lambda: math.inf)
    assert cores.count() == 6
    monkeypatch.setattr(runtime, "cpu_quota", lambda: 2.5)
    assert cores.count() == 3
    monkeypatch.setattr(cores, "most", 1)
    assert cores.count() == 1


def test_idle_are_those_on_which_nothing_is_computed(three, monkeypatch):
    assert cores.idle() == 2  # beside the caller's
    with cores.computing():
        assert cores.idle() == 2  # the caller's, which is counted
        with cores.computing():
            assert cores.idle() == 1
            with cores.computing(), cores.computing():
                assert cores.idle() == 0
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert cores.idle() == 0
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(runtime, "device", lambda: torch.device("cuda"))
    assert cores.idle() == 0


def test_work_is_spread_over_idle_cores_and_results_keep_their_order(three):
    together = threading.Barrier(3)

    def work(item: int) -> int:
        together.wait(PATIENCE)  # three at a time, or never
        return item * item

    assert list(cores.spread(work, iter(range(6)))) == [0, 1, 4, 9, 16, 25]
    assert cores.idle() == 2
    with cores.computing(), cores.computing(), cores.computing():
        assert set(cores.spread(where, range(5))) == {threading.get_ident()}
    assert list(cores.spread(work, [])) == []


def test_who_helps_computes_as_the_caller_does(three):
    def modes(_) -> tuple[bool, bool]:
        return torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    assert set(cores.spread(modes, range(6))) == {(True, False)}
    with torch.no_grad():
        assert set(cores.spread(modes, range(6))) == {(False, False)}
    with torch.inference_mode():
        assert set(cores.spread(modes, range(6))) == {(False, True)}


def test_a_failure_is_passed_on_and_nothing_stays_counted(three):
    def work(item: int) -> int:
        return 1 // item

    with pytest.raises(ZeroDivisionError):
        list(cores.spread(work, [2, 1, 0]))
    with pytest.raises(ZeroDivisionError):
        list(cores.spread(work, [0]))
    assert cores.idle() == 2
