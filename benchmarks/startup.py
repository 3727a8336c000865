"""How long the gallery takes to its first page, against the bare import of what it is made of.

    python -m benchmarks.startup [--rounds 5]

Prints the median seconds of both and their ratio, taken in turns; exits with 1 when the ratio is above 1.3.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.serving import serve

LIMIT = 1.3


def import_seconds() -> float:
    """Seconds of a fresh Python that imports gradio and torch and does nothing."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio, torch"], check=True)
    return time.perf_counter() - began


def gallery_seconds() -> float:
    """Seconds from the start of the process to the first page received whole."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery:
        return gallery.start_seconds


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    import_seconds(), gallery_seconds()  # once unseen: the files are read from the disk
    imports, galleries = zip(*[(import_seconds(), gallery_seconds()) for _ in range(rounds)])
    bare, full = statistics.median(imports), statistics.median(galleries)
    print(f"import gradio and torch         {bare:6.2f} s   ({min(imports):.2f} to {max(imports):.2f})")
    print(f"process start to first page     {full:6.2f} s   ({min(galleries):.2f} to {max(galleries):.2f})")
    print(f"ratio                           {full / bare:6.2f}     (limit {LIMIT})")
    return int(full / bare > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
