"""Broken files: what the readers make of small files of every format with bytes changed, cut, moved or made extreme.

python -m benchmarks.mutated --files 25000 --kind pictures     reads so many; every file has its number
python -m benchmarks.mutated --first 1234 --kind pictures      reads one again

Each is read in a process of its own, within CPU_SECONDS and MEMORY: it is read, or refused with a sentence. Anything
else is printed with its number, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import struct
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from dlcv.core.errors import InputError

MEMORY = 2**30  # bytes that are resident
CPU_SECONDS = 10
PATIENCE = 60  # seconds by the clock, as others may use the machine
HEADER = 200  # bytes, where most numbers are that say how much follows
EXTREMES = (0, 1, -1, 0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, 65_000)
NUMERALS = (b"0", b"-1", b"nan", b"inf", b"1e308", b"4294967295", b"99999999999", b"", b"1,5", b"x")


class Kind(NamedTuple):
    """What is mutated, and what reads it."""

    seeds: Callable[[], dict[str, bytes]]  # files by their names
    read: Callable[[str, bytes], object]  # a file's name and its bytes; InputError is a refusal
    repaired: Callable[[bytes], bytes] = bytes  # with right checksums, so that more than these is tried


def _pictures() -> dict[str, bytes]:
    from tests.support.every_picture import every_picture

    return every_picture()


def _read_picture(_: str, data: bytes) -> object:
    from dlcv.core.images import reader

    return reader.on_white(reader.read(data).image)


def _with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of their contents; other files as they are."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    changed, place = bytearray(data), 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            break
        changed[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return bytes(changed)


def _clouds() -> dict[str, bytes]:
    """The chair in every format, and in every way that the tests write one."""
    import torch

    from tests.pointnet import files, test_gltf, test_meshes, test_tables

    torch.set_num_threads(1)  # a process that is forked waits for ever for the threads of the first
    texts = test_tables.READ | test_tables.WITH_COLOURS
    found = {f"chair.{kind}": files.written(kind) for kind in files.KINDS}
    found |= {f"{name}.csv": text.encode() for name, text in texts.items()} | test_tables.ARRAYS
    found |= {f"{name}.obj": text.encode() for name, text in test_meshes.OBJ.items()}
    found |= {f"{name}.gltf": made.done() for name, made in test_gltf.CASES.items()}
    found |= {f"{name}.glb": made.done(binary=True) for name, made in test_gltf.CASES.items()}
    found |= {f"{encoding}.pcd": test_meshes.pcd(encoding) for encoding in test_meshes.ENCODINGS}
    sides = {
        "vertex": (test_meshes.XYZ, test_meshes.CORNERS),
        "face": ([test_meshes.SIDE], [(side,) for side in test_meshes.SIDES]),
    }
    return found | {f"{order}.ply": test_meshes.ply(order, sides) for order in test_meshes.ORDERS}


def _read_cloud(name: str, data: bytes) -> object:
    from dlcv.pointnet import formats, reading

    found = reading.even(formats.parse(data, name.rpartition(".")[2]))
    return reading.guess_up(found.points, "z")


KINDS = {"clouds": Kind(_clouds, _read_cloud), "pictures": Kind(_pictures, _read_picture, _with_checksums)}
"""What `--kind` chooses from."""


# ---- mutations


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 8, 32))):
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _repeat(data: bytearray, chance: random.Random) -> None:
    start, length = chance.randrange(len(data)), chance.choice((1, 4, 64, 1024))
    data[start:start] = data[start : start + length] * chance.choice((1, 2, 50))


def _remove(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 4, 64))]


def _exchange(data: bytearray, chance: random.Random) -> None:
    length = chance.choice((2, 4, 12, 64))
    one, other = (chance.randrange(len(data)) for _ in range(2))
    data[one : one + length], data[other : other + length] = data[other : other + length], data[one : one + length]


def _extreme(data: bytearray, chance: random.Random) -> None:
    place, size = chance.randrange(min(HEADER, len(data))), chance.choice((1, 2, 4, 8))
    number = chance.choice(EXTREMES) & (256**size - 1)
    data[place : place + size] = number.to_bytes(size, chance.choice(("little", "big")))


def _not_finite(data: bytearray, chance: random.Random) -> None:
    place, number = chance.randrange(len(data)), chance.choice((float("nan"), float("inf"), 1e38, -1e-38))
    part = struct.pack(chance.choice("<>") + chance.choice("fd"), number)
    data[place : place + len(part)] = part


def _numeral(data: bytearray, chance: random.Random) -> None:
    digits = [place for place in range(min(len(data), 2000)) if 48 <= data[place] < 58]
    if digits:
        start = end = chance.choice(digits)
        while end < len(data) and chr(data[end]) in "0123456789.":
            end += 1
        data[start:end] = chance.choice(NUMERALS)


MUTATIONS = (_flip, _cut, _repeat, _remove, _exchange, _extreme, _extreme, _not_finite, _numeral)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A file after one to four mutations."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        if changed:
            chance.choice(MUTATIONS)(changed, chance)
    return bytes(changed)


# ---- one file in a process of its own


class Outcome(NamedTuple):
    """What became of one file."""

    word: str  # read, refused, or what is wrong
    text: str  # the sentence, or the traceback
    seconds: float
    memory: int  # bytes


def outcome(read: Callable[[str, bytes], object], name: str, data: bytes) -> Outcome:
    """What a reader makes of a file, in a process that ends with it."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.close(inlet)
        _answer(read, name, data, outlet)
    os.close(outlet)
    with os.fdopen(inlet, "rb") as pipe:
        word, _, text = pipe.read().decode(errors="replace").partition("\n")
    _, status, used = os.wait4(child, 0)
    seconds, memory = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
    if not word:
        killed = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"status {status}"
        word, text = "over the limit of time" if killed in ("SIGXCPU", "SIGALRM") else "killed", killed
    elif memory > MEMORY:
        word = "over the limit of memory"
    return Outcome(word, text, seconds, memory)


