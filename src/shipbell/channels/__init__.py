"""Channels: code for one chat system each; adding one is a folder and a line here."""

from shipbell.channels.wecom.channel import WecomChannel
from shipbell.domain.catalog import Label
from shipbell.domain.explanations import ANY_CHANNEL, Causes
from shipbell.ports.channel import Channel

REGISTRY: tuple[Channel, ...] = (WecomChannel(),)


def by_kind() -> dict[str, Channel]:
    """Every channel under its kind."""
    return {channel.about.kind: channel for channel in REGISTRY}


def causes_of(kind: str) -> Causes:
    """What explains the codes of a channel; a channel that is gone leaves the codes that all have."""
    known = by_kind().get(kind)
    return known.about.causes if known else ANY_CHANNEL


def name_of(kind: str) -> Label:
    """A channel's name for people; a channel that is gone keeps its kind."""
    known = by_kind().get(kind)
    return known.about.name if known else Label(kind, kind)
