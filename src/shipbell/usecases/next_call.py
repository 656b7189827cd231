"""Pick: what a lane's next call carries (pure)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from shipbell.domain.compose import compose
from shipbell.domain.deliveries import Companion, Handout, Head, Waiting
from shipbell.domain.digest import Fold, digest, line_of
from shipbell.domain.messages import Message
from shipbell.ports.channel import Channel, Rendered

# A backlog that needs more calls than this is folded; one that takes longer than this is only counted.
_CALLS = 12
_MINUTES = 5
_FIRST_TRY = 32


@dataclass(frozen=True, slots=True)
class Pick:
    """Chooses what goes next, and gives it its form."""

    channels: Mapping[str, Channel]

    def __call__(self, head: Head) -> Handout:
        """The next call of a lane: its oldest message, or a digest when more waits than may start now."""
        channel = self.channels[head.channel]
        first = head.waiting[0]
        if first.alone or first.test or head.room is None:
            return single(_same(first, head.waiting), channel)
        messages = len({(one.event_id, one.rendering) for one in head.waiting})
        if messages <= head.room and head.backlog <= len(head.waiting):
            return single(_same(first, head.waiting), channel)
        mates = [one for one in head.waiting if _goes_with(first, one)]
        if len({one.event_id for one in mates}) == 1:
            return single(_same(first, head.waiting), channel)
        return _digest(_by_event(mates, head), head, channel)

    def alert(self, kind: str, companion: Companion) -> tuple[str, bytes]:
        """The text that follows a message whose format could not alert everybody."""
        rendered = self.channels[kind].alert(companion)
        return rendered.msgtype, rendered.body


def _goes_with(first: Waiting, other: Waiting) -> bool:
    """Whether two deliveries may stand in one digest.

    One whose call got lost, or which stepped aside, stands with its like only, so that it cannot draw others
    with it. Nobody's delivery is sent to an address that another subscription wrote differently.
    """
    return (
        other.rendering == first.rendering
        and other.url == first.url
        and not other.alone
        and not other.test
        and (other.uncertain > 0) == (first.uncertain > 0)
        and other.stepped_aside == first.stepped_aside
    )


def _by_event(mates: Sequence[Waiting], head: Head) -> list[Waiting]:
    """The deliveries of one event beside each other, so that it is shown once.

    One that the end of the look-ahead seems to have cut apart (others have more) waits for a later message.
    """
    found = _grouped(mates, Fold.LINES)
    last = line_of(mates[-1], Fold.LINES)
    behind = head.backlog > len(head.waiting) and mates[-1].event_id != mates[0].event_id
    if behind and len(found[last]) < max(map(len, found.values())):
        del found[last]
    return [one for event in found.values() for one in event]


def _grouped(mates: Sequence[Waiting], fold: Fold) -> dict[tuple[object, ...], list[Waiting]]:
    """Deliveries by the line that they would stand in, the oldest line first."""
    found: dict[tuple[object, ...], list[Waiting]] = {}
    for one in mates:
        found.setdefault(line_of(one, fold), []).append(one)
    return found


def _same(first: Waiting, waiting: Sequence[Waiting]) -> list[Waiting]:
    """The deliveries of the same event and rendering: they are shown once."""
    if first.test:
        return [first]
    return [
        one for one in waiting if one.event_id == first.event_id and one.rendering == first.rendering and not one.test
    ]


def single(mates: Sequence[Waiting], channel: Channel) -> Handout:
    """One event's message; deliveries whose mentions would not fit any more wait for a message of their own."""
    count, message, rendered = _most(mates, compose, channel)
    return _handout(mates[:count], message, rendered, {})


def _most(
    mates: Sequence[Waiting], form: Callable[[Sequence[Waiting]], Message], channel: Channel
) -> tuple[int, Message, Rendered]:
    """The longest beginning of these deliveries whose message is whole; one at least.

    A message holds tens of lines, so the length is doubled until one is too long, then narrowed down.
    """
    least, tried, most = 0, min(len(mates), _FIRST_TRY), len(mates) + 1
    best: tuple[int, Message, Rendered] | None = None
    while tried > least:
        message = form(mates[:tried])
        rendered = channel.render(message)
        if rendered.whole or tried == 1:
            least, best = tried, (tried, message, rendered)
        else:
            most = tried
        tried = min(least * 2, len(mates)) if most > len(mates) else (least + most) // 2
    assert best is not None  # noqa: S101 - a message of one is always taken
    edge = _edge(mates, least)
    if 0 < edge < least:
        message = form(mates[:edge])
        rendered = channel.render(message)
        if rendered.whole:
            return edge, message, rendered
    return best


def _edge(mates: Sequence[Waiting], count: int) -> int:
    """The largest number of these, `count` at most, that leaves no event half told."""
    while 0 < count < len(mates) and mates[count].event_id == mates[count - 1].event_id:
        count -= 1
    return count


def _digest(mates: Sequence[Waiting], head: Head, channel: Channel) -> Handout:
    """As many as fit, a line each; folded when that would take too many calls, and says more at a time."""
    carried, message, rendered = _told(mates, Fold.LINES, channel)
    for fold in _folds(ceil(head.backlog / len(carried)), head.per_minute):
        if len(carried) < len(mates):
            folded = _told(mates, fold, channel)
            if len(folded[0]) > len(carried):
                carried, message, rendered = folded
    if len({one.event_id for one in carried}) == 1:
        return single(carried, channel)
    return _handout(carried, message, rendered, _lines(message))


def _folds(calls: int, per_minute: int) -> tuple[Fold, ...]:
    """How a backlog of so many calls may be folded; the later ones say less."""
    if calls > per_minute * _MINUTES:
        return Fold.SUBJECT, Fold.SUBJECT_ALONE
    return (Fold.SUBJECT_AND_TYPE,) if calls > _CALLS else ()


def _told(mates: Sequence[Waiting], fold: Fold, channel: Channel) -> tuple[list[Waiting], Message, Rendered]:
    """The oldest lines that fit into one message, each with all that it speaks for."""
    ordered = [one for line in _grouped(mates, fold).values() for one in line]
    count, message, rendered = _most(ordered, lambda some: digest(some, fold), channel)
    return ordered[:count], message, rendered


def _lines(message: Message) -> dict[int, str]:
    """Each delivery's own line, for those who look it up."""
    return {
        delivery_id: f"{section.heading} · {line.text}"
        for section in message.sections
        for line in section.lines
        for delivery_id in line.delivery_ids
    }


def _handout(carried: Sequence[Waiting], message: Message, rendered: Rendered, lines: Mapping[int, str]) -> Handout:
    companion = None
    if rendered.unsaid:
        companion = Companion(headline=message.headline, locale=message.locale, user_ids=rendered.unsaid)
    return Handout(
        carried=tuple(carried), msgtype=rendered.msgtype, body=rendered.body, lines=lines, companion=companion
    )
