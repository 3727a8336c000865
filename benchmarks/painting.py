"""What painting a large picture costs: time per megapixel beside the bare generator, and peak memory.

    python -m benchmarks.painting [--megapixels 4]

Each measurement runs in a process of its own, on one thread. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

RATIO_LIMIT = 1.3  # of the CPU time for a megapixel in a large picture to that in the bare generator
MEMORY_LIMIT = 2.0  # GiB that the process may take at its peak

MEASURE = """
import resource, sys, time
import torch
from dlcv.cyclegan.predictor import predictor
how, megapixels = sys.argv[1], float(sys.argv[2])
model = predictor("cyclegan-monet")
side = round((megapixels * 1e6) ** 0.5 / 4) * 4
picture = torch.rand(3, side, side, generator=torch.Generator().manual_seed(0))
run = {
    "whole": lambda: model.translate(picture, "Monet"),
    "bare": lambda: torch.inference_mode()(model.model.G)(picture[None] * 2 - 1),
}[how]
times = []
for _ in range(3):
    began = time.process_time()
    run()
    times.append(time.process_time() - began)
print(sorted(times)[1] / side**2 * 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


def measure(how: str, megapixels: float) -> tuple[float, float]:
    """CPU seconds per megapixel, and the peak of memory in GiB."""
    command = [sys.executable, "-c", MEASURE, how, str(megapixels)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def main() -> int:
    """Prints the table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=4)
    megapixels = parser.parse_args().megapixels
    bare, _ = measure("bare", 1)
    seconds, memory = measure("whole", megapixels)
    print(f"bare generator, 1 megapixel: {bare:.2f} s of CPU")
    print(
        f"a picture of {megapixels:g} megapixels: {seconds:.2f} s of CPU a megapixel, {seconds / bare:.2f} times that"
    )
    print(f"peak memory: {memory:.2f} GiB")
    return int(seconds / bare > RATIO_LIMIT or memory > MEMORY_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
