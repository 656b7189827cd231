"""The WeCom tab: what is typed, kept, shown and refused."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from api_house import FAR_URL, KEY, SYSTEM
from console_house import TAB, ConsoleHouse, console_house, field_of, ticked, wish
from shipbell import channels
from shipbell.domain.catalog import SERVICES
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import PutSubscription, SubscriptionRecord
from toy_channel import ToyChannel

MASK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=********5aaa"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ConsoleHouse]:
    async with console_house(tmp_path) as made:
        yield made


async def kept(console: ConsoleHouse) -> tuple[SubscriptionRecord, ...]:
    whole = await console.house.parts.directory.whole(KEY)
    assert whole is not None
    return whole.subscriptions


async def made(console: ConsoleHouse, **changes: str | list[str]) -> tuple[SubscriptionRecord, str]:
    reply = await console["alice"].post(TAB, [*wish(**changes), ("action", "ok")])
    assert reply.status_code == 303, reply.text
    record = (await kept(console))[-1]
    return record, encode(Prefix.SUBSCRIPTION, record.id)


async def test_ok_keeps_what_was_typed_and_shows_it_with_who_and_when(console: ConsoleHouse) -> None:
    reply = await console["bob"].post(TAB, [*wish(), ("action", "ok")])
    page = (await console["bob"].get(reply.headers["location"])).text
    (record,) = await kept(console)
    assert record.url.reveal() == FAR_URL
    assert record.events == ("check.task.completed", "pipeline.run.failed")
    assert record.content.chosen["pipeline"] == ("pipeline_name", "trigger")
    assert record.content.chosen["build"] == ()
    for shown in (MASK, "Gate check failed", "Pipeline: Failed", "Pipeline name, Trigger", "zhang.san", "bob"):
        assert shown in page
    assert "Saved. New events use it from now on." in page
    assert FAR_URL not in page


async def test_the_tab_holds_the_form_and_the_channels_own_parameters_are_enough(console: ConsoleHouse) -> None:
    for name in ("WeCom", "WeCom 2", "WeCom 3"):
        page = (await console["bob"].get(TAB)).text
        assert field_of(page, "name") == name
        assert ticked(page, "enabled") == {"true"}
        sent = [("name", name), ("url", FAR_URL), ("events", "pipeline.run.failed"), ("enabled", "true")]
        assert (await console["bob"].post(TAB, [*sent, ("action", "ok")])).status_code == 303
    assert [one.name for one in await kept(console)] == ["WeCom", "WeCom 2", "WeCom 3"]
    assert 'name="url"' not in (await console["carol"].get(TAB)).text


async def test_settings_and_the_tab_are_reached_by_links(console: ConsoleHouse) -> None:
    page = (await console["bob"].get(f"/projects/{KEY}")).text
    assert f'<a href="/projects/{KEY}/settings/general">Settings › General</a>' in page
    assert f'href="{TAB}"' in page


async def test_nothing_typed_is_lost_by_an_error(console: ConsoleHouse) -> None:
    wrong = wish(
        name="", url="qyapi.weixin.qq.com/x", events=[], user_ids="zhang.san,li.si", format="text", gate="passed"
    )
    reply = await console["alice"].post(TAB, [*wrong, ("action", "ok")])
    page = reply.text
    assert reply.status_code == 422
    assert field_of(page, "url") == "qyapi.weixin.qq.com/x"
    assert field_of(page, "user_ids") == "zhang.san,li.si"
    assert ticked(page, "content.pipeline") == {"pipeline_name", "trigger"}
    assert ticked(page, "gate") == {"passed"}
    assert ticked(page, "format") == {"text"}
    assert "Not saved: 4 fields need a change" in page
    for field in ("name", "url", "events", "user_ids"):
        assert f'id="{field}-error"' in page
        assert f'href="#{field}"' in page
    assert "Separate IDs with ; instead of “,”." in page
    assert await kept(console) == ()


async def test_every_rule_is_told_in_chinese_too(console: ConsoleHouse) -> None:
    wrong = wish(name="x" * 101, url="https://a.example/" + "x" * 250, events=[], user_ids="a,b")
    page = (await console["alice"].post(f"{TAB}?lang=zh-CN", [*wrong, ("action", "ok")])).text
    for said in (
        "未保存：有 4 项需要修改",
        "共 101 个字符，须为 1 至 100 个。",
        "共 268 个字符，最多 256 个。",
        "至少勾选一种事件类型。",
        "请用 ; 分隔，不要用“,”。",
    ):
        assert said in page


async def test_the_mask_keeps_the_url_and_a_new_one_replaces_it(console: ConsoleHouse) -> None:
    _, public = await made(console)
    page = (await console["alice"].get(f"{TAB}?edit={public}")).text
    assert field_of(page, "url") == MASK
    again = wish(url=MASK, name="renamed", id=public, revision=field_of(page, "revision"))
    await console["alice"].post(TAB, [*again, ("action", "ok")])
    assert [(one.name, one.url.reveal()) for one in await kept(console)] == [("renamed", FAR_URL)]
    new = FAR_URL.replace("5aaa", "6bbb")
    later = wish(url=new, id=public, revision="2")
    await console["alice"].post(TAB, [*later, ("action", "ok")])
    assert [one.url.reveal() for one in await kept(console)] == [new]


async def test_somebody_who_was_faster_is_named_and_nothing_typed_is_lost(console: ConsoleHouse) -> None:
    record, public = await made(console)
    theirs = wish(name="bob was here", url=MASK, id=public, revision="1")
    await console["bob"].post(TAB, [*theirs, ("action", "ok")])
    mine = [*wish(url=MASK, user_ids="wang.wu", id=public, revision="1"), ("action", "ok")]
    reply = await console["alice"].post(TAB, mine)
    assert reply.status_code == 409
    assert "bob changed this subscription at" in reply.text
    assert "Different from theirs: Name, @user_id." in reply.text
    assert field_of(reply.text, "user_ids") == "wang.wu"
    assert [one.name for one in await kept(console)] == ["bob was here"]
    over = wish(url=MASK, user_ids="wang.wu", id=public, revision=field_of(reply.text, "revision"))
    await console["alice"].post(TAB, [*over, ("action", "ok")])
    (after,) = await kept(console)
    assert (after.id, after.name, after.user_ids) == (record.id, "release group", "wang.wu")


async def test_one_that_was_deleted_meanwhile_can_be_made_anew(console: ConsoleHouse) -> None:
    record, public = await made(console)
    await console.house.parts.manage_subscriptions.delete(KEY, record.id, SYSTEM, expected=None)
    reply = await console["alice"].post(TAB, [*wish(id=public, revision="1"), ("action", "ok")])
    assert "This subscription was deleted after you opened it." in reply.text
    assert field_of(reply.text, "id") == ""
    assert field_of(reply.text, "url") == FAR_URL


async def test_a_copy_is_another_subscription_for_the_same_robot(console: ConsoleHouse) -> None:
    record, public = await made(console)
    page = (await console["alice"].get(f"{TAB}?new=&copy={public}")).text
    assert field_of(page, "name") == "release group (copy)"
    assert FAR_URL not in page
    copied = wish(name="second", url=field_of(page, "url"), copy_of=field_of(page, "copy_of"))
    await console["alice"].post(TAB, [*copied, ("action", "ok")])
    second = next(one for one in await kept(console) if one.name == "second")
    assert second.lane_id == record.lane_id
    assert second.url.reveal() == FAR_URL


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("name", ["release group", "名" * 100])
async def test_a_copy_has_a_name_that_is_free_however_long_the_first_one_is(
    console: ConsoleHouse, name: str, language: str
) -> None:
    _, public = await made(console, name=name)
    for _ in range(3):
        page = (await console["alice"].get(f"{TAB}?new=&copy={public}&lang={language}")).text
        copied = wish(name=unescape(field_of(page, "name")), url=field_of(page, "url"), copy_of=public)
        assert (await console["alice"].post(TAB, [*copied, ("action", "ok")])).status_code == 303
    assert len({one.name for one in await kept(console)}) == 4


async def test_a_name_that_is_taken_is_an_error_at_its_field(console: ConsoleHouse) -> None:
    await made(console)
    reply = await console["alice"].post(TAB, [*wish(), ("action", "ok")])
    assert reply.status_code == 409
    assert 'id="name-error"' in reply.text
    assert len(await kept(console)) == 1


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_ticks_and_unticks_all_its_event_types_and_saves_nothing(
    console: ConsoleHouse, service: str
) -> None:
    every = {one.id for one in SERVICES[service].events}
    before = wish(events=["deploy.application.failed"], name="half typed")
    once = (await console["alice"].post(TAB, [*before, ("toggle", service)])).text
    assert ticked(once, "events") == every | {"deploy.application.failed"}
    assert field_of(once, "name") == "half typed"
    twice = wish(events=sorted(ticked(once, "events")))
    again = (await console["alice"].post(TAB, [*twice, ("toggle", service)])).text
    assert ticked(again, "events") == {"deploy.application.failed"} - every
    assert await kept(console) == ()


async def test_switching_off_and_on_and_deleting_take_a_post(console: ConsoleHouse) -> None:
    _, public = await made(console)
    await console["alice"].post(f"{TAB}/{public}/switch", {"enabled": "false"})
    assert [one.enabled for one in await kept(console)] == [False]
    await console["alice"].post(f"{TAB}/{public}/switch", {"enabled": "true"})
    assert [one.enabled for one in await kept(console)] == [True]
    question = await console["alice"].get(f"{TAB}/{public}/delete")
    assert "Delete “release group”?" in question.text
    assert len(await kept(console)) == 1
    await console["alice"].post(f"{TAB}/{public}/delete")
    assert await kept(console) == ()


@pytest.mark.parametrize("who", ["carol", "dave"])
async def test_who_may_only_look_sees_the_same_page_with_the_url_masked_and_who_can_change_it(
    console: ConsoleHouse, who: str
) -> None:
    _, public = await made(console)
    page = (await console[who].get(f"{TAB}?edit={public}")).text
    assert MASK in page
    assert FAR_URL not in page
    assert "alice, bob" in page
    assert 'name="url"' not in page
    for path, fields in (
        (TAB, [*wish(name="other"), ("action", "ok")]),
        (TAB, [*wish(), ("action", "test")]),
        (f"{TAB}/{public}/switch", [("enabled", "false")]),
        (f"{TAB}/{public}/delete", []),
    ):
        assert (await console[who].post(path, fields)).status_code == 403
    assert [(one.name, one.enabled) for one in await kept(console)] == [("release group", True)]


async def test_to_non_members_the_project_does_not_exist(console: ConsoleHouse) -> None:
    hidden = await console["mallory"].get(TAB)
    missing = await console["mallory"].get(TAB.replace(KEY, "nowhere"))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace(KEY, "nowhere") == missing.text


async def test_outside_the_regions_of_the_channel_the_tab_says_why(tmp_path: Path) -> None:
    async with console_house(tmp_path, region="eu-west-101") as console:
        page = (await console["alice"].get(TAB)).text
        assert "WeCom is not offered in this region" in page
        assert "EU-Dublin" in page
        assert "AP-Singapore (ap-southeast-3)" in page
        assert "Add subscription" not in page
        refused = await console["alice"].post(TAB, [*wish(), ("action", "ok")])
        assert refused.status_code == 409
        assert field_of(refused.text, "name") == "release group"
        assert await kept(console) == ()


async def test_a_test_message_goes_out_as_the_unsaved_form_says(console: ConsoleHouse) -> None:
    fields = wish(name="", events=[], url=console.house.robots.url("k1-long-enough-key"))
    page = (await console["bob"].post(TAB, [*fields, ("action", "test")])).text
    assert "Test message delivered." in page
    assert len(console.house.robots.messages("k1-long-enough-key")) == 1
    assert await kept(console) == ()


async def test_a_long_list_comes_in_pages_and_is_found_by_name(console: ConsoleHouse) -> None:
    record, public = await made(console, name="group 000")
    more = [replace(record, id=0, name=f"group {number:03}") for number in range(1, 61)]
    await console.house.parts.directory.change([PutSubscription(project=KEY, subscription=one) for one in more], SYSTEM)
    alice, seen, path = console["alice"], [], TAB
    for _ in range(3):
        page = (await alice.get(path)).text
        assert "61 subscriptions" in page
        seen += re.findall(r'<span class="cell-title break"><a [^>]*>([^<]+)</a>', page)
        following = re.search(r'<a class="btn btn-s" href="([^"]+from=[^"]+)"', page)
        path = unescape(following[1]) if following else ""
    assert seen == [f"group {number:03}" for number in range(61)]
    assert path == ""
    found = (await alice.get(f"{TAB}?q=GROUP+01")).text
    assert "10 subscriptions" in found
    last = encode(Prefix.SUBSCRIPTION, (await kept(console))[-1].id)
    assert "is-editing" in (await alice.get(f"{TAB}?edit={last}")).text
    assert "No subscription matches" in (await alice.get(f"{TAB}?q=nothing")).text
    assert public in (await alice.get(TAB)).text


async def test_a_tab_opens_and_saves_subscriptions_of_its_own_channel_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "REGISTRY", (*channels.REGISTRY, ToyChannel()))
    async with console_house(tmp_path, SHIPBELL_CHANNEL_REGIONS="wecom=*,toy=*") as console:
        alice, toys = console["alice"], TAB.replace("wecom", "toy")
        record, public_id = await made(console)
        for way in ("edit", "show"):
            assert (await alice.get(f"{toys}?{way}={public_id}")).status_code == 404
        assert (await alice.get(f"{toys}/{public_id}/delete")).status_code == 404
        for action in ("ok", "preview", "test"):
            sent = [*wish(), ("id", public_id), ("revision", "1"), ("action", action)]
            assert (await alice.post(toys, sent)).status_code == 404
        assert await kept(console) == (record,)
        assert f"{TAB}?edit={public_id}" in unescape((await alice.get(TAB)).text)
