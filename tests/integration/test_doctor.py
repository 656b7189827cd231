"""`doctor` says what is wrong and what to do, and makes nothing and mends nothing."""

import base64
import json
import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from commands import command as shipbell
from server import Ran, environment, settings_file
from shipbell.domain.secret import Secret
from shipbell.ports.wire import Call, NoReply, Trouble
from shipbell.transport import HttpTransport
from shipbell.transport.reach import reach

Checks = Mapping[str, list[dict[str, str]]]
KEY = base64.urlsafe_b64encode(bytes([9]) * 32).decode()


def asked(environ: Mapping[str, str]) -> tuple[int, Checks]:
    """The exit code, and the checks by name."""
    ran = shipbell(environ, "doctor", "--json")
    assert "Traceback" not in ran.err
    found: dict[str, list[dict[str, str]]] = {}
    for one in json.loads(ran.out):
        found.setdefault(one["check"], []).append(one)
    return ran.code, found


def states(checks: Checks) -> dict[str, set[str]]:
    return {name: {one["state"] for one in lines} for name, lines in checks.items()}


def told(checks: Checks, name: str) -> str:
    return " ".join(f"{one['found']} {one['cure']}" for one in checks[name] if one["state"] != "ok")


@pytest.fixture
def robot() -> Iterator[str]:
    """The URL of something that listens on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        yield f"http://127.0.0.1:{port}/cgi-bin/webhook/send?key=marker-7a0c-4bc4-97a0-0ec2a1fa5aaa"


@pytest.fixture
def environ(tmp_path: Path, robot: str) -> dict[str, str]:
    """A data folder with a project and a robot that can be reached."""
    made = environment(tmp_path / "data")
    applied: Ran = shipbell(made, "apply", str(settings_file(tmp_path, {"payments": {"group": {"url": robot}}})))
    assert applied.code == 0, applied.err
    return made


def test_a_healthy_house_is_told_line_by_line(environ: dict[str, str]) -> None:
    code, checks = asked(environ)
    assert states(checks) == {
        name: {"ok"} for name in ("settings", "data folder", "disk", "clock", "keys", "database", "secrets", "outbound")
    }
    assert code == 0
    ran = shipbell(environ, "doctor")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "CHECK\tSTATE\tFOUND\tWHAT TO DO"
    assert "marker" not in ran.out + ran.err + json.dumps(checks)


def test_an_empty_folder_is_no_fault_and_stays_empty(tmp_path: Path) -> None:
    code, checks = asked(environment(tmp_path / "data"))
    assert code == 0
    assert states(checks)["database"] == states(checks)["keys"] == {"ok"}
    assert "qyapi.weixin.qq.com" in checks["outbound"][0]["found"]
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_used_are_the_only_line(environ: dict[str, str]) -> None:
    for name, value in (("SHIPBELL_LOG_LEVEL", "loud"), ("SHIPBELL_CHANNEL_REGIONS", "wecon=*")):
        code, checks = asked({**environ, name: value})
        assert (code, list(checks)) == (1, ["settings"])
        assert name in told(checks, "settings")


def test_a_missing_key_is_told(environ: dict[str, str]) -> None:
    (Path(environ["SHIPBELL_DATA"]) / "secret.key").unlink()
    code, checks = asked(environ)
    assert code == 1
    assert "back from a back-up" in told(checks, "keys")
    assert not (Path(environ["SHIPBELL_DATA"]) / "secret.key").exists()


def test_a_wrong_key_is_told(environ: dict[str, str]) -> None:
    code, checks = asked({**environ, "SHIPBELL_SECRET_KEY": KEY})
    assert code == 1
    assert "does not open this database" in told(checks, "keys")
    assert KEY not in json.dumps(checks)


def test_a_key_that_others_can_read_is_a_warning(environ: dict[str, str]) -> None:
    (Path(environ["SHIPBELL_DATA"]) / "secret.key").chmod(0o644)
    code, checks = asked(environ)
    assert code == 0
    assert "chmod 600" in told(checks, "keys")


def change(environ: Mapping[str, str], statement: str, *values: object) -> None:
    with closing(sqlite3.connect(Path(environ["SHIPBELL_DATA"]) / "shipbell.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


def test_a_secret_that_no_key_opens_is_told(environ: dict[str, str]) -> None:
    change(environ, "UPDATE sources SET secret = ?", b"not a token")
    code, checks = asked(environ)
    assert code == 1
    assert "1 secrets cannot be opened" in told(checks, "secrets")


def test_a_clock_that_went_back_is_told(environ: dict[str, str]) -> None:
    change(environ, "INSERT INTO door_calls (id, source_id, at, status, code, address, accepted, duplicates, ignored)"
           " VALUES (1, 1, 1, 202, 'accepted', '::1', 1, 0, 0)")  # fmt: skip
    assert asked(environ)[0] == 0
    in_2090 = 2_040_000_000_000 << 22
    change(
        environ,
        "INSERT INTO attempts (id, lane_id, started_at, result, code, detail, maybe_delivered, companion, carried,"
        " body) VALUES (?, 1, 1, 'delivered', '0', '', 0, 0, 1, x'')",
        in_2090,
    )
    code, checks = asked(environ)
    assert code == 1
    assert "the clock went back" in told(checks, "clock")


def test_a_damaged_database_is_told(environ: dict[str, str]) -> None:
    path = Path(environ["SHIPBELL_DATA"]) / "shipbell.db"
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(data)
    code, checks = asked(environ)
    assert code == 1
    assert states(checks)["database"] == {"fault"}


def test_a_database_of_another_version_is_told(environ: dict[str, str]) -> None:
    change(environ, "UPDATE alembic_version SET version_num = 'later'")
    code, checks = asked(environ)
    assert code == 1
    assert "another version" in told(checks, "database")


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    code, checks = asked(environment(tmp_path / "data"))
    assert code == 1
    assert "is no folder" in told(checks, "data folder")


def test_a_robot_that_may_not_be_called_is_told_with_the_setting(environ: dict[str, str]) -> None:
    code, checks = asked({**environ, "SHIPBELL_OUTBOUND_ALLOW": ""})
    assert code == 1
    assert "SHIPBELL_OUTBOUND_ALLOW" in told(checks, "outbound")


@pytest.mark.parametrize(
    "host", ["2130706433", "127.1", "0177.0.0.1", "127.0.0.1.", "0", "[::1]", "[::1%25lo]", "①27.1"]
)
async def test_a_host_is_judged_as_sending_judges_it(host: str) -> None:
    transport = HttpTransport()
    try:
        reply = await transport.send(Call(url=Secret(f"http://{host}:9/?key=k"), body=b"{}"))
    finally:
        await transport.aclose()
    assert isinstance(reply, NoReply)
    assert reply.trouble in {Trouble.BAD_URL, Trouble.NOT_ALLOWED}
    assert await reach(urlsplit(f"http://{host}:9/").hostname or "", 9, allow=()) is reply.trouble


def test_a_robot_whose_address_is_a_number_is_a_fault(environ: dict[str, str]) -> None:
    code, checks = asked({**environ, "SHIPBELL_OPERATOR_URL": "http://2130706433:9/?key=k"})
    assert code == 1
    assert "Copy it from the robot again" in told(checks, "outbound")


def test_a_robot_that_does_not_answer_or_is_not_found_is_told(environ: dict[str, str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        deaf = f"http://127.0.0.1:{held.getsockname()[1]}/?key=k"
        code, checks = asked({**environ, "SHIPBELL_OPERATOR_URL": deaf})
    assert code == 1
    assert "does not answer" in told(checks, "outbound")
    code, checks = asked({**environ, "SHIPBELL_OPERATOR_URL": "https://nothing.invalid/?key=k"})
    assert code == 1
    assert "nothing.invalid:443" in told(checks, "outbound")
    assert len(checks["outbound"]) == 2


def test_a_proxy_that_is_away_is_told(environ: dict[str, str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{held.getsockname()[1]}"
        code, checks = asked({**environ, "SHIPBELL_OUTBOUND_PROXY": away})
    assert code == 1
    assert "SHIPBELL_OUTBOUND_PROXY" in told(checks, "outbound")
