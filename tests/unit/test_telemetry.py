"""Logs are one line each and hide secrets; metrics are named by the rule and carry no project names."""

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import structlog
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from shipbell.domain.results import type_names
from shipbell.domain.secret import Secret
from shipbell.telemetry import Metrics, log, new_request_id, set_up_logs

KEY = "693a1fd6-7a0c-4bc4-97a0-0ec2sifa5aaa"


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    log.cache_clear()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """What was written to stderr as JSON; nothing goes to stdout."""

    def read() -> list[dict[str, Any]]:
        out, err = capsys.readouterr()
        assert out == ""
        return [json.loads(line) for line in err.splitlines()]

    return read


def test_a_log_line_is_one_json_object_on_stderr(lines: Callable[[], list[dict[str, Any]]]) -> None:
    set_up_logs()
    log().info("attempt.ended", attempt=7, result="delivered", words="发布完成\nnext line")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "attempt.ended",
        "level": "info",
        "attempt": 7,
        "result": "delivered",
        "words": "发布完成\nnext line",
    }


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_lines_below_the_level_are_left_out(
    level: str, seen: list[str], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    set_up_logs(level=level)
    for one in ("debug", "info", "warning", "error"):
        log().log(getattr(logging, one.upper()), "thing.happened")
    assert [one["level"] for one in lines()] == seen


def test_the_form_for_people_is_no_json_and_has_no_colour_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="console")
    log().warning("lane.closed", robot=7)
    out, err = capsys.readouterr()
    assert out == ""
    assert "lane.closed" in err
    assert "robot=7" in err
    assert "\x1b" not in err


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "value",
    [
        Secret(KEY),
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?KEY={KEY}&x=1",
        f"POST /hooks/payments/ci?token={KEY} HTTP/1.1",
        f"Authorization: Bearer {KEY}",
        f"authorization: bearer {KEY}",
    ],
)
def test_no_secret_or_robot_key_gets_into_a_log(form: str, value: object, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form=form)
    log().info("call.refused", why=value)
    log().info(f"call.refused {value}")
    out, err = capsys.readouterr()
    assert KEY not in out + err
    assert "***" in err
    assert len(err.splitlines()) == 2


@dataclass(frozen=True)
class Robot:
    url: Secret
    note: str


class Held(msgspec.Struct):
    url: Secret


