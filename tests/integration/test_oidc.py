"""Signing in with OpenID Connect: a whole protocol exchange over loopback, with signed tokens."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api_house import house
from openid_house import audited, came_back, openid_house, refusal, signed_in, turned_back, went
from openid_provider import Provider, openid_provider, settings
from shipbell.web.sessions import COOKIE


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as made:
        yield made


async def test_a_person_of_the_provider_gets_an_account_and_a_session(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider) as made:
        reply = await came_back(made, "/workspace")
        assert (reply.status_code, reply.headers["location"]) == (303, "/workspace")
        assert signed_in(reply)
        assert "zhang.san" in (await made.http.get("/workspace")).text
        user = await made.parts.accounts.user("zhang.san")
        assert user is not None
        assert not user.local
        assert not user.is_admin
        entries = await audited(made)
    assert ("user.created", "zhang.san", "OpenID Connect") in entries
    assert ("session.started", "zhang.san", "zhang.san") in entries


async def test_who_comes_again_has_the_same_account_even_under_another_name(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider) as made:
        await came_back(made)
        provider.claims["preferred_username"] = "zhang.si"
        assert signed_in(await came_back(made))
        names = [one.name for one in await made.parts.accounts.users()]
    assert names == ["root", "zhang.san"]


async def test_the_sign_in_page_offers_the_provider_only_when_one_is_configured(
    tmp_path: Path, provider: Provider
) -> None:
    async with openid_house(tmp_path / "with", provider) as made:
        page = (await made.http.get("/sign-in?next=/workspace&lang=en")).text
        assert "Sign in with OpenID Connect" in page
        assert "/sign-in/openid?next=%2Fworkspace&amp;lang=en" in page
    async with house(tmp_path / "without") as made:
        assert "OpenID" not in (await made.http.get("/sign-in")).text
        for path in ("/sign-in/openid", "/sign-in/openid/callback"):
            assert (await made.http.get(path)).status_code == 404


async def test_an_answer_with_another_state_opens_nothing_and_asks_the_provider_nothing(
    tmp_path: Path, provider: Provider
) -> None:
    async with openid_house(tmp_path, provider) as made:
        back = httpx.URL(await went(made)).copy_set_param("state", "forged")
        assert refusal(await made.http.get(back)) == "out-of-date"
    assert "token" not in provider.seen


async def test_an_answer_in_a_browser_that_began_nothing_opens_nothing(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider) as made:
        back = await went(made)
        for cookie in (None, "made-up", "é"):
            made.http.cookies.clear()
            sent = {} if cookie is None else {b"Cookie": f"shipbell_openid={cookie}".encode("latin-1")}
            assert refusal(await made.http.get(back, headers=sent)) == "out-of-date"
    assert "token" not in provider.seen


async def test_an_answer_counts_once(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider) as made:
        back = await went(made)
        assert signed_in(await made.http.get(back))
        made.http.cookies.delete(COOKIE)
        assert refusal(await made.http.get(back)) == "out-of-date"


async def test_an_answer_that_names_another_issuer_opens_nothing(tmp_path: Path, provider: Provider) -> None:
    provider.back = {"iss": "https://elsewhere.example"}
    async with openid_house(tmp_path, provider) as made:
        assert refusal(await came_back(made)) == "not-trusted"
        provider.back = {"iss": provider.issuer}
        assert signed_in(await came_back(made))


async def test_a_provider_that_calls_itself_otherwise_is_not_asked_for_people(
    tmp_path: Path, provider: Provider
) -> None:
    provider.about = {"issuer": "https://elsewhere.example"}
    async with openid_house(tmp_path, provider) as made:
        assert refusal(await made.http.get("/sign-in/openid")) == "misconfigured"


async def test_a_name_of_a_local_account_is_refused_and_the_account_stays_its_owners(
    tmp_path: Path, provider: Provider
) -> None:
    async with openid_house(tmp_path, provider) as made:
        await made.admit("zhang.san")
        reply = await came_back(made)
        assert refusal(reply) == "name-taken"
        page = (await made.http.get(reply.headers["location"])).text
        assert "Another account has your user name already." in page
        assert await turned_back(made) == [("zhang.san", 1)]


@pytest.mark.parametrize("name", [None, "", "zhang san", "a/b", 7, "x" * 129])
async def test_a_name_that_cannot_stand_here_is_refused(tmp_path: Path, provider: Provider, name: object) -> None:
    provider.claims["preferred_username"] = name
    async with openid_house(tmp_path, provider) as made:
        assert refusal(await came_back(made)) == "no-name"


async def test_claims_that_the_token_lacks_are_asked_for(tmp_path: Path, provider: Provider) -> None:
    del provider.claims["preferred_username"]
    provider.userinfo = {"preferred_username": "li.si", "groups": ["ops"]}
    async with openid_house(tmp_path, provider, SHIPBELL_OIDC_ROLES="ops=administrator") as made:
        assert signed_in(await came_back(made))
        user = await made.parts.accounts.user("li.si")
        assert user is not None
        assert user.is_admin
        provider.userinfo["sub"] = "somebody-else"
        assert refusal(await came_back(made)) == "not-trusted"


async def test_a_person_whom_the_provider_denies_gets_a_sentence_in_their_language(
    tmp_path: Path, provider: Provider
) -> None:
    provider.denies = "access_denied"
    async with openid_house(tmp_path, provider) as made:
        back = await went(made, "/workspace", lang="zh-CN")
        reply = await made.http.get(back)
        assert refusal(reply) == "denied"
        location = httpx.URL(reply.headers["location"])
        assert (location.params["lang"], location.params["next"]) == ("zh-CN", "/workspace")
        assert "身份提供方没有允许您登录" in (await made.http.get(str(location))).text


@pytest.mark.parametrize(
    ("token_error", "code"), [("invalid_grant", "out-of-date"), ("invalid_client", "misconfigured")]
)
async def test_a_no_of_the_token_endpoint_is_told_by_its_kind(
    tmp_path: Path, provider: Provider, token_error: str, code: str
) -> None:
    provider.token_error = token_error
    async with openid_house(tmp_path, provider) as made:
        assert refusal(await came_back(made)) == code


async def test_a_provider_that_is_down_costs_a_sentence_and_local_people_come_in(
    tmp_path: Path, provider: Provider
) -> None:
    provider.broken = True
    async with openid_house(tmp_path, provider) as made:
        reply = await made.http.get("/sign-in/openid")
        assert refusal(reply) == "unreachable"
        assert "does not answer" in (await made.http.get(reply.headers["location"])).text
        provider.broken = False
        assert signed_in(await came_back(made))
    facts = settings(provider)
    facts["SHIPBELL_OIDC_ISSUER"] = "http://127.0.0.1:9"
    async with house(tmp_path / "down", **facts) as made:
        assert refusal(await made.http.get("/sign-in/openid")) == "unreachable"


async def test_an_endpoint_on_another_host_may_not_lead_into_the_private_network(
    tmp_path: Path, provider: Provider
) -> None:
    provider.about = {"token_endpoint": provider.issuer.replace("127.0.0.1", "localhost") + "/token"}
    async with openid_house(tmp_path / "shut", provider, SHIPBELL_OUTBOUND_ALLOW="") as made:
        assert refusal(await came_back(made)) == "unreachable"
        assert "token" not in provider.seen
    async with openid_house(tmp_path / "open", provider, SHIPBELL_OUTBOUND_ALLOW="127.0.0.0/8,::1/128") as made:
        assert signed_in(await came_back(made))


@pytest.mark.parametrize("way", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
async def test_nobody_is_led_to_another_site(tmp_path: Path, provider: Provider, way: str) -> None:
    async with openid_house(tmp_path, provider) as made:
        assert (await came_back(made, way)).headers["location"] == "/"


async def test_the_public_address_is_what_the_provider_sends_people_back_to(tmp_path: Path, provider: Provider) -> None:
    async with openid_house(tmp_path, provider, SHIPBELL_PUBLIC_URL="https://bell.example/") as made:
        start = await made.http.get("/sign-in/openid")
        asked = httpx.URL(start.headers["location"]).params
        assert asked["redirect_uri"] == "https://bell.example/sign-in/openid/callback"
        assert "secure" in start.headers["set-cookie"].lower()


async def test_nothing_secret_reaches_the_log_or_the_cookie(
    tmp_path: Path, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    async with openid_house(tmp_path, provider) as made:
        start = await made.http.get("/sign-in/openid")
        asked = httpx.URL(start.headers["location"]).params
        assert asked["nonce"] not in start.headers["set-cookie"]
        await came_back(made)
        provider.twist = {"nonce": "wrong"}
        await came_back(made)
    told = "".join(capsys.readouterr())
    assert "marker-" not in told
    assert "eyJ" not in told


async def test_a_provider_that_is_asked_in_vain_too_often_gets_a_rest(tmp_path: Path, provider: Provider) -> None:
    provider.broken = True
    async with openid_house(tmp_path, provider) as made:
        codes = [refusal(await made.http.get("/sign-in/openid")) for _ in range(64)]
    assert codes[0] == "unreachable"
    assert codes[-1] == "too-often"


async def test_the_way_on_keeps_its_query_and_the_language_that_was_asked_for(
    tmp_path: Path, provider: Provider
) -> None:
    async with openid_house(tmp_path, provider) as made:
        for way, leads_to in (
            ("/workspace", "/workspace?lang=zh-CN"),
            ("/workspace?q=a", "/workspace?q=a&lang=zh-CN"),
            ("/workspace?lang=zh-CN", "/workspace?lang=zh-CN"),
        ):
            made.http.cookies.clear()
            assert (await made.http.get(await went(made, way, lang="zh-CN"))).headers["location"] == leads_to
