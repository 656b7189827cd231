"""The addresses that tests and people use: what a group saw, switches, faults."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from shipbell.domain.errors import InvalidValue, Problem
from shipbell.simulator.faults import EVERYONE, known_faults
from shipbell.simulator.group import Group, Groups, seen

_encode = msgspec.json.Encoder().encode
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Control:
    """Reads and sets the groups over HTTP."""

    groups: Groups

    def routes(self) -> list[web.RouteDef]:
        """Every address of the control side."""
        return [
            web.get("/robots", self.listed),
            web.post("/robots/{key}", self.brought_back),
            web.put("/robots/{key}", _told(self.switched)),
            web.delete("/robots/{key}", self.removed),
            web.get("/robots/{key}/messages", self.messages),
            web.delete("/robots/{key}/messages", self.cleared),
            web.get("/robots/{key}/faults", self.faults),
            web.put("/robots/{key}/faults", _told(self.faults_set)),
        ]

    async def listed(self, _request: web.Request) -> web.StreamResponse:
        """Every robot that was called or set, with its counts."""
        return _json({"robots": [_counts(group) for group in self.groups.all()]})

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """What the group saw, oldest first, also when the answer was lost on its way."""
        group = self.groups.look(request.match_info["key"])
        return _json({"messages": [seen(*one) for one in group.messages], **_counts(group)})

    async def cleared(self, request: web.Request) -> web.StreamResponse:
        """Messages and counts are forgotten; the pace is not."""
        self.groups.look(request.match_info["key"]).clear()
        return web.Response(status=204)

    async def removed(self, request: web.Request) -> web.StreamResponse:
        """The robot was taken out of its group: 93000 from here on; what it sent stays."""
        self.groups.of(request.match_info["key"]).removed = True
        return web.Response(status=204)

    async def brought_back(self, request: web.Request) -> web.StreamResponse:
        """The key is a robot again."""
        self.groups.of(request.match_info["key"]).removed = False
        return web.Response(status=204)

    async def switched(self, request: web.Request) -> web.StreamResponse:
        """`{"disabled": true}` answers 93004 until it is false again."""
        given = await _object(request)
        disabled = given.get("disabled")
        if not isinstance(disabled, bool) or len(given) != 1:
            raise InvalidValue(
                [Problem(field="disabled", code="not-a-boolean", message="Give {“disabled”: true or false}.")]
            )
        group = self.groups.of(request.match_info["key"])
        group.disabled = disabled
        return _json(_counts(group))

    async def faults(self, request: web.Request) -> web.StreamResponse:
        """The faults of one robot, or of every robot under the key `*`."""
        key = request.match_info["key"]
        return _json({"faults": self.groups.everyone if key == EVERYONE else self.groups.look(key).faults})

    async def faults_set(self, request: web.Request) -> web.StreamResponse:
        """Put faults in place of the earlier ones; a robot's own win over those of `*`."""
        key = request.match_info["key"]
        faults = known_faults(await _object(request))
        if key == EVERYONE:
            self.groups.set_everyone(faults)
        else:
            self.groups.of(key).set_faults(faults)
        return _json({"faults": faults})


def _counts(group: Group) -> dict[str, object]:
    return {
        "key": group.key,
        "state": "removed" if group.removed else "disabled" if group.disabled else "open",
        "calls": group.calls,
        "accepted": group.accepted,
        "refused": {str(code): number for code, number in sorted(group.refused.items())},
        "max_in_flight": group.max_in_flight,
    }


def _told(handler: _Handler) -> _Handler:
    """Answers a broken rule with 422 and a sentence."""

    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except InvalidValue as error:
            return _json({"code": error.code, "detail": error.sentence}, status=422)

    return handled


async def _object(request: web.Request) -> dict[str, object]:
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = Problem(field="body", code="not-an-object", message="Give a JSON object.")
        raise InvalidValue([problem]) from error


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=_encode(value), content_type="application/json")
