"""The house itself: what every file promises, what the start may import, and that the README tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = sorted(path.relative_to(ROOT) for path in (ROOT / "dlcv").rglob("*.py"))
PINS = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))


def imported_by(statement: str) -> set[str]:
    """Top-level modules that a fresh Python has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_first_page_needs_no_torch():
    loaded = imported_by("import app")
    assert "gradio" in loaded
    assert not loaded & {"torch", "torchvision", "plotly", "accelerate"}


def test_the_library_runs_without_gradio_and_without_what_only_training_needs():
    used = [path for path in SOURCES if path.stem in ("predictor", "model", "loss", "weights", "runtime")]
    loaded = imported_by("import " + ", ".join(".".join(path.with_suffix("").parts) for path in used))
    assert not loaded & {"gradio", "accelerate", "pytest"}


def test_requirements_are_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))]
        assert lines and all("==" in line for line in lines), name


def test_no_test_waits_for_time_to_pass_and_none_imports_another():
    """A test waits for what it wants to see, and what two of them need lies in a file beside them."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        assert "wait_for_" + "timeout" not in text, path.name
        assert not re.search(r"^from tests\.\S*test_|^from tests\.\w+ import test_", text, re.MULTILINE), path.name


def test_no_path_of_a_developers_machine_is_left_behind():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".js", ".css", ".html", ".json", ".toml", ".txt", ".sh"} and path.exists():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?<![\w.])/(home|root|work|Users)/\w", text), name


def test_two_first_questions_at_once_are_both_answered():
    """Each begins with another part of torchvision: without a word between them Python's import locks would meet."""
    program = """
import threading
from demos.frame.checks import guard, live

def read(query: dict) -> dict:
    from dlcv.core.datasets import mnist_m
    return {"read": mnist_m.__name__}

def paint(query: dict) -> dict:
    from dlcv.cyclegan import predictor
    return {"painted": predictor.__name__}

together, answers = threading.Barrier(2), []

def ask(asked):
    together.wait()
    answers.append(asked({}))

threads = [threading.Thread(target=ask, args=[asked]) for asked in (live(read), guard(paint))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(answers) == 2 and not any("error" in answer for answer in answers), answers
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)
