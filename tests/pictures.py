"""The pictures of the home screen: crops of the tabs as they are today.

python -m tests.pictures        takes them anew into demos/web/home
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import PIL.Image

from demos import TABS
from demos.home import PICTURES
from tests import chromium
from tests.browser import open_tab
from tests.serving import serve

SIZE = (640, 400)
WINDOW = {"width": 1440, "height": 1000}
SETTLED = """() => {
  const panel = [...document.querySelectorAll('[role=tabpanel]')].find((part) => part.offsetParent);
  return panel && panel.querySelector('.board') && !panel.querySelector('[aria-busy=true]')
    && [...panel.querySelectorAll('.board img[src]')].every((image) => image.complete);
}"""


def settle(page) -> None:
    """Waits until the boards of the open tab have had their answers for a second."""
    for _ in range(2):
        page.wait_for_function(SETTLED, timeout=120_000)
        page.wait_for_timeout(1000)


def take(page, topic: str) -> PIL.Image.Image:
    """What the card of a topic should show: the element that its tab marks with data-card, else its first board,
    cut to the card's shape from the top."""
    open_tab(page, topic)
    settle(page)
    panel = page.locator("#topics > [role=tabpanel]:visible")
    marked = panel.locator("[data-card]")
    shown = (marked if marked.count() else panel.locator(".board")).first
    shown.scroll_into_view_if_needed()
    picture = PIL.Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    width, height = picture.size
    shape = SIZE[0] / SIZE[1]
    box = (0, 0, width, round(width / shape)) if height > width / shape else (0, 0, round(height * shape), height)
    return picture.crop(box).resize(SIZE, PIL.Image.LANCZOS)


def main() -> int:
    """Serves the gallery, looks at every tab in Chromium, writes one picture a topic."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        print(chromium.ADVICE, file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as gallery, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        page = browser.new_page(base_url=gallery.url, viewport=WINDOW, color_scheme="light")
        page.set_default_timeout(120_000)
        for tab in TABS:
            take(page, tab.id).save(PICTURES / f"{tab.id}.jpg", quality=86, optimize=True)
            print(f"{tab.id}: {(PICTURES / f'{tab.id}.jpg').stat().st_size // 1024} kB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
