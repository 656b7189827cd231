"""Digest: many deliveries in one message, one line each or folded, failures first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from shipbell.domain.compose import SIGNS, named, number_of, said, sign_of, tone_of, url_of
from shipbell.domain.deliveries import Waiting
from shipbell.domain.events import Event
from shipbell.domain.messages import Line, Message, Section, Tone
from shipbell.domain.subscriptions import Locale
from shipbell.domain.text import clean, shorten


class Fold(StrEnum):
    """How much a digest says of each delivery; the last one leaves the links out."""

    LINES = "lines"
    SUBJECT_AND_TYPE = "subject-and-type"
    SUBJECT = "subject"
    SUBJECT_ALONE = "subject-alone"


_ORDER = (Tone.BAD, Tone.WARN, Tone.GOOD, Tone.NEUTRAL)
_COUNTED = {
    Tone.BAD: {Locale.EN: "{n} failed", Locale.ZH_CN: "{n} 条失败"},
    Tone.WARN: {Locale.EN: "{n} need a look", Locale.ZH_CN: "{n} 条需关注"},
    Tone.GOOD: {Locale.EN: "{n} succeeded", Locale.ZH_CN: "{n} 条成功"},
    Tone.NEUTRAL: {Locale.EN: "{n} other", Locale.ZH_CN: "{n} 条其他"},
}
_NAMES = 3
_NAME_BYTES = 40
_LINE_BYTES = 96


@dataclass(frozen=True, slots=True)
class _Item:
    """One event, with all of its deliveries that this message carries."""

    event: Event
    delivery_ids: tuple[int, ...]


def digest(waiting: Sequence[Waiting], fold: Fold) -> Message:
    """One message for all of these deliveries (equal rendering): failures first, mentions united."""
    rendering = waiting[0].rendering
    items = _items(waiting)
    match fold:
        case Fold.LINES | Fold.SUBJECT_AND_TYPE:
            sections = _by_result(items, rendering.locale, folded=fold is Fold.SUBJECT_AND_TYPE)
        case Fold.SUBJECT | Fold.SUBJECT_ALONE:
            sections = _by_subject(items, rendering.locale, linked=fold is Fold.SUBJECT)
        case _:
            assert_never(fold)
    return Message(
        format=rendering.format,
        locale=rendering.locale,
        headline=_headline(items, rendering.locale),
        tone=min((tone_of(one.event) for one in items), key=_ORDER.index),
        sections=sections,
        user_ids=tuple(dict.fromkeys(member for one in waiting for member in one.user_ids)),
    )


def line_of(one: Waiting, fold: Fold) -> tuple[object, ...]:
    """What the deliveries of one line have in common."""
    match fold:
        case Fold.LINES:
            return (one.event_id,)
        case Fold.SUBJECT_AND_TYPE:
            return clean(one.event.subject.name), said(one.event, one.rendering.locale), tone_of(one.event)
        case Fold.SUBJECT | Fold.SUBJECT_ALONE:
            return (clean(one.event.subject.name),)
        case _:
            assert_never(fold)


def _items(waiting: Sequence[Waiting]) -> list[_Item]:
    """Deliveries of one event stand together, in order of place."""
    found: dict[int, _Item] = {}
    for one in waiting:
        known = found.get(one.event_id)
        ids = (*known.delivery_ids, one.id) if known else (one.id,)
        found[one.event_id] = _Item(one.event, ids)
    return list(found.values())


def _headline(items: Sequence[_Item], locale: Locale) -> str:
    """How many of each feeling, and the first names: `❌ 2 failed, ✅ 30 succeeded: api, web and 5 more`."""
    counts = {tone: sum(1 for one in items if tone_of(one.event) is tone) for tone in _ORDER}
    parts = [f"{SIGNS[tone]} {_COUNTED[tone][locale].format(n=n)}" for tone, n in counts.items() if n]
    worst_first = sorted(items, key=lambda one: _ORDER.index(tone_of(one.event)))
    names = list(dict.fromkeys(clean(one.event.subject.name) for one in worst_first))
    first = [shorten(one, _NAME_BYTES) for one in names[:_NAMES]]
    if locale is Locale.ZH_CN:
        more = f" 等 {len(names)} 项" if len(names) > _NAMES else ""
        return f"{'，'.join(parts)}：{'、'.join(first)}{more}"
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{', '.join(parts)}: {', '.join(first)}{more}"


def _by_result(items: Sequence[_Item], locale: Locale, *, folded: bool) -> tuple[Section, ...]:
    """One heading per result, in the order of feeling; below it the lines."""
    groups: dict[tuple[int, str], list[_Item]] = {}
    for one in items:
        groups.setdefault((_ORDER.index(tone_of(one.event)), said(one.event, locale)), []).append(one)
    return tuple(
        Section(
            heading=f"{sign_of(group[0].event)} {words} ({len(group)})",
            tone=_ORDER[order],
            lines=_folded(group, locale) if folded else tuple(_line(one) for one in group),
        )
        for (order, words), group in sorted(groups.items(), key=lambda group: group[0][0])
    )


def _line(item: _Item) -> Line:
    return Line(text=named(item.event, _LINE_BYTES), delivery_ids=item.delivery_ids, url=url_of(item.event))


def _folded(items: Sequence[_Item], locale: Locale) -> tuple[Line, ...]:
    """One line a subject, with how often and the last link."""
    groups: dict[str, list[_Item]] = {}
    for one in items:
        groups.setdefault(clean(one.event.subject.name), []).append(one)
    return tuple(_together(name, group, locale) for name, group in groups.items())


def _together(name: str, group: Sequence[_Item], locale: Locale) -> Line:
    if len(group) == 1:
        return _line(group[0])
    last = number_of(group[-1].event)
    ending = ""
    if last:
        ending = f"，最近 #{last}" if locale is Locale.ZH_CN else f", last #{last}"
    return Line(
        text=f"{shorten(name, _LINE_BYTES)} ×{len(group)}{ending}",
        delivery_ids=tuple(one for item in group for one in item.delivery_ids),
        url=url_of(group[-1].event),
        count=len(group),
    )


def _by_subject(items: Sequence[_Item], locale: Locale, *, linked: bool) -> tuple[Section, ...]:
    """Counts per subject alone: each under the worst that happened to it."""
    groups: dict[str, list[_Item]] = {}
    for one in items:
        groups.setdefault(clean(one.event.subject.name), []).append(one)
    sections: dict[Tone, list[Line]] = {}
    happened: Counter[Tone] = Counter()
    for name, group in groups.items():
        tones = Counter(tone_of(one.event) for one in group)
        worst = min(tones, key=_ORDER.index)
        happened[worst] += tones[worst]
        sections.setdefault(worst, []).append(_counts(name, group, tones, locale, linked=linked))
    return tuple(
        Section(
            heading=f"{SIGNS[tone]} {_COUNTED[tone][locale].format(n=happened[tone])}",
            tone=tone,
            lines=tuple(sections[tone]),
        )
        for tone in _ORDER
        if tone in sections
    )


def _counts(name: str, group: Sequence[_Item], tones: Counter[Tone], locale: Locale, *, linked: bool) -> Line:
    comma = "，" if locale is Locale.ZH_CN else ", "
    told = comma.join(_COUNTED[tone][locale].format(n=tones[tone]) for tone in _ORDER if tones[tone])
    return Line(
        text=f"{shorten(name, _LINE_BYTES)} ×{len(group)} ({told})",
        delivery_ids=tuple(one for item in group for one in item.delivery_ids),
        url=url_of(group[-1].event) if linked else None,
        count=len(group),
    )
