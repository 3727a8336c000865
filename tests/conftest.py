"""The running gallery and a Chromium that looks at it.

`tab` is the page of one visitor for all tests of a module, on the topic that its folder is named after, with its first
answers. A test that changes what the next one would find is marked `@pytest.mark.dirty`: the page is then loaded anew.
`page` is a fresh visitor's, for what a tab cannot show: another width, dark, how it loads, an address of its own.

A test with either fails when the page logged an error, raised one, or asked another host for anything meanwhile.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import chromium
from tests.support.browser import WIDE, open_tab, visitor
from tests.support.serving import Gallery, serve

# As in the gallery: two threads that wait for each other on a busy machine take ten times as long as one. Read when
# torch is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def raise_loopback() -> None:
    """Brings 127.0.0.1 up where it is down, as in a fresh network namespace (`unshare -n make test`)."""
    if sys.platform != "linux":
        return
    import fcntl
    import struct

    get_flags, set_flags, up = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        flags = struct.unpack("16sH", fcntl.ioctl(probe, get_flags, struct.pack("16sH14x", b"lo", 0))[:18])[1]
        if not flags & up:
            fcntl.ioctl(probe, set_flags, struct.pack("16sH14x", b"lo", flags | up))


# Made inputs: 50 each time, 500 by `pytest --hypothesis-profile=thorough`.
for profile, examples in (("thorough", 500), ("usual", 50)):
    settings.register_profile(
        profile, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
settings.load_profile("usual")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "dirty: leaves the module's tab in another state than the next test expects")
    raise_loopback()


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """The gallery as `make run` serves it: `gallery.url`, `gallery.log()`."""
    with serve(tmp_path_factory.mktemp("gallery")) as gallery:
        yield gallery


@pytest.fixture(scope="session")
def browser():
    """Chromium, or a failure: without a browser these tests do not pass."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        pytest.fail(chromium.ADVICE, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def viewport() -> dict[str, int]:
    """Size of the window of `page` in pixels: `@pytest.mark.parametrize("viewport", [PHONE])` sets it."""
    return WIDE


@pytest.fixture
def color_scheme() -> str:
    """'light' or 'dark', what the visitor of `page` prefers; set like `viewport`."""
    return "light"


def check_faults(page) -> None:
    """The page has had no faults since the last check."""
    faults, page.faults[:] = list(page.faults), []
    assert not faults, "The page had faults:\n" + "\n".join(faults)


@pytest.fixture
def page(browser, gallery: Gallery, viewport: dict[str, int], color_scheme: str):
    """A fresh visitor's page (`support.browser.visitor`)."""
    with visitor(browser, gallery, viewport, color_scheme) as page:
        yield page
        check_faults(page)


@pytest.fixture(scope="module")
def module_visitor(browser, gallery: Gallery):
    """The page that the tests of a module share; `tab` opens it and looks after it."""
    with visitor(browser, gallery) as page:
        page.clean = False  # whether it is as a tab that was just opened
        yield page


@pytest.fixture
def tab(module_visitor, request: pytest.FixtureRequest):
    """The page of the module's visitor on the module's topic, 1440 pixels wide, with its first answers."""
    page = module_visitor
    if not page.clean:
        open_tab(page, request.path.parent.name)
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    failed = request.session.testsfailed
    yield page
    page.clean = not request.node.get_closest_marker("dirty") and request.session.testsfailed == failed
    page.unroute_all(behavior="wait")
    check_faults(page)
