"""Channel: code for one chat system (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from shipbell.domain.catalog import Label
from shipbell.domain.deliveries import Companion
from shipbell.domain.explanations import Causes, Explanation, explain
from shipbell.domain.messages import Message
from shipbell.domain.pacing import PaceRule
from shipbell.domain.results import Result
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Format, Locale
from shipbell.ports.wire import NoReply, Reply


class Cut(Struct, frozen=True, kw_only=True):
    """A line of a message's content, counted from 0, and how many bytes of it are not shown."""

    line: int
    lost_bytes: int


class Rendered(Struct, frozen=True, kw_only=True):
    """A message in the channel's form: the exact body to POST, its readable content and what did not fit.

    `whole` is false when a line of a digest, the headline, the link or a mention had to be left out: such a
    digest must carry fewer deliveries. `cut` is true when long values were shortened. `unsaid` are members
    whom this format cannot alert.

    `cuts` tell of one event's message where it is cut, for those who look; `gone` are the labels of fields that were
    left out altogether, below the line `gone_after`.
    """

    msgtype: str
    body: bytes
    content: str
    content_bytes: int
    limit_bytes: int
    whole: bool = True
    cut: bool = False
    unsaid: tuple[str, ...] = ()
    cuts: tuple[Cut, ...] = ()
    gone: tuple[str, ...] = ()
    gone_after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What pages, files, commands and alarms know of a chat system.

    `kind` is the word for it in files, paths and metrics. `formats` are those that it shows, each with the most UTF-8
    bytes that a message's content may have; the first is the form's choice. `pace` is how often one of its robots may
    be called, unless the settings say otherwise. `public_host` is where its robots live, on port 443. The helps stand
    in the form below the fields for the URL, the members to mention and the format.
    """

    kind: str
    name: Label
    url_help: Label
    members_help: Label
    format_help: Label
    formats: Mapping[Format, int]
    pace: PaceRule
    public_host: str
    causes: Causes

    def explain(self, code: str, locale: Locale = Locale.EN) -> Explanation:
        """What a code that `classify` gave means, and what helps."""
        return explain(code, locale, self.causes)


class Channel(Protocol):
    """One chat system: names its lanes, renders messages and understands replies."""

    @property
    def about(self) -> About:
        """What is known of it without a call."""
        ...

    def lane(self, url: Secret) -> Secret:
        """Name the robot behind a URL, the same for each way of writing it."""
        ...

    def address(self, url: Secret) -> str:
        """Where a call goes, without what names the robot: two addresses may answer for one robot differently."""
        ...

    def mask(self, url: Secret) -> str:
        """Show a URL without its key (the last 4 characters of a key of 16 or more)."""
        ...

    def render(self, message: Message) -> Rendered:
        """Give a message its exact body; long values are shortened to fit."""
        ...

    def alert(self, companion: Companion) -> Rendered:
        """Render the text that alerts members whom the message itself could not."""
        ...

    def classify(self, reply: Reply | NoReply) -> Result:
        """Say what an answer means; addresses and keys are redacted from its detail."""
        ...
