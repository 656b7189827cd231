"""One table says who may do what; every address of the API is walked with every role and compared with it."""

from pathlib import Path

from starlette.routing import Mount, Route

from api_house import FAR_URL, KEY, OTHER, ROLES, SECRET, House, house
from shipbell.domain.access import Action, Reach, Role, may
from shipbell.domain.ids import Prefix, encode
from shipbell.serve import api_services
from shipbell.web.api import OPERATIONS, api
from shipbell.web.api.operation import Operation

# Who comes, and what the table knows of that one: a role in the project, and whether of the instance.
MEMBERS: dict[str, Role | None] = {"stranger": None, **ROLES}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
# Tokens that may only read, or are for some projects alone: they change nothing of their owner.
NARROW = {"reader", "root-reader", "elsewhere", "root-elsewhere"}
OPEN = {"/openapi.json"}


async def furnish(made: House) -> dict[str, str]:
    """Everything that the addresses of a project name."""
    people = [*ROLES, "stranger"]
    for person in people:
        await made.admit(person)
    await made.project(KEY, {**ROLES, "passing": Role.VIEWER})
    await made.project(OTHER, {"administrator": Role.PROJECT_ADMINISTRATOR, "stranger": Role.VIEWER})
    await made.admit("elsewhere", user="administrator", projects=(OTHER,))
    await made.admit("reader", user="administrator", read_only=True)
    await made.admit("root-elsewhere", user="root", projects=(OTHER,))
    await made.admit("root-reader", user="root", read_only=True)
    await made.admit("late", user="root", days=1e-9)
    source = await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
    body = {"name": "group", "url": made.robots.url("group"), "events": ["pipeline.run.failed"]}
    subscription = await made.make(f"/projects/{KEY}/subscriptions", body)
    event = await made.emit("pipeline.run.failed", "one")
    delivery = (await made.deliveries("delivered", 1))[0]
    return {
        "sources": str(source["id"]),
        "subscriptions": str(subscription["id"]),
        "robots": str(subscription["robot"]),
        "events": event,
        "deliveries": str(delivery["id"]),
    }


def address(operation: Operation, ids: dict[str, str]) -> str:
    """The address of an operation, naming what is there."""
    noun = operation.path.strip("/").split("/")
    named = ids.get(noun[2], "") if len(noun) > 2 else encode(Prefix.USER, 1)
    return (
        operation.path.replace("{key}", KEY)
        .replace("{user}", "passing")
        .replace("{id}", named or encode(Prefix.TOKEN, 1))
    )


def allowed(operation: Operation, who: str) -> set[int] | None:
    """The refusal that the table promises somebody; None: none of 401, 403 and 404-for-strangers."""
    action, changes = operation.action, operation.method in CHANGES
    if who in {"nobody", "late"}:
        return {401}
    if isinstance(action, Reach):
        return {403} if changes and who in NARROW else None
    if operation.path.startswith("/projects/{key}"):
        return _in_project(action, who, changes=changes)
    if who in {"root", "root-reader", "root-elsewhere"}:
        narrowed = who == "root-elsewhere" or (changes and who == "root-reader")
        return {403} if narrowed else None
    return {403}


def _in_project(action: Action, who: str, *, changes: bool) -> set[int] | None:
    if who in {"stranger", "elsewhere", "root-elsewhere"}:
        return {404}
    if changes and who in {"reader", "root-reader"}:
        return {403}
    if who in {"root", "root-reader"}:
        return None
    role = MEMBERS.get(who, Role.PROJECT_ADMINISTRATOR)
    return None if may(role, action) else {403}


SENDERS = (
    "nobody", "late", "stranger", *ROLES, "elsewhere", "reader", "root-elsewhere", "root-reader", "root",
)  # fmt: skip


