"""What every test starts from: no settings of the machine's own, and property tests that repeat on CI."""

import os

import pytest
from hypothesis import settings

# Two shared cores make single examples slow now and then; a hang is ended by pytest-timeout.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case of bytes by its number: what a packer stamps with the time would differ between two processes."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser last: its driver leaves an event loop running in which no other test could start one."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("SHIPBELL_")]:
        monkeypatch.delenv(name)
