"""The command line: exit codes, what goes where, and that doing a thing twice changes nothing."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli_place import KEY_A, SETTINGS, Place, place_in
from server import PASSWORD, SECRET, Ran
from shipbell import __version__
from shipbell.settings import SETTINGS as TABLE


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    """A place of its own."""
    return place_in(tmp_path, monkeypatch, capfd)


# --- usage ----------------------------------------------------------------------------------------------------


def test_the_version_is_a_result(place: Place) -> None:
    assert place.say("--version") == Ran(0, f"shipbell {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["serve", "--port", "many"], ["serve", "--port", "70000"], ["apply"], ["token", "create"], ["emit"]],
)
def test_wrong_usage_ends_with_2_and_says_so_on_stderr(place: Place, words: list[str]) -> None:
    ran = place.say(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


@pytest.mark.parametrize(
    "words",
    [
        ["deliveries", "list", "--state", "lost"],
        ["deliveries", "list", "--robot", "robot-1"],
        ["deliveries", "show", "run-128"],
        ["deliveries", "replay"],
        ["emit", "payments", "-"],
        ["emit", "payments/ci", "-", "--url", "somewhere"],
        ["emit", "payments/ci", "-", "--url", "http://127.0.0.1:99999"],
        ["emit", "payments/ci", "-", "--url", "http://[::1"],
        ["emit", "payments/ci", "-", "--secret", "two\nlines"],
        ["emit", "payments/ci", "/dev/zero"],
        ["token", "revoke", "ci"],
        ["source", "try", "abacus", "-"],
        ["source", "try", "generic", "/dev/zero"],
        ["simulate", "--window", "nan"],
        ["robot", "--window", "nan"],
        ["robot", "reopen", "rob_x"],
        ["subscription", "test", "sub_x"],
        ["simulate", "--block", "-1"],
        ["simulate", "--latency", "inf"],
        ["source", "try", "generic", "/no/such/file"],
        ["apply", "/no/such/file.yaml"],
        ["apply", ""],
    ],
)
def test_what_cannot_be_meant_is_wrong_usage_too(place: Place, words: list[str]) -> None:
    ran = place.say(*words)
    assert (ran.code, ran.out) == (2, ""), ran
    assert ran.err.endswith("\n")


@pytest.mark.parametrize(
    "words",
    [
        ["deliveries", "show", "dlv_0000000000001"],
        ["deliveries", "list", "nobody"],
        ["why", "run-128"],
        ["export", "nobody"],
        ["subscription", "list", "nobody"],
        ["robot", "list", "nobody"],
        ["robot", "reopen", "rob_0000000000001"],
        ["subscription", "test", "sub_0000000000001"],
        ["user", "remove", "nobody"],
        ["token", "create", "--user", "nobody"],
        ["token", "revoke", "tok_0000000000001"],
        ["emit", "payments/ci", "-", "--url", "http://127.0.0.1:1"],
    ],
)
def test_what_is_not_there_is_refused_with_1(place: Place, words: list[str]) -> None:
    assert place.say("migrate").code == 0
    ran = place.say(*words, stdin="{}")
    assert (ran.code, ran.out) == (1, ""), ran
    assert ran.err.endswith("]\n")


def test_settings_that_cannot_be_used_end_with_3_and_are_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPBELL_RETENTION_DAYS", "soon")
    ran = place.say("export")
    assert (ran.code, ran.out) == (3, "")
    assert "SHIPBELL_RETENTION_DAYS" in ran.err


def test_the_collector_rests_while_commands_are_loaded_and_works_afterwards() -> None:
    # In a process of its own, since this one has loaded them already.
    asked = "import gc, shipbell.__main__; print(gc.isenabled(), gc.get_freeze_count() > 100_000, gc.get_count()[2])"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout == "True True 0\n"


# --- apply and export -----------------------------------------------------------------------------------------


def test_applying_twice_changes_nothing_and_a_dry_run_never_does(place: Place) -> None:
    file = place.file(SETTINGS)
    dry = place.say("apply", file, "--dry-run")
    assert (dry.code, "dry run" in dry.err) == (0, True)
    assert place.say("export").out.strip() in {"projects: []", ""}
    first = place.say("apply", file)
    assert first.code == 0
    assert first.out == dry.out
    again = place.say("apply", file)
    assert (again.code, again.out, again.err) == (0, "", "Nothing changes.\n")


@pytest.mark.parametrize("secrets", [[], ["--with-secrets"]])
def test_applying_an_export_changes_nothing(place: Place, secrets: list[str]) -> None:
    assert place.say("apply", place.file(SETTINGS)).code == 0
    exported = place.say("export", *secrets)
    assert exported.err == ""
    assert (SECRET in exported.out, KEY_A in exported.out) == (bool(secrets), bool(secrets))
    again = place.say("apply", place.file(exported.out, "export.yaml"))
    assert (again.code, again.out) == (0, ""), again


def test_an_export_with_secrets_makes_the_same_somewhere_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.say("apply", place.file(SETTINGS))
    whole = place.say("export", "--with-secrets").out
    monkeypatch.setenv("SHIPBELL_DATA", str(place.folder / "elsewhere"))
    assert place.say("apply", place.file(whole, "whole.yaml")).code == 0
    assert place.say("export", "--with-secrets").out == whole


def test_what_a_file_does_not_name_stays_unless_pruned(place: Place) -> None:
    place.say("apply", place.file(SETTINGS))
    smaller = {"projects": [{**SETTINGS["projects"][0], "subscriptions": [], "members": {"alice": "viewer"}}]}
    file = place.file(smaller, "smaller.yaml")
    place.say("apply", file)
    assert "release group" in place.say("export").out
    pruned = place.say("apply", file, "--prune")
    assert "release group" in pruned.out
    exported = yaml.safe_load(place.say("export").out)["projects"][0]
    assert exported.get("subscriptions", []) == []
    assert exported["members"] == {"alice": "viewer"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"user_ids": "a b"}, "projects[0].subscriptions[0].user_ids"),
        ({"url": "ftp://x"}, "projects[0].subscriptions[0].url"),
        ({"events": []}, "projects[0].subscriptions[0].events"),
        ({"format": "html"}, "projects[0].subscriptions[0].format"),
        ({"colour": "red"}, "projects[0].subscriptions[0].colour"),
    ],
)
def test_an_error_in_a_file_names_the_key_and_changes_nothing(
    place: Place, change: dict[str, object], key: str
) -> None:
    bad: Any = copy.deepcopy(SETTINGS)
    bad["projects"][0]["subscriptions"][0].update(change)
    ran = place.say("apply", place.file(bad))
    assert (ran.code, ran.out) == (2, "")
    assert key in ran.err
    assert "payments" not in place.say("export").out


def test_a_change_is_told_so_that_people_can_read_it(place: Place) -> None:
    place.say("apply", place.file(SETTINGS))
    changed: Any = copy.deepcopy(SETTINGS)
    one = changed["projects"][0]["subscriptions"][0]
    one.update(url=one["url"].replace(KEY_A, "x" + KEY_A[1:]), content={"pipeline": ["trigger"], "deploy": []})
    ran = place.say("apply", place.file(changed), "--dry-run")
    assert ran.out.count("\n") == 1
    assert "(another, with the same mask)" in ran.out
    assert "→ deploy [], pipeline [trigger]" in ran.out
    assert (KEY_A in ran.out, ran.err) == (False, "1 change; nothing was done (dry run).\n")


def test_a_file_that_is_no_yaml_is_told(place: Place) -> None:
    ran = place.say("apply", place.file("projects: [\n"))
    assert (ran.code, ran.out) == (2, "")


# --- people ---------------------------------------------------------------------------------------------------


def test_a_token_is_printed_alone(place: Place) -> None:
    assert place.say("user", "add", "root", "--admin", "--password-stdin", stdin=PASSWORD).code == 0
    ran = place.say("token", "create", "--user", "root", "--read-only", "--name", "ci", "--expires", "30")
    assert ran.code == 0
    assert len(ran.out.split()) == 1
    listed = json.loads(place.say("token", "list", "--json").out)
    assert [(one["user"], one["name"], one["read_only"]) for one in listed] == [("root", "ci", True)]
    assert ran.out.strip() not in place.say("token", "list").out
    assert place.say("token", "revoke", listed[0]["id"]).code == 0


def test_the_tokens_of_nobody_are_no_empty_list(place: Place) -> None:
    place.say("user", "add", "root", "--admin", "--password-stdin", stdin=PASSWORD)
    assert place.say("token", "list", "--user", "root").code == 0
    ran = place.say("token", "list", "--user", "nobody")
    assert (ran.code, ran.out, "There is no account nobody. [not-found]" in ran.err) == (1, "", True)


def test_the_last_administrator_cannot_be_removed(place: Place) -> None:
    place.say("user", "add", "root", "--admin", "--password-stdin", stdin=PASSWORD)
    place.say("user", "add", "alice", "--password-stdin", stdin=PASSWORD)
    ran = place.say("user", "remove", "root")
    assert (ran.code, "[last-administrator]" in ran.err) == (1, True)
    assert place.say("user", "remove", "alice").code == 0
    assert [one["name"] for one in json.loads(place.say("user", "list", "--json").out)] == ["root"]


def test_a_short_password_is_refused_and_never_repeated(place: Place) -> None:
    ran = place.say("user", "add", "root", "--password-stdin", stdin="hunter2")
    assert ran.code == 2
    assert "hunter2" not in ran.err + ran.out


# --- sources --------------------------------------------------------------------------------------------------


def test_source_try_shows_what_a_tool_would_be_understood_as_and_keeps_nothing(place: Place) -> None:
    body = json.dumps({"id": "r1", "type": "pipeline.run.failed", "subject": {"name": "api"}})
    ran = place.say("source", "try", "generic", "-", stdin=body)
    assert ran.code == 0
    [one] = json.loads(ran.out)
    assert (one["id"], one["type"], one["subject"]) == ("r1", "pipeline.run.failed", {"name": "api"})
    assert place.say("source", "try", "generic", "-", "--json", stdin=body).code == 0
    ran = place.say("source", "try", "generic", place.file("{}", "empty.json"))
    assert (ran.code, ran.out) == (2, "")


def test_the_kinds_of_sources_are_listed_for_people_and_programs(place: Place) -> None:
    kinds = place.say("source", "kinds").out.split()
    assert "generic" in kinds
    assert json.loads(place.say("source", "kinds", "--json").out) == [{"kind": one} for one in kinds]


# --- help -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"]])
def test_help_tells_every_setting_with_its_default(place: Place, words: list[str]) -> None:
    told = place.say(*words).out
    for one in TABLE:
        assert f"  {one.name}" in told
        assert f"[default: {one.default}]" in told or not one.default
        assert (f"{one.name}_FILE" in told) is one.from_file
