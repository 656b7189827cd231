"""The settings as `--help` tells them, from their one table."""

from shipbell.settings import SETTINGS
from shipbell.settings.table import CONFIG, Setting

# Without this mark the lines would run together.
_AS_IT_STANDS = "\b"


def epilog() -> str:
    """Every setting with its default, below the options."""
    heading = f"Settings, from the environment or from a TOML file named by {CONFIG} (the same names in lower case):"
    return f"{heading}\n\n" + "\n".join((_AS_IT_STANDS, *(_told(one) for one in SETTINGS)))


def _told(one: Setting) -> str:
    file = f", {one.name}_FILE" if one.from_file else ""
    default = f" [default: {one.default}]" if one.default else ""
    return f"{one.name}{file}\n  {one.help}{default}"
