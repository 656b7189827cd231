"""Words and marks stand out from what is behind them (WCAG 2.2 AA), in light and in dark."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src" / "shipbell" / "web" / "console" / "static"
CSS = re.sub(
    r"/\*.*?\*/",
    "",
    "\n".join((STATIC / one).read_text("utf-8") for one in ("console.css", "shipbell.css")),
    flags=re.DOTALL,
)
COLOURS = {"light": r":root \{(.*?)\}", "dark": r":root:not\(\[data-theme=\"light\"\]\) \{(.*?)\}"}
WORDS, MARKS = 4.5, 3.0

# What may stand behind ordinary words: cards, the page, sunken heads of branches, the chosen row.
GROUNDS = ("surface", "canvas", "sunken", "action-soft")
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "link") for ground in GROUNDS),
    *((state, f"{state}-soft") for state in ("ok", "wait", "retry", "dead")),
    *((state, ground) for state in ("ok", "wait", "retry", "dead") for ground in ("surface", "canvas")),
    *((ink, ground) for ink in ("ink", "ink-2", "link") for ground in ("dead-soft", "retry-soft")),
    ("on-action", "action"), ("on-action", "action-hover"),
    ("bar-ink", "bar"), ("bar-ink-2", "bar"), ("bar-ink", "bar-line"), ("bar-ink-2", "bar-line"), ("bar-focus", "bar"),
    ("brass", "bar"), ("ink-3", "chat"),
    *((ink, "bubble") for ink in ("bubble-ink", "md-info", "md-comment", "md-warning", "md-link")),
]  # fmt: skip
# Borders of fields, marks of charts, the ring of the focus: they say something without being words.
SIGNS = [
    *((sign, ground) for sign in ("line-strong", "focus") for ground in GROUNDS),
    *((f"{state}-solid", "surface") for state in ("ok", "wait", "retry", "dead")),
    *((f"{state}-solid", f"{state}-soft") for state in ("retry", "dead")),
    ("action", "surface"), ("action", "action-soft"), ("action", "line"), ("bar-focus", "bar"),
    ("surface", "line-strong"), ("surface", "action"),
]  # fmt: skip


def tokens(colours: str) -> Mapping[str, str]:
    """The colours of a scheme by name; dark keeps what it does not change."""
    light = re.search(COLOURS["light"], CSS, re.DOTALL)
    chosen = re.search(COLOURS[colours], CSS, re.DOTALL)
    assert light is not None
    assert chosen is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light[1] + chosen[1]))


def luminance(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(PAIRS, WORDS), (SIGNS, MARKS)], ids=["words", "signs"])
def test_what_is_said_stands_out_from_what_is_behind_it(
    pairs: list[tuple[str, str]], least: float, colours: str
) -> None:
    known = tokens(colours)
    weak = {(one, ground): round(contrast(known[one], known[ground]), 2) for one, ground in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < least} == {}


def test_both_dark_schemes_are_one() -> None:
    blocks = re.findall(r":root(?::not\(\[data-theme=\"light\"\]\)|\[data-theme=\"dark\"\]) \{(.*?)\}", CSS, re.DOTALL)
    by_system, by_choice = (re.findall(r"--?[\w-]+: [^;]+", one) for one in blocks)
    assert by_system == by_choice


def test_every_colour_of_words_is_compared() -> None:
    named = set(re.findall(r"(?<![\w-])color: var\(--([\w-]+)\)", CSS))
    compared = {one for one, _ in [*PAIRS, *SIGNS]}
    # Colours of drawings that say nothing: the large bell of the sign-in page and the strokes between crumbs.
    assert named - compared == {"bar-line"}


def test_every_ground_is_compared() -> None:
    grounds = set(re.findall(r"background: var\(--([\w-]+)\)", CSS))
    compared = {name for pair in [*PAIRS, *SIGNS] for name in pair}
    assert grounds - compared == set()


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
