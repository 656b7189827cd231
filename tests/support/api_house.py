"""The API over a real store, with a worker that sends to a simulated robot; people come by token or cookie."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from shipbell import channels, sources
from shipbell.assemble import Parts, assembled
from shipbell.domain.access import Role
from shipbell.domain.ids import Prefix, encode
from shipbell.ports.directory import By, MemberRecord, ProjectRecord, PutMember, PutProject
from shipbell.ports.sessions import NewSession
from shipbell.serve import api_services, console_services
from shipbell.settings import load
from shipbell.simulator import RobotSettings, RunningRobot, serve_robot
from shipbell.storage.queue.intake import GroupIntake
from shipbell.transport import HttpTransport
from shipbell.usecases.accounts import hash_of
from shipbell.usecases.deliver import Deliver
from shipbell.usecases.ingest import Ingest
from shipbell.web.api import api
from shipbell.web.app import WebServices, build_app
from shipbell.web.console.app import console
from shipbell.web.hooks import Hook
from shipbell.web.problems import status_of
from shipbell.worker.drain import Drain

SYSTEM = By(actor="test", via="cli")
KEY = "payments"
OTHER = "orders"
SECRET = "s3cret-of-ci"
# A robot of the real service, which no test calls.
FAR_URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
ROLES = {
    "viewer": Role.VIEWER,
    "developer": Role.DEVELOPER,
    "manager": Role.PROJECT_MANAGER,
    "administrator": Role.PROJECT_ADMINISTRATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The API, who may come in, and the robots."""

    parts: Parts
    app: ASGIApp
    http: httpx.AsyncClient
    robots: RunningRobot
    tokens: dict[str, str] = field(default_factory=dict)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str = "root",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Call an address of the API as somebody; `nobody` sends no token."""
        sent = dict(headers or {})
        if who != "nobody":
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        return await self.http.request(method, f"/api/v1{path}", json=body, headers=sent)

    async def make(self, path: str, body: object) -> dict[str, object]:
        """Make something as the instance administrator."""
        reply = await self.ask("POST", path, body)
        assert reply.status_code == 201, reply.text
        made: dict[str, object] = reply.json()
        return made

    async def admit(
        self,
        who: str,
        *,
        is_admin: bool = False,
        projects: tuple[str, ...] | None = None,
        read_only: bool = False,
        user: str | None = None,
        days: float | None = None,
    ) -> None:
        """Give somebody an account (of that name) and a token."""
        name = user or who
        if await self.parts.accounts.user(name) is None:
            await self.parts.accounts.add_user(name, None, is_admin=is_admin, by=SYSTEM)
        _, self.tokens[who] = await self.parts.manage_accounts.make_token(
            name, name="test", read_only=read_only, projects=projects, days=days, by=SYSTEM
        )

    async def project(
        self, key: str, members: Mapping[str, Role] | None = None, region: str = "ap-southeast-3"
    ) -> None:
        """Make a project with members."""
        facts = ProjectRecord(key=key, name=key.title(), region=region, time_zone="UTC")
        people = [
            PutMember(project=key, member=MemberRecord(user=user, role=role)) for user, role in (members or {}).items()
        ]
        await self.parts.directory.change([PutProject(project=facts), *people], SYSTEM)

    async def sign_in(self, user: str) -> tuple[str, str]:
        """Give a user a session: its cookie and its form token."""
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        expires_at = self.parts.clock.now() + timedelta(days=7)
        new = NewSession(
            user=user, hash=hash_of(cookie), csrf=csrf, address="test", agent="test", expires_at=expires_at
        )
        await self.parts.sessions.start(new, SYSTEM)
        return cookie, csrf

    async def emit(self, event_type: str, event_id: str, key: str = KEY, source: str = "ci") -> str:
        """Send an event through the hook: its id."""
        event = {"id": event_id, "type": event_type, "subject": {"name": "build-and-release"}, "run": {"number": "128"}}
        reply = await self.http.post(
            f"/hooks/{key}/{source}", json=event, headers={"Authorization": f"Bearer {SECRET}"}
        )
        assert reply.status_code == 202, reply.text
        found: str = reply.json()["events"][0]
        return found

    async def robot(self, method: str, path: str, body: object = None) -> None:
        """Tell the simulator what happens to a robot."""
        async with httpx.AsyncClient(timeout=60) as simulator:
            reply = await simulator.request(method, f"{self.robots.address}{path}", json=body)
        assert reply.is_success, reply.text

    async def listed(self, path: str) -> list[dict[str, object]]:
        """All items of a list, page after page; the path has a query."""
        items, cursor = list[dict[str, object]](), ""
        while True:
            page = (await self.ask("GET", f"{path}{cursor}")).json()
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = f"&cursor={page['next']}"

    async def deliveries(self, state: str, count: int, key: str = KEY) -> list[dict[str, object]]:
        """Wait until this many deliveries are in a state."""
        async with asyncio.timeout(60):
            while True:
                items = await self.listed(f"/projects/{key}/deliveries?state={state}&limit=200")
                if len(items) >= count:
                    return items
                await asyncio.sleep(0.05)


@asynccontextmanager
async def house(folder: Path, **settings: str) -> AsyncIterator[House]:
    """A house with `root`, an instance administrator, and robots that listen on loopback."""
    environ = {"SHIPBELL_DATA": str(folder), "SHIPBELL_OUTBOUND_ALLOW": "127.0.0.0/8", **settings}
    async with (
        await serve_robot(RobotSettings(port=0)) as robots,
        assembled(load(environ)) as parts,
        _working(parts) as app,
    ):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shipbell.test", timeout=60) as http:
            made = House(parts=parts, app=app, http=http, robots=robots)
            await made.admit("root", is_admin=True)
            yield made


@asynccontextmanager
async def _working(parts: Parts) -> AsyncIterator[ASGIApp]:
    """The application, with intake and worker running as `serve` runs them."""
    settings = parts.settings
    transport = HttpTransport(allow=settings.outbound_allow, proxy=settings.outbound_proxy)
    intake = GroupIntake(parts.opened.database, parts.ids, expiry=settings.expiry, woken=parts.woken)
    deliver = Deliver(channels=channels.by_kind(), transport=transport, clock=parts.clock)
    drain = Drain(lanes=parts.lanes, deliver=deliver, clock=parts.clock, worker="test")
    parts.woken.listeners.append(drain.wake)
    ingest = Ingest(
        directory=parts.directory,
        intake=intake,
        ids=parts.ids,
        sources=sources.by_kind(),
        offered=settings.offered,
        status_of=status_of,
    )
    services = WebServices(
        hook=Hook(ingest=ingest, clock=parts.clock),
        ready=parts.upkeep.ready,
        metrics=lambda: b"",
        routes=(api(api_services(parts)), console(console_services(parts))),
    )
    taking, draining = asyncio.create_task(intake.run()), asyncio.create_task(drain.run())
    try:
        yield build_app(services)
    finally:
        drain.stop()
        await draining
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        await intake.drain()
        await transport.aclose()


def public(prefix: Prefix, number: int = 1) -> str:
    """An id that nothing has."""
    return encode(prefix, number)
