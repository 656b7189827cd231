"""Serve: the API and the worker in one process, started and ended in order."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import socket
import sys
from dataclasses import dataclass

from shipbell import channels, sources
from shipbell.assemble import Parts, assembled
from shipbell.domain.errors import CannotListen
from shipbell.ports.intake import Accepted
from shipbell.settings import Settings
from shipbell.storage.database.server_lock import lock_for_serving
from shipbell.storage.history.change_marks import SqlPulse
from shipbell.storage.history.insight import SqlInsight
from shipbell.storage.queue.intake import GroupIntake
from shipbell.telemetry import Metrics, log, set_up_logs
from shipbell.telemetry.collector import traces_for
from shipbell.telemetry.traces import Traces
from shipbell.transport import HttpTransport
from shipbell.usecases.deliver import Deliver
from shipbell.usecases.ingest import Ingest
from shipbell.web.api import ApiServices, api
from shipbell.web.app import WebServices, build_app
from shipbell.web.auth import Auth
from shipbell.web.console.app import console
from shipbell.web.console.frame.project_services import ProjectServices
from shipbell.web.console.frame.services import ConsoleServices
from shipbell.web.console.frame.streams import Streams
from shipbell.web.crowd import Crowd, connections_within_limits
from shipbell.web.hooks import Hook
from shipbell.web.limits import SourceLimit
from shipbell.web.problems import status_of
from shipbell.web.server import Server, configured
from shipbell.web.traced import Traced
from shipbell.worker.alarms import Alarms
from shipbell.worker.drain import Drain
from shipbell.worker.health_watch import Watch
from shipbell.worker.observe import Telling
from shipbell.worker.supervisor import ended, started, until_stopped
from shipbell.worker.tidy import Tidy

_DRAIN_SECONDS = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen."""

    host: str
    port: int


async def serve(settings: Settings, address: Address) -> None:
    """Serve until SIGTERM or SIGINT; raises CannotListen or an Unusable error, in words."""
    set_up_logs(level=settings.log_level, form=settings.log_format)
    traces = traces_for(os.environ)
    async with assembled(settings) as parts:
        lock = lock_for_serving(parts.opened.database.path.parent, parts.keys)
        try:
            await _first_start(parts)
            if cut_off := await parts.lanes.release():
                log().warning("calls.cut_off", count=cut_off)
            await parts.directory.refresh()
            await _run(parts, traces, _listening(address), address)
        finally:
            lock.release()
            if traces is not None:
                traces.close()


async def _first_start(parts: Parts) -> None:
    password = await parts.manage_accounts.first_administrator(parts.settings.admin_password)
    if password is not None:
        _say(f"The first administrator is admin with the password {password} (shown this once).")


def _say(text: str) -> None:
    """Tell whoever started the server, on stderr, if that can be written."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _listening(address: Address) -> socket.socket:
    """A bound socket; raises CannotListen."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address.host, address.port))
    except (OSError, UnicodeError) as error:
        made.close()
        why = getattr(error, "strerror", None) or "no address of this machine"
        raise CannotListen(
            f"Cannot listen on {address.host}:{address.port} ({why}): choose another --port or --host."
        ) from error
    made.listen(2_048)
    return made


async def _run(parts: Parts, traces: Traces | None, listening: socket.socket, address: Address) -> None:
    settings, metrics = parts.settings, Metrics()
    transport = HttpTransport(allow=settings.outbound_allow, proxy=settings.outbound_proxy)
    alarms = _alarms(parts, transport)
    intake = GroupIntake(parts.opened.database, parts.ids, expiry=settings.expiry, woken=parts.woken)
    drain = Drain(
        lanes=parts.lanes,
        deliver=Deliver(channels=channels.by_kind(), transport=transport, clock=parts.clock),
        clock=parts.clock,
        worker=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
        observe=Telling(metrics=metrics, alarms=alarms, traces=traces),
        troubled=alarms.troubled,
    )
    metrics.count_calls(lambda: drain.open_calls)
    parts.woken.listeners.append(drain.wake)
    tidy = Tidy(
        upkeep=parts.upkeep,
        clock=parts.clock,
        retention=settings.retention,
        told=(metrics.waits, alarms.waits),
        troubled=alarms.troubled,
        jumped=alarms.jumped,
    )
    watch = Watch(upkeep=parts.upkeep, told=(lambda robots: metrics.stand(robots.count), alarms.stand))
    streams = Streams(SqlPulse(parts.opened.database))
    app = build_app(_services(parts, intake, metrics, traces, streams))
    crowd = Crowd(most=connections_within_limits(), trusted=settings.trusted_proxies)
    server = Server(configured(Traced(app, traces) if traces else app, crowd), ending=streams.close)
    vital = started(place=parts.upkeep.place, intake=intake, tidy=tidy, drain=drain)
    others = started(watch=watch, alarms=alarms)
    port = listening.getsockname()[1]
    _spare_the_collector()
    log().info("server.started", host=address.host, port=port, data=str(settings.data))
    _say(f"Shipbell serves on http://{address.host}:{port}")
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    dead = await until_stopped(_signalled(), {**vital, "server": serving}, others)
    server.should_exit = True
    drain.stop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            await asyncio.gather(serving, vital["drain"], return_exceptions=True)
    background = [*vital.values(), *others.values()]
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    await intake.drain()
    await transport.aclose()
    log().info("server.stopped")
    if dead is not None:
        raise parts.upkeep.place.moved() or ended(dead)


