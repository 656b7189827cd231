"""The operator's robot hears what is wrong: in few messages, without secrets, and nothing waits for it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest

from far_end import Behaviour, FarEnd, answer, far_end, saying
from full_disk import no_room
from hand_clock import HandClock
from lane_house import BAD, GONE, House, furnished, house, unsaved_test, url_of
from robots import SHORT, event, sender, strict, until
from server import serving
from settings_store import CHANNELS, KEY_A, KEY_B, subscription
from shipbell.domain.deliveries import LaneState
from shipbell.domain.errors import DatabaseUnusable
from shipbell.domain.results import Rejected
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Locale
from shipbell.ports.upkeep import Robots, ShutRobot
from shipbell.transport import HttpTransport
from shipbell.worker.alarms import Alarms
from shipbell.worker.health_watch import Watch

KEY = "operator-7a0c-4bc4-97a0-0ec2a1fa5aaa"
FULL = DatabaseUnusable("The disk of /data is full: free some space; nothing accepted is lost.")
UNKNOWN = Rejected(code="99999", detail="what is this", alarm=True)


@dataclass
class Desk:
    """An operator's robot, and the alarms that it hears."""

    end: FarEnd
    alarms: Alarms
    clock: HandClock

    def texts(self) -> list[str]:
        """What it heard."""
        return [json.loads(one.body)["text"]["content"] for one in self.end.heard]


@asynccontextmanager
async def desk(behave: Behaviour | None = None, clock: HandClock | None = None) -> AsyncIterator[Desk]:
    """A desk with this robot."""
    time = clock or HandClock()
    transport = HttpTransport(allow=(ip_network("127.0.0.0/8"),))
    try:
        async with far_end(behave or saying(answer())) as end:
            url = Secret(end.url(f"/cgi-bin/webhook/send?key={KEY}"))
            alarms = Alarms(url=url, channels=CHANNELS, transport=transport, clock=time)
            yield Desk(end, alarms, time)
    finally:
        await transport.aclose()


def shut(number: int, *projects: str, state: LaneState = LaneState.CLOSED) -> ShutRobot:
    """A robot that waits for a person."""
    mask = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********{number:04}"
    return ShutRobot(id=number, channel="wecom", mask=mask, state=state, cause="93000", since=None, projects=projects)


def standing(*robots: ShutRobot) -> Robots:
    """The robots stand so."""
    return Robots(count={LaneState.CLOSED: len(robots)}, shut=robots)


async def test_a_robot_that_closes_is_told_with_its_mask_its_projects_and_the_cure() -> None:
    async with desk() as one:
        one.alarms.stand(standing())
        one.alarms.stand(standing(shut(7, "payments", "search")))
        assert await one.alarms.turn()
    (text,) = one.texts()
    assert "Robot closed" in text
    assert "key=********0007" in text
    assert "payments, search" in text
    assert "(93000)" in text
    assert "Add a robot and paste its new URL" in text


async def test_an_operator_who_reads_chinese_is_told_in_chinese() -> None:
    async with desk() as one:
        one.alarms.locale = Locale.ZH_CN
        one.alarms.stand(standing())
        one.alarms.stand(standing(*(shut(number, "payments", "search") for number in range(8))))
        one.alarms.troubled(FULL)
        one.alarms.waits(12, 601.0)
        await one.alarms.turn()
        one.clock.move(60)
        await one.alarms.turn()
    first, second = one.texts()
    assert "Shipbell 需要处理（另有 2 条稍后发送）" in first
    assert (
        "机器人已关闭：https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********0000（payments, search）：" in first
    )
    assert "请添加机器人并粘贴新的 URL" in first
    assert f"数据库：数据库无法正常使用：{FULL.sentence}" in second
    assert "投递积压：12 条投递等待发送，最早的已等待 10 分钟" in second


async def test_a_failing_robot_is_told() -> None:
    async with desk() as one:
        one.alarms.stand(standing())
        one.alarms.stand(standing(shut(7, "payments", state=LaneState.FAILING)))
        await one.alarms.turn()
    assert "Robot failing" in one.texts()[0]


async def test_what_was_shut_before_the_start_is_not_told_again() -> None:
    async with desk() as one:
        for _ in range(3):
            one.alarms.stand(standing(shut(7, "payments")))
            assert not await one.alarms.turn()
    assert one.texts() == []


async def test_a_robot_that_closes_again_is_told_again() -> None:
    async with desk() as one:
        for robots in ((), (shut(7),), (), (shut(7),)):
            one.alarms.stand(standing(*robots))
            await one.alarms.turn()
            one.clock.move(60)
    assert len(one.texts()) == 2


async def test_a_full_disk_is_told_once_an_hour_however_often_it_is_met() -> None:
    async with desk() as one:
        for _ in range(130):
            one.alarms.troubled(FULL)
            await one.alarms.turn()
            one.clock.move(60)
    texts = one.texts()
    assert len(texts) == 3
    assert FULL.sentence in texts[0]


async def test_a_backlog_is_told_when_it_is_older_than_ten_minutes_and_again_only_after_it_was_gone() -> None:
    async with desk() as one:
        for seconds in (0.0, 600.0, 601.0, 700.0, 10.0, 601.0):
            one.alarms.waits(12, seconds)
            await one.alarms.turn()
            one.clock.move(60)
    texts = one.texts()
    assert len(texts) == 2
    assert "12 deliveries wait, the oldest for 10 minutes" in texts[0]


