"""`emit` and `source try` say what a body is, as a CI tool would."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hook_house import SECRET, House, house, served
from shipbell.cli import app

EVENT = {"id": "1", "type": "pipeline.run.failed", "subject": {"name": "build"}}
ENVELOPE = {
    "specversion": "1.0",
    "id": "7",
    "source": "/ci",
    "type": "io.shipbell.pipeline.run.failed",
    "data": {"subject": {"name": "build"}},
}


@pytest.fixture
def built() -> House:
    return house()


def command(folder: Path, *words: str, body: object) -> Result:
    """Run a command that reads this body."""
    environ = {"SHIPBELL_DATA": str(folder / "data"), "SHIPBELL_SECRET": SECRET}
    return CliRunner().invoke(app, words, input=json.dumps(body), env=environ)


def emitted(built: House, folder: Path, target: str, body: object) -> Result:
    """Let the command post a body to a server of this house."""
    with served(built.app()) as address:
        return command(folder, "emit", f"payments/{target}", "-", "--url", address, body=body)


@pytest.mark.parametrize(
    ("target", "body", "ids"),
    [
        ("generic", EVENT, ["1"]),
        ("cloudevents", ENVELOPE, ["/ci 7"]),
        ("cloudevents", [ENVELOPE, {**ENVELOPE, "id": "8"}], ["/ci 7", "/ci 8"]),
    ],
)
def test_emit_sends_the_content_type_of_what_it_sends(
    built: House, tmp_path: Path, target: str, body: object, ids: list[str]
) -> None:
    ran = emitted(built, tmp_path, target, body)
    assert ran.exit_code == 0, ran.stderr
    assert [one.event.id for one in built.intake.kept] == ids


def test_emit_tells_why_a_body_is_refused(built: House, tmp_path: Path) -> None:
    ran = emitted(built, tmp_path, "cloudevents", EVENT)
    assert ran.exit_code == 1
    assert "This is no CloudEvent" in ran.stderr
    assert "[malformed-event]" in ran.stderr


@pytest.mark.parametrize(("kind", "body"), [("cloudevents", ENVELOPE), ("cloudevents", [ENVELOPE]), ("generic", EVENT)])
def test_source_try_needs_no_header_for_what_the_body_tells(tmp_path: Path, kind: str, body: object) -> None:
    ran = command(tmp_path, "source", "try", kind, "-", body=body)
    assert ran.exit_code == 0, ran.stderr
    assert [one["type"] for one in json.loads(ran.stdout)] == ["pipeline.run.failed"]


def test_source_try_believes_the_headers_that_are_given(tmp_path: Path) -> None:
    words = ("source", "try", "cloudevents", "-", "--header", "Content-Type: application/cloudevents-batch+json")
    ran = command(tmp_path, *words, body=ENVELOPE)
    assert ran.exit_code == 2
    assert "Expected a list, got an object" in ran.stderr