def _signalled() -> asyncio.Event:
    """Set once somebody wants the server to stop."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    return stop


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what stays for good, and look seldom: nothing here makes cycles in bulk.

    With its defaults it walked through all modules some times a second under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _services(
    parts: Parts, intake: GroupIntake, metrics: Metrics, traces: Traces | None, streams: Streams
) -> WebServices:
    settings = parts.settings

    def counted(kind: str, accepted: Accepted) -> None:
        metrics.took_in(kind, accepted)
        if traces is not None:
            traces.accepted(accepted.event_ids)

    ingest = Ingest(
        directory=parts.directory,
        intake=intake,
        ids=parts.ids,
        sources=sources.by_kind(),
        offered=settings.offered,
        status_of=status_of,
        counted=metrics.took_in if traces is None else counted,
        limit=SourceLimit(settings.source_per_second).check,
    )
    hook = Hook(
        ingest=ingest,
        clock=parts.clock,
        trusted=settings.trusted_proxies,
        observe=lambda code, _status, seconds: metrics.answered(code, seconds),
    )
    return WebServices(
        hook=hook,
        ready=parts.upkeep.ready,
        metrics=metrics.render,
        routes=(api(api_services(parts)), console(console_services(parts, streams))),
    )


def api_services(parts: Parts) -> ApiServices:
    """What the REST API works with."""
    settings = parts.settings
    return ApiServices(
        auth=Auth(accounts=parts.accounts, sessions=parts.sessions, trusted=settings.trusted_proxies),
        access=parts.access,
        clock=parts.clock,
        directory=parts.directory,
        history=parts.history,
        accounts=parts.accounts,
        audit=parts.audit_pages,
        doors=parts.door_pages,
        manage_accounts=parts.manage_accounts,
        projects=parts.manage_projects,
        sources=parts.manage_sources,
        subscriptions=parts.manage_subscriptions,
        send_test=parts.send_test,
        replay=parts.replay,
        why=parts.why,
        channels=tuple(channels.by_kind()),
        source_kinds=tuple(one.kind for one in sources.REGISTRY),
        offered=settings.offered,
        per_minute=parts.per_minute,
        public_url=settings.public_url,
    )


def console_services(parts: Parts, streams: Streams | None = None) -> ConsoleServices:
    """What the console's pages work with; whoever stops the server closes the `streams`."""
    settings = parts.settings
    return ConsoleServices(
        auth=Auth(accounts=parts.accounts, sessions=parts.sessions, trusted=settings.trusted_proxies),
        access=parts.access,
        sign_in=parts.sign_in(),
        sessions=parts.sessions,
        directory=parts.directory,
        history=parts.history,
        accounts=parts.accounts,
        manage_accounts=parts.manage_accounts,
        subscriptions=parts.manage_subscriptions,
        send_test=parts.send_test,
        channels=channels.by_kind(),
        offered=settings.offered,
        channel_regions=settings.channel_regions,
        time_zone=settings.time_zone,
        project=ProjectServices(
            insight=SqlInsight(parts.opened.database),
            audit=parts.audit_pages,
            door=parts.door_pages,
            why=parts.why,
            replay=parts.replay,
            manage_projects=parts.manage_projects,
            manage_sources=parts.manage_sources,
            source_kinds=tuple(one.kind for one in sources.REGISTRY),
            instructions=sources.instructions,
            per_minute=parts.per_minute,
            streams=Streams(SqlPulse(parts.opened.database)) if streams is None else streams,
        ),
        clock=parts.clock,
        public_url=settings.public_url,
        sealed=parts.seal("kept form").seal,
        opened=parts.seal("kept form").unseal,
        openid=parts.sign_in_with_openid(),
    )


def _alarms(parts: Parts, transport: HttpTransport) -> Alarms:
    return Alarms(
        url=parts.settings.operator_url,
        channels=channels.by_kind(),
        transport=transport,
        clock=parts.clock,
        locale=parts.settings.operator_locale,
    )
