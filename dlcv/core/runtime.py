"""Where models run and what stays in memory.

One device for the whole process (CUDA, MPS or CPU), one shelf of loaded models with a bound on its memory, and the
two loading policies: lazily on an ordinary machine, everything at import on ZeroGPU. Importing this module does not
import torch, so that the first page of the gallery can be served before torch is loaded.
"""

import ctypes
import functools
import importlib
import math
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

M_ARENA_MAX = -8  # malloc.h


def on_zero_gpu() -> bool:
    """Whether this process runs on a Hugging Face ZeroGPU Space, where a GPU is lent for one call at a time."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


if on_zero_gpu():
    import spaces  # replaces parts of torch.cuda, so it has to come before anything that touches CUDA


def share_freed_memory() -> None:
    """Let glibc keep freed memory in two places, rather than in one for each of many threads, up to eight a core: what
    one thread gave back another can use. MALLOC_ARENA_MAX, where it is set, says another number."""
    if "MALLOC_ARENA_MAX" not in os.environ:
        of_glibc("mallopt", M_ARENA_MAX, 2)


def give_back_memory() -> None:
    """Let glibc give freed memory back to the system, which takes a tenth of a second: by itself it keeps what lies
    below anything that is in use, 750 MB after eight threads with large networks."""
    of_glibc("malloc_trim", 0)


def of_glibc(name: str, *numbers: int) -> None:
    """Call a function of the C library where that is Linux's glibc; others have none of that name."""
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function:
        function(*numbers)


_importing = threading.Lock()


def import_torch() -> None:
    """Import torch and torchvision, whole, whoever asks first; the others wait.

    Python locks each module that is being imported: two threads that begin with different parts of torchvision wait for
    each other, one of them gets an error, and half-imported modules stay behind for good.
    """
    with _importing:
        importlib.import_module("torch")
        importlib.import_module("torchvision")


def device() -> "torch.device":
    """The device that models and tensors belong on: DLCV_DEVICE where it is set, else CUDA, MPS or CPU.

    Raises ValueError when DLCV_DEVICE names no device that torch knows.
    """
    import torch

    _limit_threads()
    wanted = os.environ.get("DLCV_DEVICE", "").strip()
    if wanted:
        try:
            return torch.device(wanted)
        except RuntimeError as error:
            raise ValueError(f"DLCV_DEVICE is {wanted!r}; it must be cpu, cuda, cuda:1, mps or the like.") from error
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def on_gpu() -> bool:
    """Whether this process computes on a GPU; as long as it has not imported torch, it computes on nothing."""
    return "torchvision" in sys.modules and device().type != "cpu"  # imported after torch, which is whole by then


def precision() -> str:
    """ "bf16" where the hardware multiplies in it, "no" (float32) elsewhere: emulated bfloat16 is four times slower."""
    import torch

    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "no"


def cpu_quota(control_group: Path = Path("/sys/fs/cgroup")) -> float:
    """How many CPUs' worth of time a container grants this process; infinity where nothing limits it.

    Reads `cpu.max` of cgroup v2: "200000 100000" is 200 ms in every 100 ms, two CPUs; "max 100000" is no limit.
    """
    try:
        quota, period = (control_group / "cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return math.inf


@functools.cache
def _limit_threads() -> None:
    """Give torch no more threads than the container grants CPUs; it counts those of the machine.

    With more, the threads of one small convolution use up the time of all, and every one of them is stopped until
    the next period.
    """
    import torch

    if (quota := cpu_quota()) < torch.get_num_threads():
        torch.set_num_threads(math.ceil(quota))


def gpu(function: Callable | None = None, *, duration: int = 60) -> Callable:
    """Mark a function that computes: `@gpu` or `@gpu(duration=20)`, in seconds of GPU asked for.

    On ZeroGPU this is `spaces.GPU`: the function runs in a forked process that holds the GPU, so its arguments and
    results are pickled (return CPU tensors or arrays) and what it writes to globals is lost; it must not be async.
    Everywhere else the very same function comes back, at no cost per call.
    """
    if function is None:
        return lambda marked: gpu(marked, duration=duration)
    if on_zero_gpu():
        return spaces.GPU(duration=duration)(function)
    return function


def memory_of(value: Any) -> int:
    """Bytes of parameters and buffers held by a module, or by the modules that are attributes of a plain object."""
    if hasattr(value, "parameters") and hasattr(value, "buffers"):
        return sum(tensor.numel() * tensor.element_size() for tensor in (*value.parameters(), *value.buffers()))
    return sum(memory_of(part) for part in getattr(value, "__dict__", {}).values() if hasattr(part, "parameters"))


class Shelf:
    """Models that stay loaded, the least recently used given up when together they exceed `limit` bytes.

    Safe to use from many threads. A model is loaded once, however many ask for it at the same time; the others wait
    for that load and share its result or its error. A failed load is forgotten, so that the next visitor tries anew.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, Future] = OrderedDict()  # least recently used first
        self._sizes: dict[Hashable, int] = {}  # bytes, of finished loads only

    def get(self, key: Hashable, load: Callable[[], T]) -> T:
        """The value of `key`, from the shelf or else from `load()`; passes on whatever `load` raises."""
        with self._lock:
            entry = self._entries.get(key)
            if first := entry is None:
                entry = self._entries[key] = Future()
            self._entries.move_to_end(key)
        if first:
            self._load(key, entry, load)
        return entry.result()

    def _load(self, key: Hashable, entry: Future, load: Callable[[], Any]) -> None:
        """Fill `entry`, outside the lock: a slow load must not keep other models from being used."""
        try:
            value = load()
            size = memory_of(value)
        except BaseException as error:
            with self._lock:
                del self._entries[key]
            entry.set_exception(error)
            return
        with self._lock:
            self._sizes[key] = size
            self._evict(keep=key)
        entry.set_result(value)

    def _evict(self, keep: Hashable) -> None:
        """Drop finished entries, oldest first, until the rest fits; `keep` stays even if it is too large alone."""
        for key in list(self._entries):
            if sum(self._sizes.values()) <= self.limit:
                return
            if key != keep and key in self._sizes:  # one that is still loading cannot be dropped
                del self._entries[key], self._sizes[key]

    def keys(self) -> list[Hashable]:
        """The keys on the shelf, least recently used first."""
        with self._lock:
            return list(self._entries)


def memory_limit() -> int:
    """Bytes that loaded models may take together: DLCV_MEMORY_MB in MiB, 2048 where it is not set."""
    text = os.environ.get("DLCV_MEMORY_MB", "2048")
    try:
        return int(float(text) * 2**20)
    except ValueError as error:
        raise ValueError(f"DLCV_MEMORY_MB is {text!r}; it must be a number of MiB.") from error


shelf = Shelf(memory_limit())


LOADS: list[tuple[Callable[[Any], Any], Any]] = []
"""What can be loaded before its first use: each function with a name that it takes."""


def preload(load: Callable[[Any], Any], *names: Any) -> None:
    """Call `load(name)` for every name if this is ZeroGPU; only note it in LOADS elsewhere, where the first use loads.

    ZeroGPU computes in forked processes: what they load is lost with them, so that everything has to be on the shelf,
    placed on the GPU, before the first call.
    """
    LOADS.extend((load, name) for name in names)
    if on_zero_gpu():
        for name in names:
            load(name)
