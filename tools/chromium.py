"""The system's Chromium, as the browser tests and the pictures start it."""

import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# It calls nobody by itself, and finds no host but this machine.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

# Playwright hides scrollbars by itself; people have them.
SHOWN_SCROLLBARS = ("--hide-scrollbars",)


def chromium() -> str | None:
    """The path of the first one there is."""
    return next((found for found in map(shutil.which, _NAMES) if found), None)
