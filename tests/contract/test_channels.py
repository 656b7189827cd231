"""What every channel keeps, whatever system it calls: the next one is checked by being in the registry."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell import channels
from shipbell.domain.deliveries import Companion
from shipbell.domain.explanations import CAUSES, explain_test
from shipbell.domain.messages import Field, Line, Link, Message, Section, Tone
from shipbell.domain.results import Delivered, Result
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Format, Locale
from shipbell.ports.channel import Channel
from shipbell.ports.wire import NoReply, Reply, Trouble
from toy_channel import ToyChannel

FOLDER = Path(channels.__file__).parent
KEY = "3f6b0b52-1c1e-4c6a-9f77-6d0c2b9d5aaa"
BODIES = (b"", b"null", b"{}", b"[[", b"\xff\xfe", b'{"errcode": 0}', b'{"errcode": "x"}', b"[" * 10_000)
HOSTILE = st.text(st.characters() | st.sampled_from("`*[]()<>@#>\n\u202e&;"), max_size=6_000)

# The toy shows that the contract asks for nothing that WeCom alone has.
every_channel = pytest.mark.parametrize(
    "channel", [*channels.REGISTRY, ToyChannel()], ids=lambda channel: channel.about.kind
)


def url(channel: Channel, host: str | None = None) -> Secret:
    return Secret(f"https://{host or channel.about.public_host}/{KEY}/send?key={KEY}")


def test_kinds_are_unique_and_name_their_folder() -> None:
    kinds = [channel.about.kind for channel in channels.REGISTRY]
    folders = {path.name for path in FOLDER.iterdir() if (path / "channel.py").exists()}
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) == folders == set(channels.by_kind())


@pytest.mark.parametrize("channel", channels.REGISTRY, ids=lambda channel: channel.about.kind)
def test_a_channel_has_a_page_samples_and_its_known_replies(channel: Channel) -> None:
    folder = FOLDER / channel.about.kind
    assert (folder / "README.md").read_text("utf-8").startswith("# ")
    assert list((folder / "samples").glob("*.json"))
    assert (folder / "replies.json").exists()


@every_channel
def test_what_it_is_is_told_in_both_languages(channel: Channel) -> None:
    about = channel.about
    for told in (about.name, about.url_help, about.members_help, about.format_help):
        assert told.en.isascii()
        assert told.en
        assert not told.zh.isascii()
    assert about.formats
    assert about.pace.burst < about.pace.per_minute


def answers() -> list[Reply | NoReply]:
    """Every HTTP status with several bodies, and every way to get no answer."""
    replies: list[Reply | NoReply] = [
        Reply(status=status, body=body, headers={}) for status, body in itertools.product(range(100, 600), BODIES)
    ]
    return replies + [NoReply(trouble=one, sent=sent) for one in Trouble for sent in (True, False)]


def found(channel: Channel, reply: Reply | NoReply) -> Result:
    """What the channel makes of it; each result has a code."""
    result = channel.classify(reply)
    assert result.code
    return result


@every_channel
def test_every_status_and_every_silence_has_a_result(channel: Channel) -> None:
    for reply in answers():
        result = found(channel, reply)
        if isinstance(reply, NoReply) or reply.status >= 300:
            assert not isinstance(result, Delivered)


@every_channel
@given(body=st.binary(max_size=200), status=st.integers(100, 599), after=st.text(max_size=30))
def test_no_answer_breaks_the_reader(channel: Channel, body: bytes, status: int, after: str) -> None:
    found(channel, Reply(status=status, body=body, headers={"retry-after": after}))


@every_channel
def test_every_code_that_an_answer_gives_is_explained_in_both_languages(channel: Channel) -> None:
    about = channel.about
    codes = {found(channel, one).code for one in answers()} | set(about.causes.known)
    for code, locale in itertools.product(codes, Locale):
        told = about.explain(code, locale)
        assert told.cause
        assert told.cure
        assert explain_test(code, locale, about.causes).cause == told.cause
        # An answer without an HTTP status has words of its own, not those for what nobody knows.
        if not code.startswith("http-") and not code.lstrip("-").isdigit():
            assert code in about.causes.known or code in CAUSES


@every_channel
def test_a_robot_is_the_same_one_however_its_url_is_written(channel: Channel) -> None:
    host = channel.about.public_host
    lane = channel.lane(url(channel))
    assert channel.lane(url(channel, host.upper())) == lane
    assert channel.lane(Secret(f" {url(channel).reveal()}\n")) == lane
    assert channel.lane(Secret(url(channel).reveal().replace(KEY, "another-key-of-another-robot"))) != lane


@every_channel
@pytest.mark.parametrize("written", ["{url}", "{url}&debug=1", " {url}", "http://[{key}", "https://h.example/{key}"])
def test_no_mask_shows_a_key(channel: Channel, written: str) -> None:
    shown = channel.mask(Secret(written.format(url=f"https://{channel.about.public_host}/hook?key={KEY}", key=KEY)))
    assert KEY not in shown
    assert KEY[:-4] not in shown


@every_channel
@given(text=HOSTILE, data=st.data())
def test_a_message_is_within_its_limit_whatever_its_text_is(channel: Channel, text: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from([*channel.about.formats]))
    limit = channel.about.formats[form]
    message = Message(
        format=form,
        locale=data.draw(st.sampled_from([*Locale])),
        headline=text[:400],
        tone=Tone.BAD,
        link=Link(label="Open", url="https://ci.example.com/r/1"),
        fields=(Field(id="a", label="A", value=text, rank=0), Field(id="b", label="B", value=text, rank=1)),
    )
    rendered = channel.render(message)
    assert len(rendered.content.encode(errors="surrogatepass")) == rendered.content_bytes <= limit
    assert rendered.limit_bytes == limit


@every_channel
def test_a_digest_that_is_too_long_says_that_it_is_not_whole_or_fits(channel: Channel) -> None:
    for form, limit in channel.about.formats.items():
        lines = tuple(Line(text=f"run {one} failed", delivery_ids=(one,)) for one in range(500))
        sections = (Section(heading="Pipelines", tone=Tone.BAD, lines=lines),)
        message = Message(format=form, locale=Locale.EN, headline="500 runs", tone=Tone.BAD, sections=sections)
        rendered = channel.render(message)
        assert not rendered.whole or rendered.content_bytes <= limit


@every_channel
@given(headline=HOSTILE)
def test_a_text_that_alerts_is_within_its_limit(channel: Channel, headline: str) -> None:
    rendered = channel.alert(Companion(locale=Locale.EN, headline=headline, user_ids=("@all",)))
    assert rendered.content_bytes <= channel.about.formats[Format.TEXT]
