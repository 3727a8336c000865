"""Devices, the shelf of loaded models, ZeroGPU."""

import math
import os
import platform
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import nn

from dlcv.core import runtime

ROOT = Path(__file__).resolve().parent.parent.parent
KIBIBYTE = 1024
MANY_THREADS = """
import ctypes, tempfile, threading
from dlcv.core import runtime

runtime.share_freed_memory()
libc, all_hold = ctypes.CDLL(None), threading.Barrier(12)
libc.fopen.restype = ctypes.c_void_p

def hold():
    libc.malloc(1000)
    all_hold.wait()

threads = [threading.Thread(target=hold) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.NamedTemporaryFile("r") as said:
    file = ctypes.c_void_p(libc.fopen(said.name.encode(), b"w"))
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(said.read().count("<heap nr="))
"""
FREED = """
from dlcv.core import runtime

def pages():
    return int(open("/proc/self/statm").read().split()[1])

before = pages()
texts = [bytes(2000) for _ in range(80_000)]
last = bytes(2000)
del texts
held = pages() - before
runtime.give_back_memory()
print(held, pages() - before)
"""


def model(kibibytes: int) -> nn.Module:
    """A module of this size, a quarter of it in a buffer."""
    module = nn.Module()
    module.weight = nn.Parameter(torch.zeros(kibibytes * KIBIBYTE * 3 // 16))
    module.register_buffer("table", torch.zeros(kibibytes * KIBIBYTE // 16))
    return module


def run(script: str, **settings: str) -> str:
    """What a fresh Python prints that runs this script in the repository."""
    environment = {**os.environ, **settings}
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_device_is_the_one_asked_for(monkeypatch):
    monkeypatch.setenv("DLCV_DEVICE", "meta")
    assert runtime.device() == torch.device("meta")
    monkeypatch.setenv("DLCV_DEVICE", "")
    assert runtime.device().type in ("cuda", "mps", "cpu")


def test_device_that_torch_does_not_know(monkeypatch):
    monkeypatch.setenv("DLCV_DEVICE", "abacus")
    with pytest.raises(ValueError, match="DLCV_DEVICE is 'abacus'; it must be cpu, cuda"):
        runtime.device()


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_device_prefers_cuda_then_mps(monkeypatch, cuda, mps, expected):
    monkeypatch.delenv("DLCV_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert runtime.device().type == expected


@pytest.mark.parametrize(
    ("limit", "cpus"), [("200000 100000", 2), ("50000 100000", 0.5), ("max 100000", math.inf), ("", math.inf)]
)
def test_cpu_quota_of_a_container(tmp_path, limit, cpus):
    assert runtime.cpu_quota(tmp_path) == math.inf
    (tmp_path / "cpu.max").write_text(limit)
    assert runtime.cpu_quota(tmp_path) == cpus


def test_threads_stay_within_the_quota(monkeypatch):
    threads = torch.get_num_threads()
    try:
        monkeypatch.setattr(runtime, "cpu_quota", lambda: 0.5)
        runtime._limit_threads.__wrapped__()
        assert torch.get_num_threads() == 1
        monkeypatch.setattr(runtime, "cpu_quota", lambda: math.inf)
        runtime._limit_threads.__wrapped__()
        assert torch.get_num_threads() == 1  # what was set before, here or by OMP_NUM_THREADS, is not raised
    finally:
        torch.set_num_threads(threads)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_freed_memory_is_held_in_few_places(monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert int(run(MANY_THREADS)) == 2
    assert int(run(MANY_THREADS, MALLOC_ARENA_MAX="3")) == 3


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_freed_memory_goes_back_to_the_system():
    held, left = map(int, run(FREED).split())
    assert held > 20_000 and left < held / 4  # pages of 4 KiB: of 160 MB, beyond what Python itself has


def test_import_brings_neither_torch_nor_the_hub():
    script = "import sys, dlcv.core.weights, dlcv.core.runtime; print({'torch', 'huggingface_hub'} & set(sys.modules))"
    assert run(script).strip() == "set()"


def test_memory_counts_parameters_and_buffers():
    class Predictor:
        def __init__(self):
            self.encoder, self.decoder, self.latents = model(8), model(4), 40

    assert runtime.memory_of(model(8)) == 8 * KIBIBYTE
    assert runtime.memory_of(Predictor()) == 12 * KIBIBYTE
    assert runtime.memory_of(object()) == 0


def test_memory_limit(monkeypatch):
    monkeypatch.setenv("DLCV_MEMORY_MB", "1.5")
    assert runtime.memory_limit() == 1.5 * 2**20
    monkeypatch.setenv("DLCV_MEMORY_MB", "much")
    with pytest.raises(ValueError, match="DLCV_MEMORY_MB is 'much'"):
        runtime.memory_limit()


def test_shelf_gives_up_the_least_recently_used():
    shelf = runtime.Shelf(limit=10 * KIBIBYTE)
    for key in "abc":
        shelf.get(key, lambda: model(3))
    shelf.get("a", lambda: pytest.fail("a is on the shelf"))
    assert shelf.keys() == ["b", "c", "a"]
    shelf.get("d", lambda: model(4))
    assert shelf.keys() == ["c", "a", "d"]
    shelf.get("c", lambda: pytest.fail("c, a and d fill the shelf, and do not overfill it"))
    shelf.get("e", lambda: model(9))
    assert shelf.keys() == ["e"]


def test_shelf_keeps_a_model_that_alone_is_too_large():
    shelf = runtime.Shelf(limit=KIBIBYTE)
    shelf.get("small", lambda: model(1))
    large = shelf.get("large", lambda: model(2))
    assert shelf.keys() == ["large"]
    assert shelf.get("large", lambda: pytest.fail("it is on the shelf")) is large


def test_shelf_loads_once_for_many_threads():
    shelf, loads, together = runtime.Shelf(2**30), [], threading.Barrier(8)

    def load() -> nn.Module:
        loads.append(threading.get_ident())
        threading.Event().wait(0.1)
        return model(1)

    def visit(_) -> nn.Module:
        together.wait()
        return shelf.get("shared", load)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(visit, range(8)))
    assert len(loads) == 1
    assert all(answer is answers[0] for answer in answers)


def test_shelf_loads_different_models_at_the_same_time():
    shelf, first_is_loading, second_is_loaded = runtime.Shelf(2**30), threading.Event(), threading.Event()

    def slow() -> nn.Module:
        first_is_loading.set()
        assert second_is_loaded.wait(10), "the second model waited for the first"
        return model(1)

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(shelf.get, "first", slow)
        first_is_loading.wait(10)
        shelf.get("second", lambda: model(1))
        second_is_loaded.set()
        first.result(10)
    assert sorted(shelf.keys()) == ["first", "second"]


def test_shelf_passes_an_error_on_and_tries_again():
    shelf = runtime.Shelf(2**30)
    with pytest.raises(OSError, match="no disk"):
        shelf.get("model", lambda: (_ for _ in ()).throw(OSError("no disk")))
    assert shelf.keys() == []
    assert isinstance(shelf.get("model", lambda: model(1)), nn.Module)


def test_gpu_is_nothing_without_zero_gpu():
    def compute():
        return 1

    assert runtime.gpu(compute) is compute
    assert runtime.gpu(duration=5)(compute) is compute


def test_preload_does_nothing_without_zero_gpu():
    runtime.preload(lambda name: pytest.fail(f"{name} was loaded"), "model")


def test_zero_gpu(tmp_path):
    """With a stand-in for the `spaces` package, which only ZeroGPU machines have."""
    (tmp_path / "spaces.py").write_text(
        "import sys\n"
        "assert 'torch' not in sys.modules, 'spaces has to be imported before torch'\n"
        "def GPU(duration):\n"
        "    return lambda function: lambda *inputs: (duration, function(*inputs))\n"
    )
    script = (
        "from dlcv.core import runtime\n"
        "plain, short = runtime.gpu(abs), runtime.gpu(duration=5)(abs)\n"
        "runtime.preload(lambda name: runtime.shelf.get(name, str), 'a', 'b')\n"
        "print(runtime.on_zero_gpu(), plain(-2), short(-3), runtime.shelf.keys())\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    assert run(script, SPACES_ZERO_GPU="true", PYTHONPATH=path).strip() == "True (60, 2) (5, 3) ['a', 'b']"
