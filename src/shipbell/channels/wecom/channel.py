"""The WeCom channel: a group robot's webhook."""

from shipbell.channels.wecom import render, replies, urls
from shipbell.channels.wecom.about import ABOUT
from shipbell.domain.deliveries import Companion
from shipbell.domain.messages import Message
from shipbell.domain.results import Result
from shipbell.domain.secret import Secret
from shipbell.ports.channel import Rendered
from shipbell.ports.wire import NoReply, Reply


class WecomChannel:
    """Group robots of WeCom, messages of type `markdown` (version 1) and `text`."""

    about = ABOUT

    def lane(self, url: Secret) -> Secret:
        """Host, port and key; without a key host, port, path and query."""
        return urls.lane(url)

    def address(self, url: Secret) -> str:
        """Scheme, host, port and path."""
        return urls.address(url)

    def mask(self, url: Secret) -> str:
        """The URL with the key hidden but for the last 4 characters of a key of 16 or more."""
        return urls.mask(url)

    def render(self, message: Message) -> Rendered:
        """The exact body of a message; long values are shortened to fit."""
        return render.render(message)

    def alert(self, companion: Companion) -> Rendered:
        """A text that alerts members whom markdown cannot."""
        return render.alert(companion)

    def classify(self, reply: Reply | NoReply) -> Result:
        """What an answer means."""
        return replies.classify(reply)