async def test_every_address_answers_every_role_as_the_table_says(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        ids = await furnish(made)
        wrong: list[str] = []
        counted = 0
        # What would take something away from the next one comes last, for root alone takes it away.
        for operation in sorted(OPERATIONS, key=lambda one: (one.method == "DELETE", one.path == "/projects/{key}")):
            for who in SENDERS:
                promised = allowed(operation, who)
                if promised is None and operation.method == "DELETE" and who != "root":
                    continue
                reply = await made.ask(
                    operation.method, address(operation, ids), {} if operation.body else None, who=who
                )
                counted += 1
                refused = reply.status_code in {401, 403} or (reply.status_code == 404 and _is_key(reply.json()))
                right = refused and reply.status_code in promised if promised else not refused
                if not right:
                    wrong.append(f"{operation.method} {operation.path} as {who}: {reply.status_code}, not {promised}")
        assert not wrong, "\n".join(wrong)
        assert counted > len(OPERATIONS) * (len(SENDERS) - 4)


def _is_key(problem: dict[str, str]) -> bool:
    """Whether a 404 is about the project itself."""
    return KEY in problem["detail"] and "project" in problem["detail"] and "member" not in problem["detail"]


async def test_a_manager_reads_the_projects_part_of_the_audit_log_and_nothing_beyond(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        statuses = {
            who: (await made.ask("GET", f"/audit?project={KEY}", who=who)).status_code
            for who in ("manager", "administrator", "developer", "viewer", "stranger", "elsewhere", "reader", "root")
        }
        assert statuses == {
            "manager": 200, "administrator": 200, "developer": 403, "viewer": 403, "stranger": 404, "elsewhere": 404,
            "reader": 200, "root": 200,
        }  # fmt: skip
        seen = (await made.ask("GET", f"/audit?project={KEY}", who="manager")).json()["items"]
        assert {one["project"] for one in seen} == {KEY}


async def test_a_new_project_under_an_old_key_shows_its_managers_nothing_of_the_old_one(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        assert (await made.ask("DELETE", f"/projects/{KEY}")).status_code == 204
        await made.project(KEY, ROLES)
        await made.project("made-later")
        seen, whole = [
            [one["action"] for one in (await made.ask("GET", f"/audit?project={KEY}", who=who)).json()["items"]]
            for who in ("manager", "root")
        ]
        assert seen == [*["member.set"] * len(ROLES), "project.created"]
        assert whole[: len(seen) + 1] == [*seen, "project.deleted"]
        of_old = await made.ask("GET", f"/audit?project={KEY}&action=source.created&actor=test", who="manager")
        assert of_old.json()["items"] == []
        reply = await made.ask("GET", f"/audit?project={KEY}&limit=2", who="manager")
        rest = await made.ask("GET", f"/audit?project={KEY}&cursor={reply.json()['next']}", who="manager")
        assert [one["action"] for one in rest.json()["items"]] == seen[2:]


async def test_a_project_administrator_renames_but_does_not_move_the_project(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        path = f"/projects/{KEY}"
        assert (await made.ask("PATCH", path, {"name": "Pay"}, who="administrator")).status_code == 200
        assert (await made.ask("PATCH", path, {"region": "cn-north-4"}, who="administrator")).status_code == 403
        assert (await made.ask("PATCH", path, {"region": "cn-north-4"})).status_code == 200
        assert (await made.ask("PATCH", path, {"name": "Again"}, who="administrator")).status_code == 200


async def test_a_narrowed_or_reading_token_makes_no_wider_one(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        for who in ("elsewhere", "reader", "root-elsewhere", "root-reader"):
            assert (await made.ask("POST", "/tokens", {"name": "wider"}, who=who)).status_code == 403
        unknown = await made.ask("POST", "/tokens", {"name": "x", "projects": ["none"]}, who="stranger")
        foreign = await made.ask("POST", "/tokens", {"name": "x", "projects": [KEY]}, who="stranger")
        assert (unknown.status_code, foreign.status_code) == (404, 404)
        assert unknown.json()["detail"].replace("none", KEY) == foreign.json()["detail"]


async def test_who_is_no_member_cannot_tell_a_project_from_none(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        hidden = await made.ask("GET", f"/projects/{KEY}/subscriptions", who="stranger")
        none = await made.ask("GET", "/projects/nothing-here/subscriptions", who="stranger")
        assert (hidden.status_code, none.status_code) == (404, 404)
        assert hidden.json()["detail"].replace(KEY, "nothing-here") == none.json()["detail"]
        listed = (await made.ask("GET", "/projects", who="stranger")).json()["items"]
        assert [one["key"] for one in listed] == [OTHER]


async def test_every_address_that_the_application_has_stands_in_the_table(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        mounted = api(api_services(made.parts))
        assert isinstance(mounted, Mount)
        served = {
            (method, route.path)
            for route in mounted.routes
            if isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}
            if route.path not in OPEN
        }
        assert served == {(one.method, f"/v1{one.path}") for one in OPERATIONS}
        assert len(mounted.routes) == len({one.path for one in OPERATIONS}) + len(OPEN)


async def test_a_browser_changes_nothing_without_the_token_of_its_form(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        cookie, csrf = await made.sign_in("manager")
        path = f"/projects/{KEY}/subscriptions"
        body = {"name": "from a browser", "url": FAR_URL, "events": ["pipeline.run.failed"]}
        sent = {"Cookie": f"shipbell_session={cookie}"}
        assert (await made.ask("GET", path, who="nobody", headers=sent)).status_code == 200
        assert (await made.ask("POST", path, body, who="nobody", headers=sent)).status_code == 403
        wrong = {**sent, "X-CSRF-Token": "guessed"}
        assert (await made.ask("POST", path, body, who="nobody", headers=wrong)).status_code == 403
        right = {**sent, "X-CSRF-Token": csrf}
        assert (await made.ask("POST", path, body, who="nobody", headers=right)).status_code == 201
        told = (await made.ask("GET", f"/audit?project={KEY}&action=subscription.created")).json()["items"][0]
        assert (told["actor"], told["via"]) == ("manager", "console")
