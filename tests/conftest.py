"""The running gallery and a Chromium that looks at it.

A test that takes `page` fails when the page logged an error, raised one, or asked another host for anything.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from urllib.parse import urlparse

import pytest

from tests.support import chromium
from tests.support.serving import Gallery, serve

LOCAL = {"127.0.0.1", "localhost"}

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


def pytest_configure() -> None:
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
    """Size of the window in pixels: `@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}])` sets it."""
    return {"width": 1440, "height": 1000}


@pytest.fixture
def color_scheme() -> str:
    """'light' or 'dark', what the visitor's system prefers; set like `viewport`."""
    return "light"


@pytest.fixture
def faults() -> list[str]:
    """What went wrong on the page so far; a test that provokes an error on purpose checks it and clears the list."""
    return []


@pytest.fixture
def page(browser, gallery: Gallery, viewport: dict[str, int], color_scheme: str, faults: list[str]):
    """A fresh visitor. Addresses are relative to the gallery: `page.goto("/?tab=vae")`."""
    context = browser.new_context(base_url=gallery.url, viewport=viewport, color_scheme=color_scheme)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("console", lambda m: faults.append(f"console: {m.text} {m.location}") if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))

    def watch(request) -> None:
        address = urlparse(request.url)
        if address.scheme not in ("data", "blob", "about") and address.hostname not in LOCAL:
            faults.append(f"request to another host: {request.url}")

    context.on("request", watch)
    yield page
    context.close()
    assert not faults, "The page had faults:\n" + "\n".join(faults)
