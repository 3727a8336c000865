"""Presenting, by keys alone."""

import pytest

from tests.support.browser import open_tab, settle

HALL = {"width": 1920, "height": 1080}
SHOWN = """() => [...document.querySelectorAll('#topics > [role=tabpanel] [data-section]')]
  .filter((heading) => heading.checkVisibility()).map((heading) => heading.dataset.section)"""


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def rotation(page) -> float:
    return float(page.locator("#stn-rotation").input_value())


@pytest.mark.parametrize("viewport", [HALL], ids=["hall"])
def test_a_lecture_by_keys_alone(page):
    open_tab(page, "stn")
    usual = page.evaluate("parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--zoom'))")
    assert usual == pytest.approx(1.25)
    text = page.locator(".heading p:not(.eyebrow)").first
    assert text.is_visible()
    press(page, "p")
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--zoom'))") > usual
    assert not text.is_visible() and not page.locator(".tab-wrapper, .foot").first.is_visible()
    assert page.evaluate(SHOWN) == ["start"]
    assert page.evaluate("document.documentElement.scrollWidth") <= HALL["width"]
    assert "present=1" in page.url

    press(page, "2")  # the second example
    assert rotation(page) == -30
    press(page, "r")
    assert rotation(page) == 0
    press(page, "1")
    assert rotation(page) == 40

    page.locator("#stn-rotation").focus()  # keys are the slider's while it has the focus
    press(page, "ArrowRight")
    assert rotation(page) == 41 and page.evaluate(SHOWN) == ["start"]
    page.evaluate("document.activeElement.blur()")
    page.wait_for_function("location.search.includes('rotation=41')")
    assert "example" not in page.url  # the first is there as the tab opens
    page.reload()  # the address has all of it
    page.wait_for_function("document.querySelector('#stn-rotation')?.value === '41'")
    settle(page)
    assert page.evaluate(SHOWN) == ["start"]

    for section in ("gain", "turning"):  # what a presenter's remote sends goes through a tall section first
        here = page.evaluate(SHOWN)
        for _ in range(5):
            press(page, "PageDown")
            if page.evaluate(SHOWN) != here:
                break
        assert page.evaluate(SHOWN) == [section] and f"at={section}" in page.url
    for says in ("Stop", "Spin the digit"):
        page.keyboard.press(" ")
        page.wait_for_function(f"document.querySelector('.spin-go').innerText === '{says}'")
    press(page, "ArrowLeft", "PageUp")
    assert page.evaluate(SHOWN) == ["start"] and "at=" not in page.url

    press(page, "?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    press(page, "Escape")
    assert not page.get_by_role("dialog", name="Keys").is_visible()
    assert page.evaluate("document.body.classList.contains('presenting')")
    press(page, "Escape")
    assert text.is_visible() and "present" not in page.url


def test_an_address_presents_and_the_way_goes_on_to_the_next_tab(page):
    page.goto("/?tab=pose&at=live&present=1")
    page.wait_for_selector("#topics > [role=tabpanel][data-ready]:visible")
    settle(page)
    assert page.evaluate(SHOWN) == ["live"]
    while page.evaluate("new URLSearchParams(location.search).get('tab')") == "pose":
        press(page, "ArrowRight")
    page.wait_for_selector("[role=tab][aria-selected=true][data-tab-id=stn]", state="attached")
    page.wait_for_function("document.querySelector('#stn-board')")
    settle(page)
    assert page.evaluate(SHOWN) == ["start"]


def test_a_text_keeps_its_keys(page):
    open_tab(page, "gan")
    page.locator(".gan-seed").focus()
    page.keyboard.press("p")
    assert not page.evaluate("document.body.classList.contains('presenting')")
