"""A test message promises a verdict in words, by the same way, guard and pace as a real one."""

from pathlib import Path

import pytest

from api_house import KEY, SECRET, House, house

SUBSCRIPTIONS = f"/projects/{KEY}/subscriptions"


async def furnish(made: House, **more: object) -> str:
    """A project with a subscription: the address of its test."""
    await made.project(KEY)
    body = {"name": "group", "url": made.robots.url("group"), "events": ["pipeline.run.failed"], **more}
    one = await made.make(SUBSCRIPTIONS, body)
    return f"{SUBSCRIPTIONS}/{one['id']}"


async def tried(made: House, path: str, body: object = None) -> tuple[str, str]:
    """The verdict and its detail."""
    reply = await made.ask("POST", path, body)
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert set(told) == {"verdict", "detail"}
    return told["verdict"], told["detail"]


async def test_a_message_that_the_group_has_is_delivered(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made, user_ids="zhang.san", format="text")
        assert await tried(made, f"{path}/test") == ("delivered", "The group has it.")
        (seen,) = made.robots.messages("group")
        assert seen.content.startswith("Shipbell test message · ✅ Pipeline completed: example-pipeline #1\n")
        assert seen.msgtype == "text"
        assert (await made.ask("GET", f"/projects/{KEY}/events")).json()["items"] == []


async def test_a_subscription_that_is_switched_off_can_be_tested(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made, enabled=False)
        assert (await tried(made, f"{path}/test"))[0] == "delivered"


async def test_what_is_not_saved_is_tested_as_it_would_read(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        body = {"url": made.robots.url("new"), "locale": "zh-CN", "content": {"pipeline": []}}
        assert (await tried(made, f"{SUBSCRIPTIONS}/test", body))[0] == "delivered"
        (seen,) = made.robots.messages("new")
        assert seen.content == "Shipbell 测试消息 · ✅ 流水线已完成：示例流水线 #1"
        assert "root" not in seen.content
        assert (await made.ask("GET", SUBSCRIPTIONS)).json()["items"] == []


async def test_the_mask_of_a_subscription_stands_for_its_url_and_a_foreign_one_for_none(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made, url=made.robots.url("a-long-key-of-a-robot"))
        one = (await made.ask("GET", path)).json()
        assert (await tried(made, f"{SUBSCRIPTIONS}/test", one))[0] == "delivered"
        assert len(made.robots.messages("a-long-key-of-a-robot")) == 1
        foreign = {**one, "url": str(one["url"]).replace("****obot", "****none")}
        refused = await made.ask("POST", f"{SUBSCRIPTIONS}/test", foreign)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "mask-for-new")


async def test_a_test_of_a_robot_that_is_gone_is_refused_with_the_cure_and_closes_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made)
        await made.robot("DELETE", "/robots/group")
        verdict, detail = await tried(made, f"{path}/test")
        assert verdict == "refused"
        assert "removed from its group" in detail
        assert "paste its new URL" in detail
        robots = f"/projects/{KEY}/robots"
        assert (await made.ask("GET", robots)).json()["items"][0]["state"] == "paused"
        await made.robot("POST", "/robots/group")
        assert (await tried(made, f"{path}/test"))[0] == "delivered"
        assert (await made.ask("GET", robots)).json()["items"][0]["state"] == "open"


async def test_a_host_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made, url="http://127.0.0.1:9/robot")
        verdict, detail = await tried(made, f"{path}/test")
        assert verdict == "unreachable"
        assert "does not answer" in detail


async def test_an_answer_that_says_busy_is_unreachable_for_now(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made)
        await made.robot("PUT", "/robots/group/faults", {"bad-gateway": 1})
        assert (await tried(made, f"{path}/test"))[0] == "unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/robot",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/robot",
        "http://[::ffff:10.0.0.1]/robot",
        "http://0x0a000001/robot",
        "http://167772161/robot",
        "http://012.0.0.1/robot",
        "http://user@10.0.0.1/robot",
        "http://qyapi.weixin.qq.com@10.0.0.1/robot#@qyapi.weixin.qq.com",
    ],
)
async def test_an_address_that_may_not_be_called_is_not_called(tmp_path: Path, url: str) -> None:
    async with house(tmp_path) as made:
        await made.project(KEY)
        verdict, detail = await tried(made, f"{SUBSCRIPTIONS}/test", {"url": url})
        assert verdict == "not-allowed", detail
        assert detail.endswith(("then test again.", "from the robot again."))


async def test_a_test_keeps_the_pace_and_says_when_it_goes_out(tmp_path: Path) -> None:
    async with house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="2", SHIPBELL_WECOM_BURST="1") as made:
        path = await furnish(made)
        assert (await tried(made, f"{path}/test"))[0] == "delivered"
        verdict, detail = await tried(made, f"{path}/test")
        assert verdict == "paced"
        assert "goes out by itself in" in detail
        assert 20 <= int(detail.split(" in ")[1].split(" ")[0]) <= 30
        assert len(made.robots.messages("group")) == 1


async def test_a_test_goes_before_what_waits(tmp_path: Path) -> None:
    async with house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="20", SHIPBELL_WECOM_BURST="1") as made:
        path = await furnish(made)
        await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
        await made.emit("pipeline.run.failed", "first")
        await made.deliveries("delivered", 1)
        for number in range(5):
            await made.emit("pipeline.run.failed", f"waiting-{number}")
        assert (await tried(made, f"{path}/test"))[0] == "delivered"
        assert ["Shipbell test message" in one.content for one in made.robots.messages("group")] == [False, True]


async def test_a_test_does_not_wait_for_the_minute_of_a_companion_text(tmp_path: Path) -> None:
    async with house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="0") as made:
        path = await furnish(made, user_ids="@all")
        await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
        for number in (1, 2):
            await made.emit("pipeline.run.failed", f"run-{number}")
            await made.deliveries("delivered", number)
        assert (await tried(made, f"{path}/test"))[0] == "delivered"


async def test_a_test_message_is_not_replayed(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        path = await furnish(made)
        await tried(made, f"{path}/test")
        one = (await made.deliveries("delivered", 1))[0]
        assert one["test"] is True
        reply = await made.ask("POST", f"/projects/{KEY}/deliveries/{one['id']}/replay")
        assert (reply.status_code, reply.json()["code"]) == (409, "test-message")
        many = await made.ask("POST", f"/projects/{KEY}/deliveries/replay", {"state": "delivered"})
        assert many.json() == {"replayed": 0, "refusals": 0, "refused": [], "next": None}
