"""The gallery as a new machine has it: `python -m tests.support.fresh PYTHON`, with requirements.txt alone in PYTHON.

Every tab is opened; once its boards and plots have their first answer, every example and every button is clicked once.
A new machine has no data sets either.
What counts as a fault: an error of a board before anything was clicked, "Something went wrong" at any time, a plot that
stays empty, an error in the console, a request to another host, an ERROR or a traceback in the gallery's log. Tabs are
those of the page's own configuration.
"""

import json
import re
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import Error, sync_playwright

from tests.support import chromium
from tests.support.serving import Gallery, serve

ANSWER_SECONDS = 180  # what the first answers of a tab may take, and the last ones
CLICK_SECONDS = 2  # what is waited for after a click; what takes longer goes on while the next button is clicked
TAB_SECONDS = 300  # after these no more buttons of the tab are clicked, and that is a fault
QUIET_SECONDS = 0.1
BROKEN = "Something went wrong|The gallery does not answer"
LOGGED = re.compile(r"^(?:ERROR|CRITICAL|Traceback).*", re.MULTILINE)

# Notes every text that says that something is broken, also one that is gone a moment later.
WATCH = """
window.broken = [];
const look = (node) => {
  if (node.nodeType === Node.TEXT_NODE && /BROKEN/.test(node.data))
    window.broken.push(`${node.data.trim().slice(0, 120)} [${node.parentElement?.closest('[id]')?.id}]`);
  if (!['SCRIPT', 'STYLE'].includes(node.nodeName)) node.childNodes.forEach(look);
};
new MutationObserver((records) => records.forEach(({target, addedNodes}) => {
  if (['SCRIPT', 'STYLE'].includes(target.nodeName)) return;
  (addedNodes.length ? [...addedNodes] : [target]).forEach(look);
})).observe(document, {subtree: true, childList: true, characterData: true});
""".replace("BROKEN", BROKEN)

PANEL = "[role=tabpanel]:visible"
# The next button or example of the tab that was not clicked yet: no fold, none of Gradio's own tools of a picture, and
# none that needs a file or a camera. One that is drawn anew is known by its name.
NEXT = """
() => {
  window.clicked ??= new Set();
  const frame = '.label-wrap, .section-fold, .contents, .home-ready';
  const tools = `.icon-button-wrapper, .source-selection, [class*=upload], .download-link, ${frame}`;
  for (const button of document.querySelectorAll('[role=tabpanel] button, [role=tabpanel] .tr-body')) {
    if (!button.checkVisibility({visibilityProperty: true}) || button.disabled || button.closest(tools)) continue;
    const says = button.ariaLabel || button.innerText.trim() || [...button.parentElement.children].indexOf(button);
    const name = `${button.parentElement.closest('[id]')?.id} ${button.className} ${says}`;
    if (window.clicked.has(name) || /camera|webcam|upload/i.test(name)) continue;
    window.clicked.add(name);
    return button;
  }
}
"""


