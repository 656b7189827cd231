"""Only public addresses are called, however an address is written and whatever names lead to."""

import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from far_end import answer, far_end, saying
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Reply, Trouble
from shipbell.transport import HttpTransport
from shipbell.transport.guard import AddressNotAllowed, GuardedResolver, GuardedSockets

LOOPBACK = (ip_network("127.0.0.0/8"),)
HOME = "127.0.0.5"


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport()
    yield made
    await made.aclose()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What the system's resolver says: for each name its answers in turn, the last one for good."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any) -> list[Any]:  # noqa: ANN401 - the standard library's own signature
        if host not in known:
            return list(real(host, port, *rest))
        turns = known[host]
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0177.1",
        "017700000001",
        "0",
        "0.0.0.0",  # noqa: S104 - it is not bound but refused
        "127.0.0.1.",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "somebody@127.0.0.1",
        "8.8.8.8@127.0.0.1",
        "somebody:word@127.0.0.1",
        "[::1]",
        "[::]",
        "[::1%25lo]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
async def test_no_spelling_of_a_loopback_address_is_called(transport: HttpTransport, host: str) -> None:
    async with far_end(saying(answer())) as end:
        for ending in ("/send?key=k", "/send#@8.8.8.8", "/send?at=@8.8.8.8:80"):
            reply = await transport.send(Call(url=Secret(f"http://{host}:{end.port}{ending}"), body=b"{}"))
            assert isinstance(reply, NoReply)
            assert not reply.sent
    assert end.connections == 0


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"],
)
async def test_a_private_address_is_refused_in_words_that_do_not_name_it(
    transport: HttpTransport, address: str
) -> None:
    reply = await transport.send(Call(url=Secret(f"http://{address}/send?key=verysecret"), body=b"{}"))
    assert reply == NoReply(trouble=Trouble.NOT_ALLOWED, sent=False, detail="This address may not be called.")


async def test_a_name_that_leads_to_a_private_address_is_refused(
    transport: HttpTransport, names: dict[str, list[list[str]]]
) -> None:
    names["robot.test"] = [["127.0.0.1"]]
    async with far_end(saying(answer())) as end:
        reply = await transport.send(Call(url=Secret(f"http://robot.test:{end.port}/"), body=b"{}"))
    told = "The name leads to an address that may not be called."
    assert reply == NoReply(trouble=Trouble.NOT_ALLOWED, sent=False, detail=told)
    assert end.connections == 0


async def test_of_a_names_addresses_only_those_that_may_be_called_are_left(names: dict[str, list[list[str]]]) -> None:
    names["robot.test"] = [["10.0.0.1", "8.8.8.8", "127.0.0.1", "1.1.1.1"]]
    kept = await GuardedResolver(()).resolve("robot.test", 443)
    assert [one["host"] for one in kept] == ["8.8.8.8", "1.1.1.1"]


async def test_a_name_whose_answer_changes_between_two_calls_is_judged_again(
    names: dict[str, list[list[str]]],
) -> None:
    names["robot.test"] = [[HOME], ["127.0.0.1"]]
    transport = HttpTransport(allow=(ip_network(f"{HOME}/32"),))
    async with (
        far_end(saying(answer(connection="close"), close=True), host=HOME) as home,
        far_end(saying(answer()), port=home.port) as inside,
    ):
        call = Call(url=Secret(f"http://robot.test:{home.port}/"), body=b"{}")
        first, second = await transport.send(call), await transport.send(call)
    await transport.aclose()
    assert isinstance(first, Reply)
    assert isinstance(second, NoReply)
    assert (second.trouble, second.sent) == (Trouble.NOT_ALLOWED, False)
    assert (home.connections, inside.connections) == (1, 0)


def test_no_socket_is_made_for_a_private_address_whoever_looked_the_name_up() -> None:
    for family, address in ((socket.AF_INET, ("127.0.0.1", 80)), (socket.AF_INET6, ("::ffff:127.0.0.1", 80, 0, 0))):
        with pytest.raises(AddressNotAllowed):
            GuardedSockets(())((family, socket.SOCK_STREAM, 6, "", address))


def test_sockets_for_allowed_addresses_do_not_block() -> None:
    made = GuardedSockets(LOOPBACK)((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
    try:
        assert not made.getblocking()
    finally:
        made.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "somebody@127.0.0.1"])
async def test_an_allowed_network_is_called(names: dict[str, list[list[str]]], host: str) -> None:
    names["localhost"] = [["127.0.0.1"]]
    transport = HttpTransport(allow=LOOPBACK)
    async with far_end(saying(answer())) as end:
        reply = await transport.send(Call(url=Secret(f"http://{host}:{end.port}/"), body=b"{}"))
    await transport.aclose()
    assert isinstance(reply, Reply)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "http:///send",
        "http:127.0.0.1/",
        "ftp://robot.invalid/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//robot.invalid/",
        "http://[::1",
        "http://[not-an-address]/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1\\@8.8.8.8/",
        "http://xn--/",
        "http://\ud800/",
        "http://a..b/send",
        "http://a b/send",
        "http://\x00/send",
        "https://[::1%é]/send",
        "http://.robot.invalid/",
        "http://robot.invalid../",
        "http://./",
        f"http://{'a' * 64}.invalid/",
        f"http://{''.join(chr(0x4E00 + 97 * one) for one in range(40))}.invalid/",
        f"http://{'a.' * 127}invalid/",
    ],
)
async def test_an_address_that_is_none_is_told_and_not_called(transport: HttpTransport, url: str) -> None:
    reply = await transport.send(Call(url=Secret(url), body=b"{}"))
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.BAD_URL, False)


@pytest.mark.parametrize("host", [f"{'a' * 63}.invalid", f"{'a.' * 122}invalid", "a_b.invalid", "-.invalid"])
async def test_a_name_at_the_edge_of_its_rules_is_looked_up(transport: HttpTransport, host: str) -> None:
    reply = await transport.send(Call(url=Secret(f"http://{host}/"), body=b"{}"))
    assert isinstance(reply, NoReply)
    assert (reply.trouble, reply.sent) == (Trouble.NAME_NOT_FOUND, False)


@pytest.mark.parametrize("host", ["nothing.invalid", "%", "büro.invalid", "nothing.invalid."])
async def test_a_name_that_nobody_knows_is_told_and_not_sent(transport: HttpTransport, host: str) -> None:
    reply = await transport.send(Call(url=Secret(f"http://{host}/send?key=verysecret"), body=b"{}"))
    assert reply == NoReply(trouble=Trouble.NAME_NOT_FOUND, sent=False, detail="gaierror")
