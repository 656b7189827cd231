"""The address that is called: `POST /cgi-bin/webhook/send?key=KEY`."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from aiohttp import web

from shipbell.simulator import answers
from shipbell.simulator.answers import Refusal
from shipbell.simulator.faults import Fault
from shipbell.simulator.group import Group, Groups
from shipbell.simulator.settings import RobotSettings

# Closing a socket that lingers for no time sends a reset instead of a polite end.
_NO_LINGER = struct.pack("ii", 1, 0)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Answers calls as the service does, or with the fault that is due."""

    settings: RobotSettings
    groups: Groups
    now: Callable[[], datetime]

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Check in the service's order: method and body, key, switch, crowd, pace, content."""
        key = request.query.get("key", "")
        group = self.groups.of(key) if key else self.groups.blank(key)
        group.removed = group.removed or not key
        group.enter()
        try:
            return await self._answer(request, group)
        finally:
            group.in_flight -= 1

    async def _answer(self, request: web.Request, group: Group) -> web.StreamResponse:
        body = await request.read()
        at = self.now().timestamp()
        refusal = _shut(request.method, body, group)
        if refusal is not None:
            return self._refused(request, group, refusal, at)
        fault = group.strike(self.groups.everyone)
        match fault:
            case Fault.BAD_GATEWAY:
                return web.Response(status=502, body=answers.GATEWAY_BODY, headers=answers.HTML_HEADERS)
            case Fault.RESET_BEFORE:
                return _reset(request)
            case Fault.BUSY:
                return self._refused(request, group, answers.BUSY, at)
            case _:
                taken = group.admit(body, at)
        if isinstance(taken, Refusal):
            answer = self._refused(request, group, taken, at)
        else:
            ok = answers.WARNING_BODY if fault is Fault.WARNING else answers.OK_BODY
            answer = web.Response(body=ok, headers=answers.JSON_HEADERS)
        return await self._sent(request, answer, fault)

    async def _sent(self, request: web.Request, answer: web.Response, fault: Fault | None) -> web.StreamResponse:
        wait_s = self.settings.latency_s + (self.settings.stall_s if fault is Fault.STALL else 0.0)
        if wait_s:
            await asyncio.sleep(wait_s)
        if fault is Fault.RESET_AFTER:
            return _reset(request)
        if fault is Fault.TRUNCATED and isinstance(answer.body, bytes):
            answer.body = answer.body[: len(answer.body) // 2]
        return answer

    def _refused(self, request: web.Request, group: Group, refusal: Refusal, at: float) -> web.Response:
        group.refused[refusal.code] += 1
        words = answers.errmsg(refusal, int(at), request.remote or "127.0.0.1")
        body = _encode({"errcode": refusal.code, "errmsg": words})
        return web.Response(body=body, headers=answers.error_headers(refusal, words))


def _shut(method: str, body: bytes, group: Group) -> Refusal | None:
    """Why nothing of this call is looked at."""
    if method != "POST" or not body:
        return answers.NOT_POSTED
    if group.removed:
        return answers.NO_ROBOT
    return answers.DISABLED if group.disabled else None


def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    return web.Response()
