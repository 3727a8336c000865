"""What axe-core, the usual checker of accessibility, finds on a page. It comes from npm (tests.support.javascript)."""

from __future__ import annotations

from tests.support import javascript

AXE = javascript.ROOT / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async () => {
  const {violations} = await axe.run(document, {resultTypes: ['violations']});
  return violations.filter(({impact}) => ['serious', 'critical'].includes(impact)).flatMap(({id, help, nodes}) =>
    nodes.map(({target, html}) => `${id}: ${help}: ${target.join(' ')} ${html.slice(0, 160)}`));
}"""
# axe asks for no name of a canvas, and takes the words of any label for that of the control in it
NAMELESS = """() => [...document.querySelectorAll('canvas, input:not([type=file]), select, textarea')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest('[aria-hidden=true]'))
  .filter((one) => !one.matches('[aria-label], [aria-labelledby]') && !one.labels?.length)
  .filter((one) => !one.closest('button, [role=application][aria-label]'))
  .map((one) => `without a name: ${one.outerHTML.slice(0, 160)}`)"""


def faults(page) -> list[str]:
    """The serious and critical findings on what is open, and what has no name, one a line."""
    if not page.evaluate("'axe' in window"):
        assert javascript.install(), "axe-core could not be fetched from npm's registry."
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [*page.evaluate(FOUND), *page.evaluate(NAMELESS)]
