"""What every test starts from: no settings and no host but this machine's own, and property tests that repeat on CI."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import settings

# Two shared cores make single examples slow now and then; a hang is ended by pytest-timeout.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
_CALLS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_CALLED_OUTSIDE: list[str] = []


def _stay_here(event: str, args: tuple[object, ...]) -> None:
    """Let no socket of this process reach another machine; the test that tried fails at its end."""
    if event in _CALLS and isinstance(args[1], tuple) and not _is_here(str(args[1][0])):
        _CALLED_OUTSIDE.append(str(args[1][:2]))
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def _is_here(host: str) -> bool:
    """Whether an address is this machine's."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host in {"", "localhost"}
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


sys.addaudithook(_stay_here)


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


@pytest.fixture(autouse=True)
def called_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a test called on other machines: nothing; names other than localhost are not found, and nobody is asked.

    Servers that a test starts as processes of their own know no robots but simulated ones.
    """
    real = socket.getaddrinfo

    def look_up(host, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN202 - as the real one
        name = host.decode() if isinstance(host, bytes) else host
        if name in {None, "", "localhost"} or _is_number(name):
            return real(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    _CALLED_OUTSIDE.clear()
    yield _CALLED_OUTSIDE
    assert _CALLED_OUTSIDE == []


def _is_number(host: str) -> bool:
    """Whether an address is written in numbers, in whatever form the system reads."""
    if ":" in host:
        return True
    try:
        socket.inet_aton(host)
    except (OSError, ValueError):
        return False
    return True
