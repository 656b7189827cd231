"""The rules of axe-core, asked of a page as it stands."""

from importlib.resources import files

from playwright.sync_api import Page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# What axe cannot decide counts as found, but for colours over gradients and marks: test_contrast.py computes those.
_RUN = """async only => {
  const said = (rule, node) => rule.id + ': ' + node.html.slice(0, 200) + ' ' + (node.failureSummary || '');
  const told = rule => rule.nodes.map(node => said(rule, node));
  const rules = { 'target-size': { enabled: true } };
  const options = { resultTypes: ['violations', 'incomplete'], rules, preload: false };
  if (only.length) options.runOnly = { type: 'rule', values: only };
  const found = await axe.run(document, options);
  const unsure = found.incomplete.filter(rule => rule.id !== 'color-contrast');
  return [...found.violations, ...unsure].flatMap(told);
}"""


# What the colours and the width of a page decide; whatever else a rule asks stands in its text.
LOOKS_DECIDE = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")


def faults(page: Page, *only: str) -> list[str]:
    """What axe finds on the page, in its own words; every rule is asked (or `only` these), good practice, too."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN, list(only))
    return found


def look(page: Page, width: int, colours: str) -> None:
    """Show the page in another width and in light or dark; all of it, so that no sticky bar lies over a control."""
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": max(900, height)})
