"""Takes the README's picture of the gallery: `python -m tests.support.readme_picture` writes docs/gallery.png."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import chromium
from tests.support.browser import SEVEN, draw_strokes, open_tab, settle, visitor
from tests.support.serving import ROOT, serve

PICTURE = ROOT / "docs" / "gallery.png"


def main() -> None:
    """Draws a 7 in the VAE tab and keeps what a visitor then sees."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        with visitor(browser, gallery, {"width": 1280, "height": 1120}) as page:
            open_tab(page, "vae")
            page.get_by_role("button", name="Clear").first.click()
            draw_strokes(page, "#vae-board .paper canvas", SEVEN)
            settle(page)
            page.mouse.move(0, 0)
            page.evaluate("scrollTo(0, 0)")
            PICTURE.parent.mkdir(exist_ok=True)
            page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