async def test_at_most_one_message_a_minute_is_sent_and_nothing_gets_lost() -> None:
    async with desk() as one:
        one.alarms.stand(standing())
        one.alarms.stand(standing(*(shut(number, "payments") for number in range(20))))
        sent_at = []
        for second in range(200):
            if await one.alarms.turn():
                sent_at.append(second)
            one.clock.move(1)
    assert sent_at == [0, 60, 120]
    told = "".join(one.texts())
    assert all(f"********{number:04}" in told for number in range(20))
    assert all(len(text.encode()) <= 2048 for text in one.texts())
    assert "12 more to come" in one.texts()[0]


async def test_a_message_that_was_not_taken_is_sent_again_a_minute_later() -> None:
    turns = iter([saying(answer(b'{"errcode":45009,"errmsg":"freq"}')), saying(answer())])

    async def behave(heard, writer) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - as Behaviour
        await next(turns)(heard, writer)

    async with desk(behave) as one:
        one.alarms.troubled(FULL)
        assert await one.alarms.turn()
        one.clock.move(59)
        assert not await one.alarms.turn()
        one.clock.move(1)
        assert await one.alarms.turn()
        one.clock.move(60)
        assert not await one.alarms.turn()
    assert [FULL.sentence in text for text in one.texts()] == [True, True]


async def test_without_an_operators_robot_nothing_is_kept() -> None:
    async with desk() as one:
        one.alarms.url = None
        one.alarms.troubled(FULL)
        one.alarms.waits(1, 9_999)
        assert not await one.alarms.turn()
        assert one.alarms._pending == {}


@asynccontextmanager
async def _lived_in(folder: Path, clock: HandClock) -> AsyncIterator[House]:
    async with house(folder, clock=clock) as made:
        await furnished(made, "release group")
        yield made


async def test_the_watch_sees_a_robot_close_in_the_database(tmp_path: Path) -> None:
    clock = HandClock()
    async with desk(clock=clock) as one, _lived_in(tmp_path, clock) as made:
        counted: list[Robots] = []
        watch = Watch(upkeep=made.upkeep, told=(counted.append, one.alarms.stand))
        await watch.turn()
        await made.accept("build")
        await made.settle(await made.one(), GONE)
        await watch.turn()
        await one.alarms.turn()
    assert [dict(each.count) for each in counted] == [{LaneState.OPEN: 1}, {LaneState.CLOSED: 1}]
    (text,) = one.texts()
    assert "(payments)" in text
    assert KEY_A not in text
    assert f"********{KEY_A[-4:]}" in text


async def test_the_watch_notices_a_full_disk_though_nothing_is_to_be_written(tmp_path: Path) -> None:
    clock = HandClock()
    async with desk(clock=clock) as one, _lived_in(tmp_path, clock) as made:
        watch = Watch(upkeep=made.upkeep, told=(), troubled=one.alarms.troubled)
        await watch.turn()
        assert not await one.alarms.turn()
        log = made.store.database.path.with_name(f"{made.store.database.path.name}-wal")
        with no_room(log.stat().st_size):
            await watch.turn()
        await one.alarms.turn()
    (text,) = one.texts()
    assert "is full" in text


async def test_a_wrong_url_that_somebody_only_tried_out_is_no_robot_that_closed(tmp_path: Path) -> None:
    clock = HandClock()
    async with desk(clock=clock) as one, _lived_in(tmp_path, clock) as made:
        counted: list[Robots] = []
        watch = Watch(upkeep=made.upkeep, told=(counted.append, one.alarms.stand))
        await watch.turn()
        await unsaved_test(made)
        await made.settle(await made.one(), GONE)
        await watch.turn()
        assert LaneState.CLOSED not in counted[-1].count
        assert not await one.alarms.turn()
        # Saved after all, it is a robot of somebody's.
        await made.change(subscription("other", url=url_of(KEY_B), events=("pipeline.run.failed",)))
        made.clock.move(6)
        await made.accept("build", groups=("other",))
        await made.settle(await made.one(), GONE)
        await watch.turn()
        await one.alarms.turn()
    (text,) = one.texts()
    assert f"********{KEY_B[-4:]} (payments)" in text


@pytest.mark.parametrize(("result", "told"), [(UNKNOWN, 1), (BAD, 0), (GONE, 0)])
async def test_an_unknown_code_is_told_with_the_robots_mask(tmp_path: Path, result: Rejected, told: int) -> None:
    clock = HandClock()
    async with desk(clock=clock) as one, _lived_in(tmp_path, clock) as made:
        await made.accept("build")
        batch = await made.one()
        for _ in range(2):
            one.alarms.called(made.settlement(batch, result))
        await one.alarms.turn()
    assert len(one.texts()) == told
    assert all("99999" in text and KEY_A not in text for text in one.texts())


@pytest.mark.parametrize(("locale", "said"), [("en", "Robot closed"), ("zh-CN", "机器人已关闭")])
async def test_a_server_tells_its_operator_of_a_robot_that_was_removed(tmp_path: Path, locale: str, said: str) -> None:
    async with strict() as robot:
        more = {**SHORT, "SHIPBELL_OPERATOR_URL": robot.url(KEY), "SHIPBELL_OPERATOR_LOCALE": locale}
        projects = {"payments": {"gone": {"url": robot.url("gone-7a0c-4bc4-97a0")}}}
        async with (
            serving(tmp_path, projects, more) as server,
            sender(server.address) as post,
            aiohttp.ClientSession() as http,
        ):
            async with http.delete(f"{robot.address}/robots/gone-7a0c-4bc4-97a0") as reply:
                assert reply.status in {200, 204}
            await post.post("payments", event("build"))
            await until(lambda: bool(robot.messages(KEY)), 60, "an alarm")
            (seen,) = robot.messages(KEY)
            assert said in seen.content
            assert "payments" in seen.content
            assert "gone-7a0c" not in seen.content
            assert KEY not in server.said()
