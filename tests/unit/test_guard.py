"""The address guard, as a table: public addresses pass, every other form of every range does not."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.transport.guard import allowed

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2400:cb00::1",
    "2620:fe::fe",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]
NOT_PUBLIC = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 - it is not bound but refused
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
    "unique local": ["fc00::1", "fd12:3456::1"],
    "loopback": ["127.0.0.1", "127.255.255.255", "::1"],
    "link-local": ["169.254.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    "site-local": ["fec0::1"],
    "carrier NAT": ["100.64.0.0", "100.127.255.255"],
    "benchmarks": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "protocol assignments": ["192.0.0.1", "192.0.0.170", "192.88.99.1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "100::1", "5f00::1"],
    "IPv4 in IPv6": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "::127.0.0.1", "::10.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"],
    "NAT64 of one's own": [
        "64:ff9b:1::127.0.0.1",
        "64:ff9b:1:a00:0:100::",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:1:808:8:800::",
    ],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::"],
    "Teredo": ["2001:0:7f00:1::", "2001:0:808:808:0:0:f5ff:fffe"],
    "no address": [
        "",
        "localhost",
        "127.1",
        "0177.0.0.1",
        "2130706433",
        "1.2.3.4.5",
        "8.8.8.8/32",
        "[::1]",
        " 8.8.8.8",
    ],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert allowed(address, ())


@pytest.mark.parametrize(("why", "address"), [(why, one) for why, some in NOT_PUBLIC.items() for one in some])
def test_no_other_address_may_be_called(why: str, address: str) -> None:
    assert not allowed(address, ()), why


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1"),
        ("127.0.0.0/8", "64:ff9b::127.0.0.1"),
        ("127.0.0.0/8", "2002:7f00:1::"),
        ("10.1.0.0/16", "10.1.255.255"),
        ("::1/128", "::1"),
        ("fe80::/10", "fe80::1%eth0"),
        ("fd00::/8", "fd00::5"),
        ("64:ff9b:1::/48", "64:ff9b:1:a00:0:100::"),
        ("64:ff9b:1:7::/64", "64:ff9b:1:7::8.8.8.8"),
    ],
)
def test_an_allowed_network_opens_its_addresses_in_every_form(network: str, address: str) -> None:
    assert not allowed(address, ())
    assert allowed(address, (ip_network(network),))


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("127.0.0.0/8", "10.0.0.1"),
        ("127.0.0.0/8", "::1"),
        ("10.1.0.0/16", "10.2.0.0"),
        ("::ffff:0:0/96", "::ffff:10.0.0.1"),
        ("64:ff9b::/96", "64:ff9b::10.0.0.1"),
        ("2002::/16", "2002:a00:1::"),
        ("2001::/32", "2001:0:808:808:0:0:f5ff:fffe"),
    ],
)
def test_an_allowed_network_opens_nothing_beside_it(network: str, address: str) -> None:
    assert not allowed(address, (ip_network(network),))


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_each_form_that_carries_it(address: IPv4Address) -> None:
    number = int(address)
    carriers = (0xFFFF << 32, 0x64_FF9B << 96)
    for carrier in carriers:
        assert allowed(str(IPv6Address(carrier | number)), ()) == allowed(str(address), ())
    assert allowed(str(IPv6Address((0x2002 << 112) | (number << 80))), ()) == allowed(str(address), ())


@given(st.ip_addresses(v=4))
def test_what_is_not_global_is_never_called(address: IPv4Address) -> None:
    if allowed(str(address), ()):
        assert address.is_global
        assert not address.is_multicast


@given(st.text(max_size=30))
def test_what_is_no_address_may_not_be_called(text: str) -> None:
    if not any(character in text for character in ".:"):
        assert not allowed(text, ())
