"""The addresses behind a lane: one robot, which every subscription may write in its own way."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from shipbell.domain.errors import WrongKey
from shipbell.domain.secret import Secret
from shipbell.storage.tables.flow import lanes
from shipbell.storage.tables.settings import subscriptions

OpenUrl = Callable[[bytes], Secret]
AddressOf = Callable[[str, Secret], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLane:
    """A robot's lane as it is made when nobody named the robot before."""

    id: int
    channel: str
    fingerprint: bytes
    mask: str
    created_at: int


def lane_for(connection: Connection, new: NewLane) -> int:
    """The id of a robot's lane, made when the robot is new."""
    known: int | None = connection.execute(select(lanes.c.id).where(lanes.c.fingerprint == new.fingerprint)).scalar()
    if known is not None:
        return known
    connection.execute(insert(lanes).values(asdict(new)))
    return new.id


def written_otherwise(
    connection: Connection, lane_id: int, url: Secret, *, open_url: OpenUrl, address_of: AddressOf
) -> bool:
    """Whether a subscription that is on calls this robot at another address: that may be why it was refused."""
    statement = select(subscriptions.c.channel, subscriptions.c.url).where(
        subscriptions.c.lane_id == lane_id, subscriptions.c.enabled
    )
    return any(
        address_of(row.channel, known) != address_of(row.channel, url)
        for row in connection.execute(statement)
        if (known := _opened(row.url, open_url)) is not None
    )


def _opened(token: bytes, open_url: OpenUrl) -> Secret | None:
    try:
        return open_url(token)
    except WrongKey:
        return None
