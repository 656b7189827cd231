"""Users, and one's own tokens."""

from collections.abc import Mapping
from datetime import datetime

from starlette.responses import Response

from shipbell.domain import validation
from shipbell.domain.errors import NotFound, Stale
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.domain.validation import Findings
from shipbell.ports.accounts import User
from shipbell.usecases.accounts import note_days
from shipbell.usecases.validate import finished
from shipbell.web.api import writing
from shipbell.web.api.operation import Call, answer, nothing
from shipbell.web.api.paging import listed
from shipbell.web.api.reading import id_in_path

_MS = 1_000


async def users(call: Call) -> Response:
    """Every account."""
    return answer(
        listed(call.request, await call.services.accounts.users(), by=lambda one: one.name, shape=writing.user)
    )


async def create_user(call: Call) -> Response:
    """A new local account."""
    found = Findings()
    found.unknown_keys(call.body, ("name", "password", "is_admin"))
    name, password = found.text(call.body, "name"), _password(found, call.body)
    is_admin = validation.flag(found, call.body, "is_admin", default=False)
    if password is None and not any(one.field == "password" for one in found.problems):
        found.add("password", "required", "This is required.")
    finished(found)
    await call.services.manage_accounts.add(name or "", password or "", is_admin=is_admin, by=call.who.by)
    made = await call.services.accounts.user(name or "")
    if made is None:
        raise NotFound("The account was removed at the same moment.")
    location = f"/users/{encode(Prefix.USER, made.id)}"
    return answer(writing.user(made), 201, revision=_revision(made), location=location)


async def user(call: Call) -> Response:
    """One account."""
    found = await _user(call)
    return answer(writing.user(found), revision=_revision(found))


async def replace_user(call: Call) -> Response:
    """An account as the body says; left out, it is no administrator."""
    return await _change(call, is_admin=False)


async def patch_user(call: Call) -> Response:
    """An account with what the body says changed."""
    return await _change(call, is_admin=None)


async def _change(call: Call, *, is_admin: bool | None) -> Response:
    known = await _seen(call)
    found = Findings()
    found.unknown_keys(call.body, ("name", "password", "is_admin"))
    if call.body.get("name", known.name) != known.name:
        found.add("name", "name-fixed", f"The name stays {known.name}: memberships hold it.")
    password = _password(found, call.body)
    default = known.is_admin if is_admin is None else is_admin
    wanted = validation.flag(found, call.body, "is_admin", default=default)
    finished(found)
    await call.services.manage_accounts.change(
        known.name, call.who.by, is_admin=wanted, password=password, seen=_version(call, known)
    )
    return await user(call)


async def remove_user(call: Call) -> Response:
    """The end of an account with its sessions, tokens and memberships."""
    known = await _seen(call)
    await call.services.accounts.remove_user(known.name, call.who.by, seen=_version(call, known))
    return nothing()


async def _seen(call: Call) -> User:
    """The account, as the writer saw it; raises Stale."""
    known = await _user(call)
    if call.expected is not None and call.expected != _revision(known):
        raise Stale
    return known


def _version(call: Call, known: User) -> datetime | None:
    """What must still be so when it is changed; None when the writer did not say what was seen."""
    return None if call.expected is None else known.updated_at


async def _user(call: Call) -> User:
    """The account of an id, or of a name."""
    given = call.request.path_params["id"]
    number = decode(Prefix.USER, given)
    for one in await call.services.accounts.users():
        if one.id == number or one.name == given:
            return one
    raise NotFound("There is no such account.")


def _revision(one: User) -> int:
    return _ms(one.updated_at)


def _ms(time: datetime) -> int:
    return round(time.timestamp() * _MS)


def _password(found: Findings, given: Mapping[str, object]) -> str | None:
    value = given.get("password")
    if value is not None and not isinstance(value, str):
        found.add("password", "not-text", "Write text here; put numbers in quotes.")
        return None
    return value


async def tokens(call: Call) -> Response:
    """One's own tokens."""
    mine = await call.services.accounts.tokens(call.who.user.name)
    return answer(listed(call.request, mine, by=lambda one: encode(Prefix.TOKEN, one.id), shape=writing.token))


async def token(call: Call) -> Response:
    """One of one's own tokens."""
    return answer(await _token(call, id_in_path(call.request, Prefix.TOKEN, "token")))


async def create_token(call: Call) -> Response:
    """A new token of one's own, told this once."""
    found = Findings()
    found.unknown_keys(call.body, ("name", "read_only", "projects", "expires"))
    name = validation.name(found, found.text(call.body, "name"))
    read_only = validation.flag(found, call.body, "read_only", default=False)
    keys, days = _keys(found, call.body.get("projects")), _days(found, call.body.get("expires"))
    finished(found)
    number, told = await call.services.manage_accounts.make_token(
        call.who.user.name, name=name or "", read_only=read_only, projects=keys, days=days, by=call.who.by
    )
    location = f"/tokens/{encode(Prefix.TOKEN, number)}"
    return answer(await _token(call, number, told), 201, location=location)


async def revoke_token(call: Call) -> Response:
    """The end of one of one's own tokens."""
    number = id_in_path(call.request, Prefix.TOKEN, "token")
    await call.services.accounts.revoke_token(number, call.who.by, user=call.who.user.name)
    return nothing()


async def _token(call: Call, number: int, told: str | None = None) -> object:
    for one in await call.services.accounts.tokens(call.who.user.name):
        if one.id == number:
            return writing.token(one, told)
    raise NotFound("There is no such token.")


def _keys(found: Findings, given: object) -> tuple[str, ...] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        found.add("projects", "not-a-list", "Write a list of project keys.")
        return None
    return tuple(dict.fromkeys(given))


def _days(found: Findings, given: object) -> float | None:
    days = given if given is None or (isinstance(given, int | float) and not isinstance(given, bool)) else 0
    note_days(found, days)
    return days
