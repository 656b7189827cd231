"""Channels: code for one chat system each; adding one is a folder and a line here."""

from shipbell.channels.wecom.channel import WecomChannel
from shipbell.ports.channel import Channel

REGISTRY: tuple[Channel, ...] = (WecomChannel(),)


def by_kind() -> dict[str, Channel]:
    """Every channel under its kind."""
    return {channel.kind: channel for channel in REGISTRY}
