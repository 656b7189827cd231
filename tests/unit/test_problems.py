"""Errors over HTTP: each class of the tree has its status, code and title."""

import msgspec
import pytest

from shipbell.domain import errors
from shipbell.domain.errors import Busy, InvalidValue, NotReplayable, Problem, ShipbellError
from shipbell.web.problems import problem, problem_body, status_of


def below(root: type[ShipbellError]) -> list[type[ShipbellError]]:
    """A class and all that stand below it in the tree."""
    return [root, *(one for child in root.__subclasses__() for one in below(child))]


CLASSES = [one for one in below(ShipbellError) if one.__module__ == errors.__name__]


def made(kind: type[ShipbellError]) -> ShipbellError:
    if issubclass(kind, InvalidValue):
        return kind([Problem(field="url", code="required", message="Paste the address.")])
    return kind("Something is so.")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("MalformedEvent", 400),
        ("UnknownEventType", 400),
        ("BodyTooLarge", 413),
        ("InvalidFile", 400),
        ("InvalidValue", 422),
        ("BadSignature", 401),
        ("NotFound", 404),
        ("Forbidden", 403),
        ("Unauthenticated", 401),
        ("Conflict", 409),
        ("NameTaken", 409),
        ("ChannelUnavailable", 409),
        ("StillWaiting", 409),
        ("LastAdministrator", 409),
        ("Stale", 412),
        ("Busy", 503),
        ("TooOften", 429),
        ("DatabaseUnusable", 503),
    ],
)
def test_each_error_has_its_status(name: str, status: int) -> None:
    assert status_of(made(getattr(errors, name))) == status


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_makes_a_whole_problem(kind: type[ShipbellError]) -> None:
    error = made(kind)
    response = problem(error)
    told = msgspec.json.decode(response.body, type=dict[str, object])
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == told["status"] == status_of(error)
    assert (told["code"], told["detail"]) == (kind.code, error.sentence)
    assert str(told["title"]).endswith(".")
    assert told["type"]


def test_codes_are_unique_and_kebab_case() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(code == code.lower() and set(code) <= set("abcdefghijklmnopqrstuvwxyz-") for code in codes)


def test_a_rule_of_the_whole_body_is_told_without_a_field() -> None:
    whole = InvalidValue([Problem(field="", code="not-an-object", message="Send a JSON object.")])
    assert problem_body(whole)["detail"] == "Send a JSON object."


def test_broken_rules_are_told_one_by_one() -> None:
    assert problem_body(made(InvalidValue))["errors"] == [
        {"field": "url", "code": "required", "message": "Paste the address."}
    ]


@pytest.mark.parametrize("kind", [one for one in CLASSES if status_of(made(one)) in {429, 503}])
def test_whoever_is_told_to_come_back_is_told_when(kind: type[ShipbellError]) -> None:
    assert int(problem(made(kind)).headers["retry-after"]) >= 1


def test_the_seconds_to_wait_are_the_errors_own() -> None:
    assert problem(Busy("Full.", 7)).headers["retry-after"] == "7"


def test_a_refused_replay_has_its_cause_as_the_code() -> None:
    refusal = NotReplayable("The robot is closed.", "robot-closed")
    assert (problem_body(refusal)["code"], status_of(refusal)) == ("robot-closed", 409)
    assert NotReplayable.code == NotReplayable("So it is.").code == "not-replayable"
