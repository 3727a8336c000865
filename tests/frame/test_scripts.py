"""The scripts of the boards: their pure functions, where they are served, and that no text becomes markup unescaped."""

import re

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demos.frame import board
from tests.support import javascript

MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|srcdoc")
ESCAPES = "frame/web/html.js"


def test_pure_functions_do_what_they_say():
    done = javascript.node("--test", "tests/frame/web/*.test.js")
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"pass (\d+)", done.stdout)[1]) >= 12, done.stdout


@pytest.mark.parametrize("path", board.MODULES)
def test_markup_is_made_in_one_file_that_escapes_it(path):
    found = MARKUP.findall(board.MODULES[path].decode())
    assert found == (["innerHTML"] * 2 if path == ESCAPES else []), path


@pytest.mark.parametrize("path", board.MODULES)
def test_no_line_is_too_long(path):
    """Biome wraps code, and leaves texts and markup as they are."""
    assert [line for line in board.MODULES[path].decode().split("\n") if len(line) > 120] == []


@pytest.mark.parametrize("path", board.MODULES)
def test_a_script_imports_what_is_served_beside_it(path):
    """Relative addresses hold on disk and in the browser alike."""
    for name in re.findall(r"""^(?:import|export) .*?from '([^']+)';$""", board.MODULES[path].decode(), re.MULTILINE):
        assert name.startswith(("./", "../../frame/web/")) and (board.DEMOS / path).parent.joinpath(name).exists(), name


def test_scripts_are_served_for_good_and_nothing_else_is():
    client = TestClient(Starlette(routes=board.ROUTES))
    for path, text in board.MODULES.items():
        answer = client.get(f"/scripts/{board.VERSION}/{path}")
        assert answer.content == text
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]
    for path in ("vae/__init__.py", "vae/web/vae.css", "vae/web/../__init__.py", "%2e%2e/app.py", "", "vae/web/"):
        assert client.get(f"/scripts/{board.VERSION}/{path}").status_code == 404, path
    assert client.get("/scripts/0000000000000000/vae/web/vae.js").status_code == 404


def test_events_of_a_board_are_those_that_its_script_triggers():
    with board.gr.Blocks():
        vae = board.Board("vae/vae")
        assert callable(vae.shared) and callable(vae.looked)
        with pytest.raises(AttributeError):
            vae.absent  # noqa: B018


def test_a_script_that_does_not_come_is_said_where_its_board_would_be(page):
    page.route("**/web/home.js", lambda route: route.abort())
    page.goto("/")
    expect(page.locator("#home-board .board-message")).to_have_text("This part could not be loaded. Reload the page.")
    page.wait_for_selector("#topics > [data-ready]:visible")  # the rest of the gallery is there
    assert any("home.js" in fault for fault in page.faults)
    page.faults.clear()


def test_a_board_whose_script_comes_late_has_its_first_answer(page):
    held, late = [], True
    page.route("**/depth/web/*.js", lambda route: held.append(route) if late else route.continue_())
    page.goto("/?tab=depth")
    panel = page.locator("#topics > [role=tabpanel]:visible")
    page.wait_for_selector("#depth-board", state="attached")
    assert panel.get_attribute("data-ready") is None
    late = False
    for route in held:
        route.continue_()
    expect(page.locator("#depth-board .dp-told")).to_contain_text("photograph", timeout=60_000)
    expect(page.locator("#depth-board .dp-ply")).to_be_enabled()
