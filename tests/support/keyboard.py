"""A person who has keys and no pointer: goes from one control to the next and looks where the focus is."""

from playwright.sync_api import Locator, Page

# What has the focus, what shows it, and whether something lies over it.
_FOCUS = """() => {
  window.walked = window.walked || new Map();
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const shown = at => {
    const look = getComputedStyle(at), box = at.getBoundingClientRect();
    return look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2 && look.opacity !== '0' && box.width > 1;
  };
  const box = one.getBoundingClientRect();
  const places = [[box.x + box.width / 2, box.y + box.height / 2], [box.x + 4, box.y + 4]];
  const free = places.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    const label = top && top.closest('label');
    return top && (one.contains(top) || top.contains(one) || (label && label.contains(one)));
  });
  // A control that was swapped for its like while one was on it is the same one.
  const walked = window.walked, known = one.id || one;
  if (!walked.has(known)) walked.set(known, walked.size);
  return {
    html: one.outerHTML.slice(0, 160),
    shown: [one, one.nextElementSibling].some(at => at && shown(at)),
    free,
    place: walked.get(known),
  };
}"""
# What the Tab key should reach: a set of radios is one stop.
_STOPS = """() => {
  const stops = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const wanted = [...document.querySelectorAll(stops)].filter(one => one.tabIndex >= 0 && !one.disabled
    && one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }));
  const missed = wanted.filter(one => !window.walked.has(one.id || one) && !(one.type === 'radio'
    && [...window.walked.keys()].some(other => other.type === 'radio' && other.name === one.name)));
  return missed.map(one => one.outerHTML.slice(0, 160));
}"""
_MOST = 400


def tab(page: Page) -> str | None:
    """Press Tab; the element that has the focus then, None at the end. Its focus can be seen and nothing covers it."""
    page.keyboard.press("Tab")
    found = page.evaluate(_FOCUS)
    if found is None:
        return None
    assert found["shown"], f"{page.url}: the focus cannot be seen on {found['html']}"
    assert found["free"], f"{page.url}: something lies over {found['html']}"
    return str(found["html"])


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until this control has the focus."""
    for _ in range(_MOST):
        tab(page)
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{page.url}: Tab never reaches {wanted}")


def walk(page: Page) -> list[str]:
    """Press Tab from the top of the page to its end; the controls that this does not reach."""
    # A field that has the focus from the start is where the keys go on from.
    steps, last = 0, -1 if page.evaluate(_FOCUS) is None else 0
    while tab(page) is not None:
        place = int(page.evaluate("window.walked.get(document.activeElement.id || document.activeElement)"))
        if place <= last:
            break
        last, steps = place, steps + 1
        assert steps < _MOST, f"{page.url}: no end"
    missed: list[str] = page.evaluate(_STOPS)
    return missed
