"""The container's description: hadolint has nothing against it, what it copies is there, and it runs as no root."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demos.frame import hosting
from tests.support.serving import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINTER = Path(sys.executable).with_name("hadolint")
STAGES = re.split(r"^FROM \S+ AS ", re.sub(r"\\\n", "", DOCKERFILE), flags=re.M)[1:]


def values(stage: str, instruction: str) -> list[str]:
    """What follows an instruction, wherever it stands in a stage."""
    return re.findall(rf"^{instruction} (.*)$", stage, flags=re.M)


@pytest.mark.skipif(not LINTER.exists(), reason="hadolint is not installed: make dev")
def test_a_linter_finds_nothing():
    found = subprocess.run([LINTER, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_what_is_copied_is_in_the_repository():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [part for stage in STAGES for line in values(stage, "COPY") for part in line.split()[:-1]]
    assert {"requirements.txt", "app.py", "dlcv", "demos", "checkpoints", "cluster"} <= set(copied)
    for part in copied:
        assert any(name == part or name.startswith(part + "/") for name in listed) and part not in ignored


def test_nothing_runs_as_root_and_its_health_is_asked():
    named = {stage.split("\n")[0]: stage for stage in STAGES}
    assert list(named)[-1] == "gallery"  # what is built unless another one is asked for
    for name in ("cluster", "gallery"):
        assert values(named[name], "USER")[-1] == "1000"
    assert "useradd" in named["base"] and "--uid 1000" in named["base"]
    (check,) = values(named["gallery"], "HEALTHCHECK")
    asks = json.loads(check.partition("CMD ")[2])
    assert asks[0] == "python" and "7860/health" in asks[2] and values(named["gallery"], "EXPOSE") == ["7860"]
    compile(asks[2], "<check>", "exec")
    assert json.loads(values(named["gallery"], "CMD")[-1]) == ["python", "app.py"]  # which gets SIGTERM itself
    assert hosting.PATIENCE < 30
