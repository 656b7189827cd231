"""Settings: one table, read once, passed down as a value."""

from shipbell.settings.table import SETTINGS, Setting
from shipbell.settings.values import Settings, load

__all__ = ["SETTINGS", "Setting", "Settings", "load"]
