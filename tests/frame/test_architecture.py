"""The drawing of each tab's network: its layers, their shapes, and where the code makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app
import demos
from tests.support.browser import open_tab, settle

ROOT = Path(demos.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def drawings():
    """What each tab's board is answered, by topic."""
    parts = app.build().blocks.values()
    asked = {part: fn for part in parts for fn in getattr(part, "server_fns", ()) if fn.__name__ == "describe_network"}
    ids = {part: re.search(r'id="(\w+)-architecture-board"', part.html_template)[1] for part in asked}
    return {ids[part]: fn({})["layers"] for part, fn in asked.items()}


def test_every_tab_draws_its_network(drawings):
    assert list(drawings) == demos.TOPICS


@pytest.mark.parametrize("topic", demos.TOPICS)
def test_layers_are_named_where_the_code_makes_them(drawings, topic):
    for number, layer in enumerate(drawings[topic]):
        line = (ROOT / layer["file"]).read_text(encoding="utf-8").splitlines()[layer["line"] - 1]
        assert line.strip() == layer["code"].splitlines()[0].strip()
        assert layer["file"].startswith(f"dlcv/{topic}/") or layer["file"].startswith("dlcv/core/")
        assert all(0 <= source < number for source in layer["sources"])
    assert any(layer["weights"] for layer in drawings[topic])


def test_shapes_are_those_of_the_lecture(drawings):
    pointnet = {layer["name"]: layer["shape"] for layer in drawings["pointnet"]}
    assert pointnet["encode.h"] == (1024, 1024) and pointnet["classes"] == (10,)
    vae = drawings["vae"]
    assert vae[-1]["shape"] == (1, 28, 28)
    assert [layer["shape"] for layer in vae if layer["name"] == "encoder.10"] == [(80,)]  # mean, log-variance
    # a U-Net's skips: the layers that merge are fed by the encoder, too
    depth = drawings["depth"]
    merged = [layer for layer in depth if layer["name"] in ("merge.1", "merge.2", "merge.3", "merge.4")]
    assert all(any(depth[source]["name"].startswith("encoder") for source in layer["sources"]) for layer in merged)


def test_a_click_names_the_layer_and_shows_its_code(page):
    open_tab(page, "vae")
    board = page.locator("#vae-architecture-board")
    board.scroll_into_view_if_needed()
    board.locator(".layer").first.wait_for()
    settle(page)
    board.get_by_role("button", name=re.compile("decoder.4: Residual")).click()
    assert board.locator(".architecture-layer h3").inner_text() == "decoder.4"
    assert "73,856 weights" in board.locator(".architecture-layer").inner_text()
    assert "class Residual" in board.locator("pre").inner_text()
    page.keyboard.press("ArrowRight")
    assert board.locator(".architecture-layer h3").inner_text() == "decoder.5"
