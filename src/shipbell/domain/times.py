"""Times and spans in words, in a zone and a language."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shipbell.domain.subscriptions import Locale

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def in_words(time: datetime, zone: str, locale: Locale) -> str:
    """`24 Nov 2026, 10:37` or `2026-11-24 10:37`, in the zone."""
    try:
        local = time.astimezone(_zone(zone))
    except OverflowError:
        # At the ends of the calendar a zone can lead out of it.
        local = time
    clock = f"{local.hour:02}:{local.minute:02}"
    if locale is Locale.ZH_CN:
        return f"{local.year:04}-{local.month:02}-{local.day:02} {clock}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {clock}"


def took(span: timedelta, locale: Locale) -> str:
    """`3 min 52 s` or `3 分 52 秒`; the two largest units, whole seconds."""
    seconds = max(0, int(span.total_seconds()))
    zh = locale is Locale.ZH_CN
    units = (
        (86_400, "天" if zh else "d"),
        (3_600, "小时" if zh else "h"),
        (60, "分" if zh else "min"),
        (1, "秒" if zh else "s"),
    )
    parts: list[str] = []
    for length, unit in units:
        count, seconds = divmod(seconds, length)
        if count and len(parts) < 2:  # noqa: PLR2004 - two units say enough
            parts.append(f"{count} {unit}")
    return " ".join(parts) or f"0 {units[-1][1]}"
