"""The time zones that a form offers."""

from zoneinfo import available_timezones

ZONES = (
    "UTC",
    *sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "posix/", "right/"))),
)
