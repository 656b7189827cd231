"""Whose address a call has, through proxies that are trusted and past those that are not."""

from ipaddress import ip_network

import pytest

from shipbell.web.addresses import client_address

TRUSTED = tuple(ip_network(one) for one in ("10.0.0.0/8", "127.0.0.1/32", "fd00::/8"))


def seen(client: str | None, *forwarded: str, trusted: bool = True) -> str:
    headers = [(b"x-forwarded-for", one.encode("latin-1")) for one in forwarded]
    scope = {"type": "http", "client": (client, 1234) if client else None, "headers": [(b"host", b"x"), *headers]}
    return client_address(scope, TRUSTED if trusted else ())


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.66, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.66", "198.51.100.1 ,10.0.0.2"), "198.51.100.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, unknown",), "198.51.100.1"),
        ("10.0.0.1", ("<script>",), "10.0.0.1"),
        ("10.0.0.1", ("2001:db8::1",), "2001:db8::1"),
        ("fd00::1", ("198.51.100.1",), "198.51.100.1"),
        ("2001:db8::2", ("198.51.100.1",), "2001:db8::2"),
        (None, ("198.51.100.1",), "unknown"),
    ],
)
def test_the_nearest_address_that_is_no_trusted_proxy_calls(
    client: str | None, forwarded: tuple[str, ...], address: str
) -> None:
    assert seen(client, *forwarded) == address


def test_without_trusted_proxies_nobody_can_claim_an_address() -> None:
    assert seen("127.0.0.1", "198.51.100.1", trusted=False) == "127.0.0.1"
