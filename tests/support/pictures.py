"""The pictures of the home screen: what is on the tabs today, without the interface around it.

python -m tests.support.pictures        takes them anew into demos/home/pictures
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import PIL.Image

from demos import TOPICS, frame
from demos.home import MODES, PICTURES
from tests.support import chromium
from tests.support.browser import open_tab, settle, visitor
from tests.support.serving import serve

MOST = (640, 416)  # twice what a card has room for
NO_INTERFACE = """
[data-testid="block-label"], .icon-button-wrapper, .po-hint, .pn-hint, .fg-hint, .toast-wrap {
  display: none !important;
}
.ae-model :is(h3, figcaption) { visibility: hidden !important; }
* { border-radius: 0 !important; outline: none !important; }
"""


def crop(page, topic: str, mode: str) -> PIL.Image.Image:
    """What the card of a topic should show in 'light' or 'dark': the picture on its tab, which is open, in its own
    shape."""
    style = page.add_style_tag(content=NO_INTERFACE)
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    shown = page.locator("#topics > [role=tabpanel]:visible").locator(frame.topics()[topic].card)
    shown.first.scroll_into_view_if_needed()
    settle(page)
    picture = PIL.Image.open(io.BytesIO(shown.first.screenshot())).convert("RGB")
    style.evaluate("(element) => element.remove()")
    picture.thumbnail(MOST, PIL.Image.Resampling.LANCZOS)
    return picture


def main(topics: list[str]) -> int:
    """Serves the gallery, looks at the tabs in Chromium, writes two pictures a topic."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        print(chromium.ADVICE, file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        with visitor(browser, gallery) as page:
            for topic in topics:
                open_tab(page, topic)
                for mode in MODES:
                    place = PICTURES / f"{topic}-{mode}.jpg"
                    crop(page, topic, mode).save(place, quality=80, optimize=True)
                    print(f"{place.name}: {place.stat().st_size // 1024} kB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or TOPICS))
