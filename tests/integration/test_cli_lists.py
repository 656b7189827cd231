"""The command line lists what is there, for people and for programs, and hides what is secret."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commands import command
from server import SECRET, environment, settings_file

KEY = "marker-7a0c-4bc4-97a0-0ec2a1fa5aaa"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A project with a source and a subscription."""
    made = environment(tmp_path / "data")
    robot = f"http://127.0.0.1:9/cgi-bin/webhook/send?key={KEY}"
    assert command(made, "apply", str(settings_file(tmp_path, {"payments": {"group": {"url": robot}}}))).code == 0
    return made


def listed(environ: dict[str, str], noun: str, *words: str) -> Any:  # noqa: ANN401 - JSON
    ran = command(environ, noun, "list", *words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize("words", [[], ["payments"]])
def test_projects_sources_subscriptions_and_robots_are_listed(environ: dict[str, str], words: list[str]) -> None:
    [project] = listed(environ, "project", *words)
    [source] = listed(environ, "source", *words)
    [subscription] = listed(environ, "subscription", *words)
    [robot] = listed(environ, "robot", *words)
    assert listed(environ, "event", *words) == []
    assert project["key"] == source["project"] == subscription["project"] == "payments"
    assert (source["name"], subscription["name"]) == ("ci", "group")
    assert (robot["id"], robot["state"], robot["waiting"]) == (subscription["robot_id"], "open", 0)


@pytest.mark.parametrize("noun", ["project", "source", "subscription", "robot", "event"])
def test_a_list_holds_no_secret(environ: dict[str, str], noun: str) -> None:
    for words in ([], ["--json"]):
        ran = command(environ, noun, "list", *words)
        assert ran.code == 0
        assert not {one for one in (KEY, SECRET) if one in ran.out}


def test_a_robot_is_reopened_by_its_id(environ: dict[str, str]) -> None:
    [robot] = listed(environ, "robot")
    ran = command(environ, "robot", "reopen", robot["id"])
    assert (ran.code, ran.out) == (0, "")
    assert f"deliveries replay --robot {robot['id']}" in ran.err


@pytest.mark.parametrize(("name", "told"), [("simulate", False), ("robot", True)])
def test_the_simulator_starts_by_its_name_and_by_the_old_one_with_a_word(name: str, *, told: bool) -> None:
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "shipbell", name, "--port", "0", "--limit", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert ("shipbell simulate" in err) is told
