"""The pictures of the home screen: crops of the tabs as they are today.

python -m tests.support.pictures        takes them anew into demos/home/pictures
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import PIL.Image

from demos import TOPICS, frame
from demos.home import PICTURES
from tests.support import chromium
from tests.support.browser import open_tab, visitor
from tests.support.serving import serve

SIZE = (640, 400)
SHAPE, MARGIN = 8 / 5, 6


def crop(page, topic: str) -> PIL.Image.Image:
    """What the card of a topic should show: a part of its tab, which is open, in the card's shape, that begins with its
    elements."""
    shown = page.locator("#topics > [role=tabpanel]:visible").locator(frame.topics()[topic].card)
    shown.first.scroll_into_view_if_needed()
    boxes = [element.bounding_box() for element in shown.all()]
    left, top = (min(box[side] for box in boxes) for side in "xy")
    width = max(box["x"] + box["width"] for box in boxes) - left
    height = max(box["y"] + box["height"] for box in boxes) - top
    wide, high = max(width, height * SHAPE) + 2 * MARGIN, max(height, width / SHAPE) + 2 * MARGIN / SHAPE
    clip = {"x": left - MARGIN, "y": top - MARGIN, "width": wide, "height": high}
    picture = PIL.Image.open(io.BytesIO(page.screenshot(clip=clip)))
    return picture.convert("RGB").resize(SIZE, PIL.Image.LANCZOS)


def main(topics: list[str]) -> int:
    """Serves the gallery, looks at the tabs in Chromium, writes one picture a topic."""
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
                place = PICTURES / f"{topic}.jpg"
                open_tab(page, topic)
                crop(page, topic).save(place, quality=80, optimize=True)
                print(f"{place.name}: {place.stat().st_size // 1024} kB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or TOPICS))
