"""The samples in the channel's folder are what is really sent, byte for byte."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec.structs import replace

from happenings import WECOM, happening, waiting
from shipbell.domain.compose import compose
from shipbell.domain.deliveries import Companion
from shipbell.domain.digest import Fold, digest
from shipbell.domain.events import Gate
from shipbell.domain.subscriptions import Format, Locale
from shipbell.ports.channel import Rendered

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "messages.md"
SAMPLES = files("shipbell.channels.wecom") / "samples"


def several() -> Rendered:
    """A digest of three runs and a check."""
    events = [
        happening("pipeline.run.completed", name="web", number="311", url="https://ci.example.com/web/311"),
        happening("pipeline.run.failed", name="api", number="87", url="https://ci.example.com/api/87"),
        happening(
            "check.task.completed", name="core", number=None, gate=Gate.FAILED, url="https://ci.example.com/core"
        ),
        happening("pipeline.run.failed", name="mobile", number="12", url="https://ci.example.com/mobile/12"),
    ]
    deliveries = [waiting(event, id=place, user_ids=("zhang.san",)) for place, event in enumerate(events)]
    return WECOM.render(digest(deliveries, Fold.LINES))


def folded() -> Rendered:
    """A Chinese digest in text whose lines are folded."""
    events = [happening(name="api", number=str(run), url=f"https://ci.example.com/api/{run}") for run in range(1, 31)]
    events.append(replace(happening("pipeline.run.completed", name="web", number="311"), actor=None))
    deliveries = [
        waiting(event, id=place, form=Format.TEXT, locale=Locale.ZH_CN, user_ids=("@all",))
        for place, event in enumerate(events)
    ]
    return WECOM.render(digest(deliveries, Fold.SUBJECT_AND_TYPE))


SENT: dict[str, Callable[[], Rendered]] = {
    "pipeline-failed.en.markdown.json": lambda: WECOM.render(compose([waiting(happening(), user_ids=("zhang.san",))])),
    "pipeline-failed.zh-CN.text.json": lambda: WECOM.render(
        compose([waiting(happening(), form=Format.TEXT, locale=Locale.ZH_CN, user_ids=("zhang.san", "@all"))])
    ),
    "check-failed.zh-CN.markdown.json": lambda: WECOM.render(
        compose([waiting(happening("check.task.completed", name="core", gate=Gate.FAILED), locale=Locale.ZH_CN)])
    ),
    "digest.en.markdown.json": several,
    "digest-folded.zh-CN.text.json": folded,
    "alert.en.text.json": lambda: WECOM.alert(
        Companion(headline="❌ Pipeline failed: build-and-release #128", locale=Locale.EN, user_ids=("@all",))
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_a_sample_is_what_is_really_sent(name: str) -> None:
    assert SENT[name]().body == (SAMPLES / name).read_bytes().rstrip(b"\n")


def test_every_sample_is_tested() -> None:
    assert sorted(one.name for one in SAMPLES.iterdir()) == sorted(SENT)


def test_the_reference_shows_messages_as_they_are_sent() -> None:
    shown = re.findall(r"```text\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)
    bodies = [json.loads((SAMPLES / name).read_bytes()) for name in SENT]
    assert shown
    assert set(shown) <= {body[body["msgtype"]]["content"] for body in bodies}