def _answer(read: Callable[[str, bytes], object], name: str, data: bytes, outlet: int) -> None:
    """In the child: reads the file, writes what became of it, and ends."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(PATIENCE)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff says there what it thinks of the file
    try:
        read(name, data)
        said = "read"
    except InputError as error:
        sentence = str(error)
        whole = sentence.endswith((".", "?")) and len(sentence) < 400
        said = ("refused\n" if whole else "no sentence\n") + sentence
    except BaseException:
        said = "traceback\n" + traceback.format_exc()
    os.write(outlet, said.encode(errors="replace")[:60_000])
    os._exit(0)


# ---- all of them


def main() -> int:
    """Reads the files, prints what became of them by the file that they were made of; exit status 1 on a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    chosen = parser.parse_args()
    kind = KINDS[chosen.kind]
    seeds = kind.seeds()
    names, began, faults = list(seeds), time.perf_counter(), 0
    for name, data in seeds.items():  # also imports what the readers need, once for all processes
        kind.read(name, data)
    words, sentences = {name: Counter() for name in names}, Counter()
    slowest = largest = 0.0
    for number in range(chosen.first, chosen.first + chosen.files):
        name = names[number % len(names)]
        chance = random.Random(f"{chosen.kind} {number}")
        data = mutated(seeds[name], chance)
        found = outcome(kind.read, name, kind.repaired(data) if chance.random() < 0.5 else data)
        words[name][found.word] += 1
        slowest, largest = max(slowest, found.seconds), max(largest, found.memory / 2**20)
        if found.word == "refused":
            sentences[found.text] += 1
        elif found.word != "read":
            faults += 1
            print(f"{number}, {name}: {found.word}\n{found.text}", flush=True)
    for name, counted in words.items():
        print(f"{name:34}{', '.join(f'{count} {word}' for word, count in sorted(counted.items()))}")
    for sentence, count in sentences.most_common(20):
        print(f"{count:8} {sentence}")
    total = sum(words.values(), Counter())
    print(f"{chosen.files} files in {time.perf_counter() - began:.0f} s: {dict(total)}; {faults} faults")
    print(f"At most {slowest:.1f} s and {largest:.0f} MiB for one.")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