class Visit:
    """One visitor on one tab: what is still on its way, and what went wrong."""

    def __init__(self, context, tab: str):
        self.tab, self.faults, self.pending = tab, [], set()
        self.page = page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: self.fault("console", said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.fault("page error", error))
        page.on("filechooser", lambda _: None)  # no window of the system opens
        page.on("request", self.began)
        page.on("requestfinished", lambda request: self.pending.discard(request))
        page.on("requestfailed", lambda request: self.pending.discard(request))

    def fault(self, kind: str, what: object) -> None:
        self.faults.append(f"{self.tab}: {kind}: {what}")

    def began(self, request) -> None:
        address = urlparse(request.url)
        if address.scheme in ("http", "https"):
            if address.hostname != "127.0.0.1":
                self.fault("request to another host", request.url)
            if "/heartbeat/" not in address.path:
                self.pending.add(request)

    def settle(self, seconds: float) -> bool:
        """Waits until nothing is on its way any more; False where that takes longer than `seconds`."""
        end, quiet_since = time.monotonic() + seconds, time.monotonic()
        while True:
            if self.pending or self.page.locator(f"{PANEL} >> [aria-busy=true]").count():
                quiet_since = time.monotonic()
                if quiet_since > end:
                    return False
            elif time.monotonic() - quiet_since > QUIET_SECONDS:
                return True
            self.page.wait_for_timeout(20)

    def open(self) -> None:
        """Opens the tab, waits for its first answers, and opens what is folded."""
        page = self.page
        page.goto(f"/?tab={self.tab}&open=all")
        page.wait_for_selector("[role=tab][aria-selected=true]")
        page.wait_for_selector(f"{PANEL} >> .board")
        if not self.settle(ANSWER_SECONDS):
            self.fault("no first answer", f"after {ANSWER_SECONDS} s: {sorted(one.url for one in self.pending)}")
        for message in page.locator(f"{PANEL} >> .board-message[data-kind=error]:visible").all():
            self.fault("a board begins with an error", message.inner_text())
        folds = page.locator(f"{PANEL} >> button.label-wrap:not(.open)")
        folds.evaluate_all("(them) => them.forEach((it) => it.click())")

    def click_everything(self) -> int:
        """Clicks every example and every button once, those too that come while others are clicked; how many."""
        clicks, end = 0, time.monotonic() + TAB_SECONDS
        while button := self.next_button():
            if time.monotonic() > end:
                self.fault("too slow", f"{clicks} buttons in {TAB_SECONDS} s")
                break
            clicks += 1
            text = button.inner_text()
            button.evaluate("(it) => it.click()")
            if not self.settle(CLICK_SECONDS) and button.is_visible() and button.inner_text() != text:
                button.evaluate("(it) => it.click()")  # what was a start is a stop now
                self.settle(CLICK_SECONDS)
        return clicks

    def next_button(self):
        """A button that was not clicked yet, now or when all answers are there; None in the end."""
        if button := self.page.evaluate_handle(NEXT).as_element():
            return button
        if not self.settle(ANSWER_SECONDS):
            self.fault("no answer", f"after {ANSWER_SECONDS} s: {sorted(one.url for one in self.pending)}")
        return self.page.evaluate_handle(NEXT).as_element()

    def close(self) -> None:
        """What went wrong on the page while nobody looked."""
        for said in dict.fromkeys(self.page.evaluate("window.broken")):
            self.fault("on the page", said)
        plots = self.page.locator(f"{PANEL} >> .gradio-plot:visible")
        for plot in plots.filter(has_not=self.page.locator(".js-plotly-plot, img")).all():
            self.fault("a plot stays empty", plot.inner_text())
        self.page.close()


def tabs(gallery: Gallery) -> list[str]:
    """The ids of the tabs, as the page's own configuration has them."""
    with urllib.request.urlopen(f"{gallery.url}/config") as answer:
        components = json.load(answer)["components"]
    return [component["props"]["id"] for component in components if component["type"] == "tabitem"]


def check(python: str) -> list[str]:
    """The faults of the gallery that `python` serves, in sentences."""
    faults = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), python, DLCV_DATA=folder) as gallery,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        window = {"width": 1440, "height": 1000}
        context = browser.new_context(base_url=gallery.url, viewport=window, accept_downloads=False)
        context.add_init_script(WATCH)
        for tab in tabs(gallery):
            began, opened, clicked = time.monotonic(), 0.0, 0
            visit = Visit(context, tab)
            try:
                visit.open()
                opened = time.monotonic() - began
                clicked = visit.click_everything()
                visit.close()
            except Error as error:  # Playwright's: what should be there did not come in time
                visit.fault("page", error)
            took = time.monotonic() - began
            print(f"{tab}: opened in {opened:.1f} s, {clicked} clicks, {took:.1f} s in all", flush=True)
            faults += visit.faults
        browser.close()
        if bad := LOGGED.search(log := gallery.log()):
            faults.append(f"The log:\n{log[bad.start() :][:5000]}")
    return faults


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) or "No faults.")
    sys.exit(bool(found))
