"""The simulator's rules, asked over HTTP as a sender would."""

import asyncio
import json
import re
from collections.abc import Mapping

import pytest

from robot_sender import KEY, body_of, markdown, simulator, text

pytestmark = pytest.mark.asyncio

OK = b'{"errcode":0,"errmsg":"ok"}'
TAIL = re.compile(
    r", hint: \[(\d{10})\d{15}\], from ip: 127\.0\.0\.1,"
    r" more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=(-?\d+)$"
)


async def test_an_accepted_send_is_answered_with_the_27_bytes_of_the_service() -> None:
    async with simulator() as sender, sender.http.post(sender.robot.url(KEY), data=markdown("hello")) as reply:
        assert await reply.read() == OK
        assert reply.headers["Content-Type"] == "application/json; charset=UTF-8"
        assert reply.headers["Server"] == "nginx"
        assert "Error-Code" not in reply.headers
        assert sender.shown() == ["hello"]


REFUSED = {
    "empty body": (b"", 93017),
    "no JSON": (b"{not json", 40008),
    "a form": (b"msgtype=text&content=x", 40008),
    "a raw newline in a string": (b'{"msgtype":"text","text":{"content":"a\nb"}}', 40008),
    "not UTF-8": (b'{"msgtype":"text","text":{"content":"\xff"}}', 40008),
    "deep nesting": (b"[" * 100_000, 40008),
    "an array": (b"[]", 40008),
    "no type": (b'{"text":{"content":"x"}}', 40008),
    "a type that is no string": (b'{"msgtype":1}', 40008),
    "an unknown type": (body_of("carrier_pigeon", {"content": "x"}), 40008),
    "no content": (body_of("markdown", {}), 44004),
    "no part": (b'{"msgtype":"text"}', 44004),
    "empty markdown": (markdown(""), 44004),
    "empty text": (text(""), 44004),
    "content of another type": (body_of("text", {"content": 1}), 40058),
    "mentions of another type": (text("x", mentioned_list="@all"), 40058),
    "markdown of 4097 bytes": (markdown("字" * 1365 + "ab"), 40058),
    "markdown_v2 of 4097 bytes": (body_of("markdown_v2", {"content": "x" * 4097}), 40058),
    "text of 2049 bytes": (text("字" * 683), 40058),
    "an image that is none": (
        body_of("image", {"base64": "aGVsbG8=", "md5": "5d41402abc4b2a76b9719d911017c592"}),
        40009,
    ),
    "nine articles": (body_of("news", {"articles": [{"title": "t", "url": "https://a.example"}] * 9}), 45008),
    "an article without a title": (body_of("news", {"articles": [{"url": "https://a.example"}]}), 40058),
    "a file that was not uploaded": (body_of("file", {"media_id": "m"}), 40007),
    "a card without an action": (body_of("template_card", {"card_type": "text_notice", "sub_title_text": "x"}), 42045),
}
TAKEN = {
    "markdown of 4096 bytes": markdown("字" * 1365 + "a"),
    "markdown_v2 of 4096 bytes": body_of("markdown_v2", {"content": "x" * 4096}),
    "text of 2048 bytes": text("字" * 682 + "ab"),
    "empty text that mentions": text("", mentioned_list=["@all"]),
    "eight articles": body_of("news", {"articles": [{"title": "t", "url": "https://a.example"}] * 8}),
    "a card": body_of("template_card", {"card_type": "text_notice", "sub_title_text": "x", "card_action": {"type": 1}}),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_the_service_refuses_is_refused_and_not_shown(name: str) -> None:
    body, code = REFUSED[name]
    async with simulator() as sender:
        assert await sender.post(body) == code
        _, seen = await sender.control("GET", f"/robots/{KEY}/messages")
        assert (seen["messages"], seen["refused"], seen["calls"]) == ([], {str(code): 1}, 1)


@pytest.mark.parametrize("name", TAKEN)
async def test_what_is_just_within_a_rule_is_taken(name: str) -> None:
    async with simulator() as sender:
        assert await sender.post(TAKEN[name]) == 0
        assert len(sender.shown()) == 1


async def test_the_lenient_text_limit_takes_5120_bytes_and_no_more() -> None:
    async with simulator(text_limit=5120) as sender:
        assert await sender.post(text("x" * 5120)) == 0
        async with sender.http.post(sender.robot.url(KEY), data=text("x" * 5121)) as reply:
            said = json.loads(await reply.read())["errmsg"]
        assert said.startswith("text.content exceed max length 5120. invalid Request Parameter, hint: [")


async def test_an_error_carries_hint_address_and_link_and_repeats_itself_in_headers() -> None:
    async with simulator() as sender, sender.http.post(sender.robot.url(KEY), data=markdown("x" * 5000)) as reply:
        said = json.loads(await reply.read())
        assert said["errmsg"].startswith("markdown.content exceed max length 4096. invalid Request Parameter, hint: [")
        tail = TAIL.search(said["errmsg"])
        assert tail is not None
        assert tail.groups() == (str(int(sender.time.at.timestamp())), "40058")
        assert reply.headers["Error-Code"] == "40058"
        assert reply.headers["Error-Msg"] == said["errmsg"]
        assert reply.headers["X-W-No"].isdigit()


async def test_a_get_and_a_call_without_a_key_are_told_so() -> None:
    async with simulator() as sender:
        async with sender.http.get(sender.robot.url(KEY)) as reply:
            assert (reply.status, json.loads(await reply.read())["errcode"]) == (200, 93017)
        assert await sender.say(key="") == 93000
        assert await sender.control("GET", "/robots") == (
            200,
            {"robots": [sender_counts(refused={"93017": 1}, calls=1)]},
        )


async def test_the_21st_send_in_a_minute_starts_a_block_that_ends_by_itself() -> None:
    async with simulator(limit=20) as sender:
        for number in range(20):
            assert await sender.say(str(number)) == 0
        assert await sender.say() == 45009
        sender.time.pass_by(59.9)
        assert await sender.say() == 45009
        assert await sender.say(key="another-group") == 0
        sender.time.pass_by(0.2)
        assert await sender.say("after the block") == 0
        assert sender.codes == {0: 22, 45009: 2}
        assert sender.shown() == [*map(str, range(20)), "after the block"]


async def test_the_window_slides_and_is_not_the_minute_of_the_clock() -> None:
    async with simulator(limit=20, window_s=60.0, block_s=5.0) as sender:
        for _ in range(10):
            await sender.say()
        sender.time.pass_by(50)
        for _ in range(10):
            await sender.say()
        sender.time.pass_by(10)
        for _ in range(10):
            await sender.say()
        assert sender.codes == {0: 30}
        assert await sender.say() == 45009
        sender.time.pass_by(5)
        assert await sender.say() == 45009, "the block is over, the window is still full"


async def test_refused_sends_do_not_count_unless_the_knob_says_so() -> None:
    for counted, last in ((False, 0), (True, 45009)):
        async with simulator(limit=20, count_refused=counted) as sender:
            for _ in range(20):
                assert await sender.say("") == 44004
            assert await sender.say() == last


async def test_a_send_during_a_block_prolongs_it_only_when_the_knob_says_so() -> None:
    for prolonged, last in ((False, 0), (True, 45009)):
        async with simulator(limit=1, prolong_block=prolonged) as sender:
            await sender.say()
            assert await sender.say() == 45009
            sender.time.pass_by(40)
            assert await sender.say() == 45009
            sender.time.pass_by(40)
            assert await sender.say() == last


async def test_a_third_call_in_flight_is_refused_and_the_other_two_are_shown() -> None:
    async with simulator(latency_s=0.3) as sender:
        codes = await asyncio.gather(*(sender.say() for _ in range(3)), sender.say(key="another-group"))
        assert sorted(codes) == [0, 0, 0, 45033]
        _, seen = await sender.control("GET", f"/robots/{KEY}/messages")
        assert (len(sender.shown()), seen["max_in_flight"], seen["refused"]) == (2, 3, {"45033": 1})
        assert await sender.say() == 0


async def test_checks_come_in_the_order_of_the_service() -> None:
    async with simulator(limit=1) as sender:
        await sender.say()
        assert await sender.post(b"no json") == 45009
        await sender.control("PUT", f"/robots/{KEY}", {"disabled": True})
        assert await sender.post(b"no json") == 93004
        await sender.control("DELETE", f"/robots/{KEY}")
        assert await sender.post(b"no json") == 93000
        assert await sender.post(b"") == 93017


async def test_a_removed_robot_keeps_what_it_said_and_comes_back() -> None:
    async with simulator() as sender:
        await sender.say("before")
        assert (await sender.control("DELETE", f"/robots/{KEY}"))[0] == 204
        assert await sender.say("lost") == 93000
        assert (await sender.control("POST", f"/robots/{KEY}"))[0] == 204
        assert await sender.say("after") == 0
        assert sender.shown() == ["before", "after"]


async def test_clearing_forgets_messages_and_counts_but_not_the_pace() -> None:
    async with simulator(limit=1) as sender:
        await sender.say()
        assert (await sender.control("DELETE", f"/robots/{KEY}/messages"))[0] == 204
        _, seen = await sender.control("GET", f"/robots/{KEY}/messages")
        assert seen == {"messages": [], **sender_counts()}
        assert await sender.say() == 45009


async def test_a_message_tells_when_what_and_who_is_alerted() -> None:
    async with simulator() as sender:
        await sender.post(
            text("hi <@wang.wu> 你", mentioned_list=["li.si", "@all"], mentioned_mobile_list=["13800001111"])
        )
        _, seen = await sender.control("GET", f"/robots/{KEY}/messages")
        assert seen["messages"] == [
            {
                "at": "2026-11-24T03:00:00.000Z",
                "at_ms": 1_795_489_200_000,
                "msgtype": "text",
                "content": "hi <@wang.wu> 你",
                "mentioned_list": ["li.si", "@all", "13800001111"],
                "bytes": 17,
                "view": "hi <@wang.wu> 你",
                "mentions": ["li.si", "@all", "13800001111", "wang.wu"],
            }
        ]


async def test_without_limits_every_one_of_500_sends_is_shown_once() -> None:
    async with simulator(concurrency=0) as sender:
        await asyncio.gather(*(sender.say(str(number)) for number in range(500)))
        assert sorted(map(int, sender.shown())) == list(range(500))


def sender_counts(refused: Mapping[str, int] | None = None, calls: int = 0) -> dict[str, object]:
    return {
        "key": KEY,
        "state": "open",
        "calls": calls,
        "accepted": 0,
        "refused": refused or {},
        "max_in_flight": min(calls, 1),
    }
