"""What the tests of the ground floor share."""

from pathlib import Path

import pytest


@pytest.fixture
def checkpoints(tmp_path, monkeypatch) -> Path:
    """A checkpoints folder of its own, empty."""
    monkeypatch.setenv("DLCV_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("DLCV_DEVICE", "cpu")
    return tmp_path / "checkpoints"
