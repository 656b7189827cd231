"""Lanes on a real database with a clock that stands still: no HTTP, every call settled by hand."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import RowMapping, select

from hand_clock import AT, HandClock
from settings_store import ALICE, CHANNELS, KEY_A, KEY_B, ROBOT, Store, new_key, process, project, source, subscription
from shipbell.domain.events import Event, Run, Subject
from shipbell.domain.pacing import PaceRule
from shipbell.domain.results import Delivered, Gone, Rejected, Result, Throttled, Transient
from shipbell.domain.retry import Policy, decide
from shipbell.domain.secret import Secret
from shipbell.domain.subscriptions import Locale
from shipbell.ports.directory import Edit
from shipbell.ports.intake import Accepted, NewDelivery, Received
from shipbell.ports.lanes import Attempt, Batch, Settlement
from shipbell.ports.message_tests import Trial
from shipbell.storage.history.history import SqlHistory
from shipbell.storage.queue.claim import Rules
from shipbell.storage.queue.insert_events import Submission, keep
from shipbell.storage.queue.lanes import SqlLanes
from shipbell.storage.queue.message_tests import SqlTrials
from shipbell.storage.tables.flow import attempts, deliveries, lanes
from shipbell.storage.upkeep.upkeep import SqlUpkeep
from shipbell.usecases.next_call import Pick
from shipbell.usecases.send_test import sample

EXPIRY = timedelta(hours=24)
OK = Delivered(detail="ok")
GONE = Gone(code="93000", detail="invalid webhook url")
BUSY = Transient(code="-1")
LOST = Transient(code="cut-off", uncertain=True)
BAD = Rejected(code="40058")
THROTTLED = Throttled(code="45009", pause=timedelta(seconds=65))


@dataclass(slots=True)
class House:
    """A store, a worker's hands and what was called."""

    store: Store
    lanes: SqlLanes
    history: SqlHistory
    upkeep: SqlUpkeep
    worker: str = "worker-1"
    calls: list[Batch] = field(default_factory=list)
    _number: int = 0

    @property
    def clock(self) -> HandClock:
        """The clock that the test moves."""
        return self.store.clock

    async def change(self, *edits: Edit) -> None:
        """Change settings."""
        await self.store.directory.change(edits, ALICE)

    async def accept(self, *names: str, groups: Sequence[str] = ("release group",), failed: bool = True) -> list[int]:
        """Let one event of each name come in for these subscriptions; the deliveries' ids in order."""
        picture = await self.store.directory.refresh()
        known = picture.projects["payments"]
        wanted = [one for group in groups for one in known.subscriptions if one.name == group]
        received = []
        for name in names:
            self._number += 1
            event = Event(
                id=f"{name}-{self._number}",
                type="pipeline.run.failed" if failed else "pipeline.run.completed",
                time=self.clock.now(),
                subject=Subject(name=name),
                run=Run(number=str(self._number)),
            )
            new = tuple(
                NewDelivery(id=self.store.ids.next(), subscription_id=one.id, lane_id=one.lane_id) for one in wanted
            )
            received.append(
                Received(
                    id=self.store.ids.next(),
                    project_id=known.id,
                    source_id=known.sources["ci"].id,
                    event=event,
                    received_at=self.clock.now(),
                    deliveries=new,
                )
            )
        submission = Submission(tuple(received), picture.version)
        [ending] = await self.store.database.write(lambda connection: keep(connection, [submission], EXPIRY))
        assert isinstance(ending, Accepted)
        return [delivery.id for one in received for delivery in one.deliveries]

    async def claim(self, limit: int = 100) -> list[Batch]:
        """The calls that may start now."""
        handed = await self.lanes.claim(self.worker, limit)
        self.calls += handed.batches
        return list(handed.batches)

    async def one(self) -> Batch:
        """The one call that may start now."""
        [batch] = await self.claim()
        return batch

    async def settle(self, batch: Batch, result: Result = OK, *, limit: int = 0) -> list[Batch]:
        """End a call with this result."""
        handed = await self.lanes.settle(self.worker, [self.settlement(batch, result)], limit)
        self.calls += handed.batches
        return list(handed.batches)

    def settlement(self, batch: Batch, result: Result) -> Settlement:
        """How a call is settled, as the worker would."""
        now = self.clock.now()
        carried = batch.handout.carried if batch.handout else ()
        decision = decide(result, carried=carried, past=batch.past, policy=Policy(), now=now, chance=0.5)
        return Settlement(batch=batch, attempt=Attempt(ended_at=now, result=result, status=200), decision=decision)

    async def drain(self, result: Result = OK, *, seconds: float = 0, step: float = 0.5) -> list[Batch]:
        """Call and settle, for a while of the clock, until nothing more may start; the calls."""
        return await self.drain_by(lambda _call: result, seconds=seconds, step=step)

    async def drain_by(
        self, answer: Callable[[Batch], Result], *, seconds: float = 10, step: float = 0.5
    ) -> list[Batch]:
        """As `drain`, with an answer for each call."""
        made: list[Batch] = []
        passed = 0.0
        while True:
            batches = await self.claim()
            for batch in batches:
                await self.settle(batch, answer(batch))
            made += batches
            if not batches:
                if passed >= seconds:
                    return made
                self.clock.move(step)
                passed += step

    async def states(self, ids: Sequence[int]) -> list[str]:
        """The states of these deliveries, in this order."""
        rows = await self.rows(ids)
        return [rows[one]["state"] for one in ids]

    async def rows(self, ids: Sequence[int]) -> dict[int, RowMapping]:
        """These deliveries."""
        found = await self.store.rows(select(deliveries).where(deliveries.c.id.in_(ids)))
        return {row["id"]: row for row in found}

    async def lane(self, name: str = "release group") -> RowMapping:
        """The lane of a subscription."""
        wanted = await self.store.subscribed(name)
        [row] = await self.store.rows(select(lanes).where(lanes.c.id == wanted.lane_id))
        return row

    async def attempts(self) -> Sequence[RowMapping]:
        """Every attempt, the oldest first."""
        return await self.store.rows(select(attempts).order_by(attempts.c.id))


