"""The address is the state: a section, and what a visitor has set, come back by a link, by Back and by Reload."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from demos import TOPICS, frame
from tests.support import browser as person

PANEL = "#topics > [role=tabpanel]:visible"
LONG = 1000 * person.PATIENCE  # milliseconds
SCREENS = [{"width": 1440, "height": 900}, {"width": 1280, "height": 720}]
SLIDERS = f"{PANEL} >> input[type=range]:not([data-passing]):visible:enabled"
CHOICES = (
    f"{PANEL} >> .board [role=group] button[aria-pressed=false]:visible:enabled"
    ", .block:not(.board-block) label:has(input[type=radio]:not(:checked)):visible"
)
OWN = {  # sets what no control of the page holds, such as a seed
    "autoencoder": ".ae-again",
    "gan": ".modes-again",
    "cyclegan": ".adapt-again",
    "pointnet": ".ps-shuffle",
}
# What a detector without stages has no place for is hidden, whatever stands there.
VALUES = """() => {
  const panel = [...document.querySelectorAll('#topics > [role=tabpanel]')].find((part) => part.offsetParent);
  if (!panel?.dataset.ready) return 'not there';
  return [
    ...[...panel.querySelectorAll('input[type=range], input[type=number], select')]
      .filter((one) => !one.closest('[data-passing], .di[hidden]')).map((one) => one.value),
    ...[...panel.querySelectorAll('button[aria-pressed=true]')].map((one) => one.textContent),
    ...[...panel.querySelectorAll('input[type=radio]:checked')].map((one) => one.closest('label').textContent),
  ].join('; ');
}"""
BELOW = """(selectors) => {
  const panel = [...document.querySelectorAll('#topics > [role=tabpanel]')].find((part) => part.offsetParent);
  return selectors.map((one) => [one, [...panel.querySelectorAll(one)].find((part) => part.checkVisibility())])
    .filter(([, part]) => !part || part.getBoundingClientRect().bottom > innerHeight)
    .map(([one, part]) => `${one} ${part?.getBoundingClientRect().bottom}`);
}"""
SET = "() => location.search.replace(/&at=[^&]*/, '')"
TRAVEL = "([steps, by]) => {for (let i = 0; i < steps; i++) setTimeout(() => history.go(by), 100 * i)}"
AT_TOP = """(id) => {
  const panel = [...document.querySelectorAll('#topics > [role=tabpanel]')].find((part) => part.offsetParent);
  const section = panel.querySelector(`[data-section="${id}"]`);
  const {top} = section.getBoundingClientRect();
  const under = panel.querySelector('.contents').getBoundingClientRect().bottom;
  return !section.hasAttribute('data-folded') && (scrollY === 0 || (top >= under - 45 && top < innerHeight / 2)
    || Math.abs(scrollY + innerHeight - document.documentElement.scrollHeight) < 2);
}"""


def settings(address: str) -> set[tuple[str, str]]:
    """What an address says, without the section that is in view and what has no meaning."""
    parts = parse_qsl(urlsplit(address).query)
    return {part for part in parts if part[0] not in ("at", "of_a_later_version")}


def act(page, number: int, own: str = "") -> None:
    """Sets something: a choice, then the first slider, then the last, then a button; the address says so."""
    before = page.evaluate(SET)
    if number == 0:
        page.locator(CHOICES).first.click()
    elif number > 2:
        page.locator(own).first.click()
    else:
        slider = page.locator(SLIDERS).nth(0 if number == 1 else -1)
        slider.focus()
        low = slider.evaluate("(it) => Number(it.value) === Number(it.min)")
        slider.press("ArrowRight" if low else "ArrowLeft")
    page.wait_for_function(f"(before) => ({SET})() !== before", arg=before, timeout=LONG)
    person.settle(page)


def visit_sections(page) -> str:
    """Opens every section by the row of contents, the last one first; gives the last but one."""
    sections = page.locator(f"{PANEL} >> .contents a").evaluate_all("(them) => them.map(({dataset}) => dataset.to)")
    assert sections[0] == "start"
    assert sections[-1].startswith("scores")
    assert len(set(sections)) == len(sections) >= 4
    for section in reversed(sections):
        page.locator(f"{PANEL} >> .contents a[data-to={section}]").click()
        page.wait_for_function(f"({AT_TOP})('{section}')")
        where = page.evaluate("new URLSearchParams(location.search).get('at')")
        assert where == (None if section == "start" else section)
    person.settle(page)
    return sections[-2]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_section_and_what_is_set_come_back_by_a_link_and_on_the_way_back(page, browser, gallery, topic):
    person.open_tab(page, topic, unfold=False)
    for screen in SCREENS:
        page.set_viewport_size(screen)
        person.settle(page)
        assert page.evaluate("scrollY") == 0
        assert page.evaluate(BELOW, frame.topics()[topic].first) == []
        assert page.evaluate("document.documentElement.scrollHeight") <= 4000
    section = visit_sections(page)
    states, before = [(page.url, page.evaluate(VALUES))], page.evaluate("history.length")
    for number in range(3 + (topic in OWN)):
        act(page, number, OWN.get(topic, ""))
        states.append((page.url, page.evaluate(VALUES)))
    assert len({values for _, values in states}) >= 4
    with person.visitor(browser, gallery) as other:
        address = re.sub("&at=[^&]*", "", states[-1][0])
        other.goto(f"{address}&at={section}&of_a_later_version=1")
        other.wait_for_function(f"() => ({VALUES})() === {states[-1][1]!r}", timeout=LONG)
        other.wait_for_function(f"({AT_TOP})('{section}')")
        person.settle(other)
        if topic in OWN:
            act(other, 2)  # then the address is written anew, by what is set: all but this slider is as it was
            assert len(settings(states[-1][0]) - settings(other.url)) <= 1
        assert other.faults == []
    steps = page.evaluate("history.length") - before  # choices alone: a slider is written down where one was before
    for by, (address, values) in ((-1, states[0]), (1, states[-1])):
        page.evaluate(TRAVEL, [steps, by])  # faster than anything is answered
        page.wait_for_function(f"() => ({VALUES})() === {values!r}", timeout=LONG)
        person.settle(page)
        assert settings(page.url) == settings(address)
