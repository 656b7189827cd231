"""`deliveries replay` of many: in steps that are told on stderr, until nothing is left."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select, update

from commands import command as shipbell
from crowd import fill
from server import environment, settings_file
from shipbell.assemble import assembled
from shipbell.domain.ids import Prefix, encode
from shipbell.settings import load
from shipbell.storage.tables.flow import deliveries, lanes

T = TypeVar("T")
MANY = 1_200


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A database with dead letters of one robot."""
    made = environment(tmp_path / "data")
    robot = "http://127.0.0.1:9/cgi-bin/webhook/send?key=marker-7a0c-4bc4-97a0-0ec2a1fa5aaa"
    applied = shipbell(made, "apply", str(settings_file(tmp_path, {"payments": {"group": {"url": robot}}})))
    assert applied.code == 0, applied.err
    written(made, lambda connection: fill(connection, many=MANY, waiting=0))
    written(made, lambda connection: connection.execute(update(deliveries).values(state="dead", cause="93000")))
    return made


def written(environ: Mapping[str, str], work: Callable[[Connection], T]) -> T:
    """Work on the database of the settings."""

    async def whole() -> T:
        async with assembled(load(environ)) as parts:
            return await parts.opened.database.write(work)

    return asyncio.run(whole())


def robot_of(environ: Mapping[str, str]) -> str:
    lane: int = written(environ, lambda connection: connection.execute(select(lanes.c.id)).scalar_one())
    return encode(Prefix.ROBOT, lane)


def states(environ: Mapping[str, str]) -> set[str]:
    return set(written(environ, lambda connection: connection.execute(select(deliveries.c.state)).scalars().all()))


def test_a_robots_dead_letters_go_again_with_progress_on_stderr(environ: dict[str, str]) -> None:
    ran = shipbell(environ, "deliveries", "replay", "--robot", robot_of(environ))
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == ["500 so far, more are left", "1000 so far, more are left", "1200 replayed."]
    assert states(environ) == {"waiting"}


def test_many_named_deliveries_go_again_with_progress_on_stderr(environ: dict[str, str]) -> None:
    listed = json.loads(shipbell(environ, "deliveries", "list", "--limit", "600", "--json").out)
    ran = shipbell(environ, "deliveries", "replay", *(one["id"] for one in listed))
    assert (ran.code, ran.err.splitlines()) == (0, ["500 so far, more are left", "600 replayed."])


def test_what_cannot_go_is_counted_and_the_oldest_are_told(environ: dict[str, str]) -> None:
    closed = update(lanes).values(state="closed", cause="93000")
    written(environ, lambda connection: connection.execute(closed))
    ran = shipbell(environ, "deliveries", "replay", "--robot", robot_of(environ))
    assert ran.code == 1
    told = ran.err.splitlines()
    assert told[-1_002:-1_000] == ["1200 cannot go again; the oldest 1000 are told below.", "0 replayed."]
    assert "The robot is closed." in told[-1]
    assert states(environ) == {"dead"}
