"""`user` and `token`."""

import getpass
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from shipbell.assemble import Parts
from shipbell.cli.output import is_text, moment, put, put_json, put_table
from shipbell.cli.running import BY, fail, say, with_parts
from shipbell.domain.errors import BadInput, InvalidValue, NotFound, Problem
from shipbell.domain.ids import Prefix, decode, encode
from shipbell.ports.accounts import Token, User

Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
_users = typer.Typer(no_args_is_help=True, help="Accounts.")
_tokens = typer.Typer(no_args_is_help=True, help="API tokens.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_users, name="user")
    app.add_typer(_tokens, name="token")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not is_text(given):
            fail(InvalidValue([Problem(field="password", code="not-text", message="Give it in UTF-8.")]))
        return given
    if not sys.stdin.isatty():
        fail(InvalidValue([Problem(field="password", code="required", message="Use --password-stdin off a terminal.")]))
    return getpass.getpass("Password: ")


@_users.command("add")
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="An instance administrator.")] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Make a local account."""
    password = _password(from_stdin=password_stdin)

    async def work(parts: Parts) -> None:
        await parts.manage_accounts.add(name, password, is_admin=admin, by=BY)

    with_parts(work, makes=True)
    say(f"The account {name} is made.")


@_users.command("list")
def list_users(as_json: Json = False) -> None:
    """Show every account."""

    async def work(parts: Parts) -> Sequence[User]:
        return await parts.accounts.users()

    found = with_parts(work)
    if as_json:
        put_json(
            [
                {"name": one.name, "admin": one.is_admin, "local": one.local, "created_at": one.created_at}
                for one in found
            ]
        )
        return
    rows = [[one.name, "administrator" if one.is_admin else "-", moment(one.created_at)] for one in found]
    put_table(["NAME", "INSTANCE ROLE", "CREATED"], rows)


@_users.command("remove")
def remove(name: Name) -> None:
    """End an account with its sessions and tokens."""

    async def work(parts: Parts) -> None:
        await parts.accounts.remove_user(name, BY)

    with_parts(work)
    say(f"The account {name} is gone.")


@_users.command("password")
def change_password(name: Name, password_stdin: FromStdin = False) -> None:
    """Give an account a new password."""
    password = _password(from_stdin=password_stdin)

    async def work(parts: Parts) -> None:
        await parts.manage_accounts.change_password(name, password, BY)

    with_parts(work)
    say(f"The password of {name} is changed; its sessions are ended, its tokens stay.")


@_tokens.command("create")
def create(
    user: Annotated[str, typer.Option(metavar="NAME", help="Whose token it is.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="It may look, not change.")] = False,
    project: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Only this project; may be repeated.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "command line",
    expires: Annotated[float | None, typer.Option(metavar="DAYS", help="Days until it ends; left out = never.")] = None,
) -> None:
    """Make an API token; prints the token alone, this once."""

    async def work(parts: Parts) -> str:
        _, token = await parts.manage_accounts.make_token(
            user, name=name, read_only=read_only, projects=tuple(project) if project else None, days=expires, by=BY
        )
        return token

    put(with_parts(work))


@_tokens.command("list")
def list_tokens(
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Only this user's.")] = None, as_json: Json = False
) -> None:
    """Show API tokens; never the tokens themselves."""

    async def work(parts: Parts) -> Sequence[Token]:
        if user is not None and await parts.accounts.user(user) is None:
            raise NotFound(f"There is no account {user}.")
        return await parts.accounts.tokens(user)

    found = with_parts(work)
    if as_json:
        put_json([_shown(one) for one in found])
        return
    put_table(
        ["ID", "USER", "NAME", "MAY", "PROJECTS", "EXPIRES", "LAST USED"],
        [
            [
                encode(Prefix.TOKEN, one.id),
                one.user,
                one.name,
                "read" if one.read_only else "read, write",
                "all" if one.projects is None else ", ".join(one.projects) or "none",
                moment(one.expires_at),
                moment(one.last_used_at),
            ]
            for one in found
        ],
    )


def _shown(one: Token) -> dict[str, object]:
    return {
        "id": encode(Prefix.TOKEN, one.id),
        "user": one.user,
        "name": one.name,
        "read_only": one.read_only,
        "projects": one.projects,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "last_used_at": one.last_used_at,
    }


@_tokens.command("revoke")
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End an API token."""
    number = decode(Prefix.TOKEN, token_id)
    if number is None:
        fail(BadInput(f"{token_id} is no token id: it begins with {Prefix.TOKEN.value}_, see `shipbell token list`."))

    async def work(parts: Parts) -> None:
        await parts.accounts.revoke_token(number, BY)

    with_parts(work)
    say("The token is ended.")
