"""`pip install .` in an empty environment: the library and its weights, without what the screens and training add."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dlcv.vae.predictor import VAEPredictor
from tests.support.serving import ROOT

UV = shutil.which("uv") or str(Path(sys.prefix) / "uv" / "bin" / "uv")
VISIT = """
import importlib.util, json, torch, dlcv
from dlcv.vae.predictor import VAEPredictor
picture = VAEPredictor("vae-mnist-2d").decode(torch.tensor([[0.5, -1.0]]))
unwanted = [name for name in ("gradio", "demos", "accelerate", "pytest") if importlib.util.find_spec(name)]
print(json.dumps({"picture": picture.flatten().tolist(), "unwanted": unwanted, "at": dlcv.__file__}))
"""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with this package and nothing else that was asked for."""
    path = tmp_path_factory.mktemp("empty") / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, path)
    run(UV, "pip", "install", "--quiet", "--python", path / "bin" / "python", ".")
    return path


@pytest.mark.slow
def test_the_installed_library_decodes_a_picture_with_the_shipped_weights(environment: Path, tmp_path: Path):
    import torch

    found = json.loads(run(environment / "bin" / "python", "-c", VISIT, cwd=tmp_path))
    assert Path(found["at"]).is_relative_to(environment)
    assert found["unwanted"] == []
    expected = VAEPredictor("vae-mnist-2d").decode(torch.tensor([[0.5, -1.0]])).flatten()
    assert torch.equal(torch.tensor(found["picture"]), expected)


@pytest.mark.slow
def test_the_extras_add_what_the_lists_say(environment: Path, tmp_path: Path):
    code = "from importlib.metadata import requires; print(*requires('dlcv'), sep='\\n')"
    lines = run(environment / "bin" / "python", "-c", code, cwd=tmp_path).splitlines()
    extras = {line.split("==")[0] for line in lines if "extra ==" in line}
    assert {"gradio", "plotly", "accelerate", "pycocotools"} <= extras
    assert not extras & {"torch", "pytest"}
    assert sum(line.startswith("torch==") and "extra" not in line for line in lines) == 1
