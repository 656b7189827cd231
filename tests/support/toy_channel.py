"""A second chat system, small enough to read at once: what a new channel has to bring, and nothing else."""

from urllib.parse import urlsplit

import msgspec

from shipbell.domain.catalog import Label
from shipbell.domain.deliveries import Companion
from shipbell.domain.explanations import NOTHING, Causes
from shipbell.domain.messages import Message
from shipbell.domain.pacing import PaceRule
from shipbell.domain.results import Delivered, Gone, Rejected, Result, Throttled, Transient
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Format
from shipbell.domain.text import clean, shorten, size_bytes
from shipbell.ports.channel import About, Rendered
from shipbell.ports.wire import NoReply, Reply

_LIMIT_BYTES = 500
_SERVER_ERROR = 500
_OTHER = Label("Toytown refused the message ({code}).", "玩具城拒绝了该消息（{code}）。")
_WRONG = Label("Check the URL, then replay.", "请检查 URL，然后重新投递。")


class ToyChannel:
    """Robots that take a line of text and answer with a status alone."""

    about = About(
        kind="toy",
        name=Label("Toytown", "玩具城"),
        url_help=Label("Ask the mayor of Toytown for a URL.", "请向玩具城市长索取 URL。"),
        members_help=Label("Toys to mention.", "要提醒的玩具。"),
        format_help=Label("Toys read text alone.", "玩具只能阅读文本。"),
        formats={Format.TEXT: _LIMIT_BYTES},
        pace=PaceRule(per_minute=30, burst=3),
        public_host="toys.example.com",
        causes=Causes(
            known={"toy-gone": (Label("The toy is gone.", "玩具不见了。"), NOTHING)},
            other=_OTHER,
            wrong_url=_WRONG,
            wrong_url_after_test=_WRONG,
        ),
    )

    def lane(self, url: Secret) -> Secret:
        """Host, port and path."""
        parts = urlsplit(url.reveal().strip())
        return Secret(f"{(parts.hostname or '').lower()}:{parts.port} {parts.path}")

    def address(self, url: Secret) -> str:
        """Host and port."""
        return urlsplit(url.reveal().strip()).netloc.lower()

    def mask(self, url: Secret) -> str:
        """The host; the path is the secret."""
        try:
            parts = urlsplit(url.reveal().strip())
        except ValueError:
            return "********"
        return f"{parts.scheme}://{parts.hostname}/********"

    def render(self, message: Message) -> Rendered:
        """One line."""
        words = [message.headline, *(section.heading for section in message.sections)]
        return self._line(" | ".join(words))

    def alert(self, companion: Companion) -> Rendered:
        """The headline again."""
        return self._line(companion.headline)

    def _line(self, text: str) -> Rendered:
        content = shorten(clean(text), _LIMIT_BYTES)
        body = msgspec.json.encode({"toy": content})
        return Rendered(
            msgtype="toy", body=body, content=content, content_bytes=size_bytes(content), limit_bytes=_LIMIT_BYTES
        )

    def classify(self, reply: Reply | NoReply) -> Result:
        """The status says all."""
        if isinstance(reply, NoReply):
            return Transient(code=reply.trouble.value, uncertain=reply.sent)
        match reply.status:
            case 200 | 204:
                return Delivered()
            case 410:
                return Gone(code="toy-gone")
            case 429:
                return Throttled(code="http-429", pause=self.about.pace.gap)
            case status if status >= _SERVER_ERROR:
                return Transient(code=f"http-{status}")
            case status:
                return Rejected(code=f"http-{status}")
