"""The gallery's places: home, tabs and their addresses, light and dark, narrow and wide."""

import json
import time
import urllib.request

import numpy as np
import PIL.Image
import pytest

from demos import TOPICS, frame, home
from tests.support import axe
from tests.support import browser as person
from tests.support import pictures as pictures_of_home

PLACES = ["home", "slides", *TOPICS]
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shift += entry.value;
})).observe({type: 'layout-shift', buffered: true});
"""
SMALL = """() => [...document.querySelectorAll('button, summary, a, input')].filter((one) => {
  const {width, height} = one.getBoundingClientRect();
  const within = one.matches('[type=radio], [type=checkbox]') || getComputedStyle(one).display === 'inline';
  return one.checkVisibility({visibilityProperty: true}) && !within && width && Math.min(width, height) < 24;
}).map((one) => one.outerHTML.slice(0, 160))"""


def test_home_shows_every_topic_and_the_next_one_is_at_the_foot_of_each(page):
    page.goto("/")
    cards = page.locator(".home-card")
    cards.first.wait_for()
    assert cards.locator("h3").all_inner_texts() == [topic.name for topic in frame.topics().values()]
    page.wait_for_function("""[...document.querySelectorAll('.home-card img')].filter((image) => image.offsetParent)
        .every((image) => image.naturalHeight > 100)""")
    cards.first.click()
    for topic in TOPICS:
        page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={topic}]")
        page.wait_for_function(f"new URLSearchParams(location.search).get('tab') === '{topic}'")
        assert page.title().startswith(frame.topics()[topic].name)
        page.wait_for_selector("#topics > [role=tabpanel][data-ready]:visible")
        if topic != TOPICS[-1]:
            page.get_by_role("link", name="Next in the lecture").click()
            page.wait_for_function("scrollY === 0")


def look_at(page, place: str) -> None:
    """Opens a place by its address: it is all there, fits the window, and nothing on it moves by itself."""
    page.add_init_script(SHIFTS)
    person.open_tab(page, place, unfold=False)
    assert page.evaluate("new URLSearchParams(location.search).get('tab')") == (None if place == "home" else place)
    assert page.locator("h1:visible").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.evaluate("document.fonts.check('16px \"IBM Plex Sans\"')")
    assert page.evaluate("window.shift") < 0.1


@pytest.mark.parametrize("viewport", [person.PHONE], ids=["phone"])
@pytest.mark.parametrize("color_scheme", ["dark"])
@pytest.mark.parametrize("place", PLACES)
def test_every_place_on_a_phone_in_the_dark_when_parts_come_late(page, place):
    page.route("**/assets/*.css", lambda route: (time.sleep(0.15), route.continue_()))
    look_at(page, place)
    page.unroute_all(behavior="wait")  # what still comes late must not find the page closed
    assert page.evaluate("document.body.classList.contains('dark')")
    assert page.evaluate(SMALL) == []  # nothing to tap is smaller than a fingertip


@pytest.mark.parametrize("place", PLACES)
def test_every_place_on_a_large_screen(page, place):
    look_at(page, place)
    assert not page.evaluate("document.body.classList.contains('dark')")
    assert axe.faults(page) == []
    page.emulate_media(reduced_motion="reduce")  # colours change at once
    page.evaluate("document.body.classList.add('dark')")
    person.settle(page)
    assert axe.faults(page) == []
    if place not in TOPICS:
        return
    for mode in home.MODES:
        shipped = PIL.Image.open(home.PICTURES / f"{place}-{mode}.jpg")
        now = pictures_of_home.crop(page, place, mode)
        assert shipped.size == pytest.approx(now.size, abs=8)
        small = [np.asarray(picture.resize((32, 20)), float) / 255 for picture in (shipped, now)]
        difference = np.abs(small[0] - small[1]).mean()
        assert difference < 0.06, f"The tab looks different by {difference:.2f}. Run: python -m tests.support.pictures"


def shows(page, place: str) -> None:
    """The place is open, and its address is that of the page."""
    page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={place}]")
    page.wait_for_function(f"(new URLSearchParams(location.search).get('tab') || 'home') === '{place}'")


def test_back_and_forward_go_from_tab_to_tab_and_out_again(page):
    page.goto("/scripts/none")  # where the visitor was before
    page.goto("/")
    page.locator(".home-card[href='?tab=vae']").click()
    shows(page, "vae")
    page.go_back()
    shows(page, "home")
    assert page.title() == home.TITLE
    page.locator(".home-card[href='?tab=vae']").click()  # the same again, after Back
    shows(page, "vae")
    page.get_by_role("tab", name="Home", exact=True).click()
    shows(page, "home")
    page.get_by_role("tab", name="GAN", exact=True).click()
    shows(page, "gan")
    for place in ("home", "vae", "home"):
        page.go_back()
        shows(page, place)
    for place in ("vae", "home", "gan"):
        page.go_forward()
        shows(page, place)
    page.reload()
    shows(page, "gan")
    page.go_back()
    shows(page, "home")
    page.go_back()
    shows(page, "vae")
    page.go_back()
    shows(page, "home")
    page.go_back()
    page.wait_for_url("**/scripts/none")
    page.faults.clear()  # there is nothing at that address


@pytest.mark.parametrize("name", ["%3Cscript%3E", "constructor"])
def test_an_unknown_address_opens_home(page, name):
    page.goto(f"/?tab={name}")
    page.locator(".home-card").first.wait_for()
    page.wait_for_selector("[role=tab][aria-selected=true][data-tab-id=home]")


def test_keyboard_reaches_a_card_with_visible_focus(page):
    page.goto("/")
    page.locator(".home-card").first.wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('home-card')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[role=tab][aria-selected=true][data-tab-id={TOPICS[0]}]")


def test_the_switch_between_light_and_dark_is_remembered(page):
    page.goto("/")
    page.get_by_role("button", name="Switch to dark").click()
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.get_by_role("button", name="Switch to light").wait_for()
    assert page.evaluate("document.body.classList.contains('dark')")


def test_the_address_is_printed_once_the_gallery_answers(gallery):
    port = gallery.url.rsplit(":", 1)[1]
    assert f"The gallery is open at http://localhost:{port}" in gallery.log()


def test_nothing_of_the_visit_is_kept_or_sent(gallery):
    config = json.load(urllib.request.urlopen(gallery.url + "/config"))
    assert config["analytics_enabled"] is False
    assert not config.get("run_history", False)
