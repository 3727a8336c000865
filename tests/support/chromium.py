"""Finds a Chromium for the browser tests; `python -m tests.support.chromium` installs one where there is none."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

# Docker and root have no user namespaces, hence no sandbox; the proxy must not see requests to this machine.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server", "--force-color-profile=srgb"]
NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge"]
ADVICE = (
    "The browser tests need Chromium: install it (Debian: apt install chromium) or name one: CHROMIUM=/path/to/chrome."
)


def works(path: str) -> bool:
    """Whether the program at `path` really opens a page: a stub or a browser without its libraries does not."""
    command = [path, "--headless", *FLAGS, "--dump-dom", "data:text/html,<p>ready</p>"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "ready" in answer.stdout


def playwrights_own() -> str:
    """Where Playwright keeps its own Chromium, installed or not."""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


@functools.cache
def find() -> str | None:
    """The path of a Chromium that works: the one named in CHROMIUM, else an installed one, else Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named if works(named) else None
    for path in filter(None, map(shutil.which, NAMES)):
        if works(path):
            return path
    own = playwrights_own()
    return own if os.path.exists(own) and works(own) else None


def install() -> str | None:
    """Installs Playwright's Chromium, else Debian's package where apt and root are there; returns what then works."""
    playwright = [sys.executable, "-m", "playwright", "install"]
    attempts = [[*playwright, "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
        attempts += [[*playwright, "--with-deps", "chromium"]]
    for command in attempts:
        print("No Chromium that works yet; trying:", " ".join(command), flush=True)
        try:
            subprocess.run(command, timeout=900, capture_output=True)
        except (OSError, subprocess.TimeoutExpired):
            continue
        find.cache_clear()
        if path := find():
            return path
    return None


if __name__ == "__main__":
    path = find() or (None if os.environ.get("CHROMIUM") else install())
    print(f"Browser: {path}" if path else ADVICE)
    sys.exit(0 if path else 1)