NESTED: list[object] = [
    {"robot": {"url": Secret(KEY)}},
    [Secret(KEY), "x"],
    (f"send?key={KEY}",),
    {Secret(KEY)},
    Robot(url=Secret(KEY), note=f"key={KEY}"),
    {"robots": [Robot(url=Secret(KEY), note="x")]},
    Held(url=Secret(KEY)),
    ValueError(f"send?key={KEY}"),
    f"key={KEY}".encode(),
    {"token": "correct horse"},
    {"headers": {"Authorization": "correct horse", "Set-Cookie": "correct horse"}},
    {f"key={KEY}": 1},
    {"key": KEY},
]
WRITTEN = [
    f"send?key%3D{KEY}",
    f"send?key%3d{KEY}%26x",
    f'{{"key":"{KEY}"}}',
    f'{{"key": "{KEY}"}}',
    f"{{'key': '{KEY}'}}",
    f'{{\\"key\\":\\"{KEY}\\"}}',
    f"api_key={KEY}",
    f"secret={KEY}",
    f"password={KEY}",
    f"Bearer   {KEY}",
    f"Bearer%20{KEY}",
    f"key={KEY[:8]}%2D{KEY[9:]}",
    f"key={KEY[:8]}/+{KEY[9:]}==",
]


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("value", [*NESTED, *WRITTEN], ids=str)
def test_no_secret_is_deep_enough_to_get_into_a_log(
    form: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(form=form)
    log().info("thing.happened", value=value)
    out, err = capsys.readouterr()
    for marker in (KEY, KEY[9:], "correct horse"):
        assert marker not in out + err
    assert "thing.happened" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_traceback_tells_a_robot_key(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form=form)
    robot = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
    held = Secret(KEY)
    try:
        raise ConnectionError(f"no answer from {robot} {held}")  # noqa: TRY301 - a traceback wants a real one
    except ConnectionError as error:
        log().error("call.broken", exc_info=error)
        log().exception("call.broken")
    out, err = capsys.readouterr()
    assert KEY not in out + err
    assert err.count("ConnectionError") >= 2
    assert err.count("***") >= 2


def test_what_is_nested_is_logged_as_it_is(lines: Callable[[], list[dict[str, Any]]]) -> None:
    set_up_logs()
    given = {"robot": {"id": 7, "open": True, "since": None}, "ids": [1, 2], "names": ["发布", "key"], "part": 0.5}
    log().info("thing.happened", **given)
    (line,) = lines()
    assert {name: line[name] for name in given} == given


def test_what_is_no_secret_is_logged_as_it_is(lines: Callable[[], list[dict[str, Any]]]) -> None:
    set_up_logs()
    given = {"path": "/hooks/payments/ci", "query": "page=2&size=50", "ms": 1.5, "code": None, "key": "payments"}
    log().info("request.answered", **given)
    (line,) = lines()
    assert {name: line[name] for name in given} == given


def test_request_ids_are_sixteen_characters_and_differ() -> None:
    ids = {new_request_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(len(one) == 16 and one.isalnum() for one in ids)


def used() -> Metrics:
    """Metrics of which each has been used once."""
    metrics = Metrics()
    metrics.events.labels("generic", "accepted").inc(3)
    metrics.hooks.labels("accepted").inc()
    for result in type_names.values():
        metrics.attempts.labels("wecom", result).inc()
    metrics.accepting.observe(0.004)
    metrics.delivering.observe(2)
    metrics.open_calls.inc()
    metrics.waiting.set(12)
    metrics.oldest.set(3.5)
    metrics.lanes.labels("open").set(2)
    return metrics


def families(metrics: Metrics) -> list[Metric]:
    return [one for one in text_string_to_metric_families(metrics.render().decode()) if "_created" not in one.name]


def test_metrics_count_what_happened() -> None:
    rendered = used().render().decode().splitlines()
    assert 'shipbell_events_total{fate="accepted",kind="generic"} 3.0' in rendered
    assert 'shipbell_hook_calls_total{code="accepted"} 1.0' in rendered
    assert 'shipbell_attempts_total{channel="wecom",result="throttled"} 1.0' in rendered
    assert "shipbell_open_calls 1.0" in rendered
    assert "shipbell_waiting_deliveries 12.0" in rendered
    assert "shipbell_oldest_waiting_seconds 3.5" in rendered
    assert 'shipbell_lanes{state="open"} 2.0' in rendered
    assert 'shipbell_accept_seconds_bucket{le="0.005"} 1.0' in rendered
    assert "shipbell_deliver_seconds_count 1.0" in rendered


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = used(), Metrics()
    assert b'shipbell_hook_calls_total{code="accepted"} 1.0' in one.render()
    assert b"accepted" not in other.render()


def test_metrics_are_named_by_the_rule_and_say_what_they_count() -> None:
    told = families(used())
    assert {one.type for one in told} == {"counter", "gauge", "histogram"}
    for family in told:
        assert family.name.startswith("shipbell_")
        assert family.documentation.endswith(".")
        if family.type == "counter":
            assert all(one.name.endswith("_total") for one in family.samples)
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


def test_metrics_name_no_project_source_or_robot() -> None:
    labels = {name for family in families(used()) for one in family.samples for name in one.labels}
    assert labels == {"kind", "fate", "code", "channel", "result", "state", "le"}


def test_prometheus_own_check_finds_nothing_wrong_with_the_metrics() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian package prometheus) is not installed")
    done = subprocess.run(  # noqa: S603 - found on the path a line above
        [promtool, "check", "metrics"], input=used().render(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