def names_of(batch: Batch) -> list[str]:
    """The subjects that a call speaks of, in order of place."""
    assert batch.handout is not None
    return [one.event.subject.name for one in batch.handout.carried]


def url_of(key: str) -> str:
    """A robot's URL."""
    return ROBOT + key


@asynccontextmanager
async def house(
    folder: Path, *, per_minute: int = 18, burst: int = 6, key: Secret | None = None, clock: HandClock | None = None
) -> AsyncIterator[House]:
    """A house on this folder's database; opened twice it is two processes."""
    with process(folder, key or new_key(), clock or HandClock()) as store:
        pick = Pick(CHANNELS)
        rules = Rules(
            pick=pick,
            alert=pick.alert,
            pace={"wecom": PaceRule(per_minute=per_minute, burst=burst)},
            open_url=store.opened.vault.decrypt,
            address_of=lambda kind, url: CHANNELS[kind].address(url),
            ids=store.ids,
        )
        yield House(
            store=store,
            lanes=SqlLanes(store.database, rules, store.clock),
            history=SqlHistory(store.database, store.clock, expiry=EXPIRY),
            upkeep=SqlUpkeep(store.database, store.clock, offered=lambda _channel, _region: True, expiry=EXPIRY),
        )


async def furnished(made: House, *groups: str) -> None:
    """A project with a source and these subscriptions, each with a robot of its own."""
    keys = {"release group": KEY_A}
    edits = [
        subscription(
            name,
            url=url_of(keys.get(name, f"{name}-4bc4-97a0-0ec2a1fa5000")),
            events=("pipeline.run.failed", "pipeline.run.completed"),
        )
        for name in (groups or ("release group",))
    ]
    await made.change(project(), source(), *edits)


async def unsaved_test(made: House, key: str = "payments") -> int:
    """A test of a form that is not saved, with a robot of its own, waits; the id of its delivery."""
    trials = SqlTrials(
        made.store.database,
        made.store.opened.vault,
        made.clock,
        made.store.ids,
        lane_of=lambda kind, url: CHANNELS[kind].lane(url),
    )
    whole = await made.store.whole(key)
    url = Secret(ROBOT + KEY_B)
    return await trials.start(
        Trial(
            project_id=whole.project.id,
            subscription_id=None,
            channel="wecom",
            url=url,
            url_mask=CHANNELS["wecom"].mask(url),
            wish={"format": "text", "locale": "en", "content": {}, "user_ids": ""},
            event=sample(Locale.EN, AT, "alice"),
        )
    )
