"""The API promises: every event can be asked why, dead letters go again, and each project sees its own alone."""

from pathlib import Path

from api_house import KEY, OTHER, SECRET, House, house
from shipbell.domain.ids import Prefix, encode

DELIVERIES = f"/projects/{KEY}/deliveries"
ROBOTS = f"/projects/{KEY}/robots"


async def furnish(made: House, key: str = KEY, robot: str = "group") -> dict[str, object]:
    """A project with a source and a subscription to failures; the subscription."""
    await made.project(key)
    await made.make(f"/projects/{key}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
    body = {"name": "group", "url": made.robots.url(robot), "events": ["pipeline.run.failed"]}
    return await made.make(f"/projects/{key}/subscriptions", body)


async def test_why_tells_the_path_rule_by_rule_to_the_robots_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        body = {"name": "successes", "url": made.robots.url("other"), "events": ["pipeline.run.completed"]}
        await made.make(f"/projects/{KEY}/subscriptions", body)
        event = await made.emit("pipeline.run.failed", "run/128?failed")
        await made.deliveries("delivered", 1)
        path = (await made.ask("GET", f"/projects/{KEY}/events/{event}/why")).json()
        assert path["event"]["tool_id"] == "run/128?failed"
        assert path["event"]["event"]["run"]["number"] == "128"
        got, missed = path["branches"]
        assert (got["subscription"], got["matched"]) == ("group", True)
        assert all(one["holds"] for one in got["rules"])
        assert [one["code"] for one in got["delivery"]["attempts"]] == ["0"]
        assert (missed["subscription"], missed["matched"], missed["delivery"]) == ("successes", False, None)
        assert [one["rule"] for one in missed["rules"] if not one["holds"]] == ["event-type-ticked"]


async def test_the_path_of_an_event_comes_in_pages_and_those_that_were_told_come_first(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        for name, kind in (("a", "completed"), ("b", "failed"), ("c", "completed")):
            body = {"name": name, "url": made.robots.url(name), "events": [f"pipeline.run.{kind}"]}
            await made.make(f"/projects/{KEY}/subscriptions", body)
        address = f"/projects/{KEY}/events/{await made.emit('pipeline.run.failed', 'wide')}/why"
        await made.deliveries("delivered", 2)
        whole = (await made.ask("GET", address)).json()
        assert [one["subscription"] for one in whole["branches"]] == ["group", "b", "a", "c"]
        assert whole["next"] is None
        first = (await made.ask("GET", f"{address}?limit=3")).json()
        last = (await made.ask("GET", f"{address}?limit=3&cursor={first['next']}")).json()
        assert (first["branches"], last["branches"]) == (whole["branches"][:3], whole["branches"][3:])
        assert last["next"] is None
        for wrong in ("limit=201", "limit=0", "cursor=x"):
            assert (await made.ask("GET", f"{address}?{wrong}")).status_code == 422


async def test_a_robot_that_was_removed_says_so_and_replay_after_the_cure_delivers(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await furnish(made)
        await made.robot("DELETE", "/robots/group")
        await made.emit("pipeline.run.failed", "lost")
        dead = (await made.deliveries("dead", 1))[0]
        assert dead["cause"] == "93000"
        assert "paste its new URL" in str(dead["why"])
        robot = (await made.ask("GET", f"{ROBOTS}/{one['robot']}")).json()
        assert (robot["state"], robot["cause"]) == ("closed", "93000")
        assert "removed from its group" in robot["health"]
        refused = await made.ask("POST", f"{DELIVERIES}/{dead['id']}/replay")
        assert (refused.status_code, refused.json()["code"]) == (409, "robot-closed")
        assert "closed" in refused.json()["detail"]
        await made.ask("PATCH", f"/projects/{KEY}/subscriptions/{one['id']}", {"url": made.robots.url("new")})
        replayed = await made.ask("POST", f"{DELIVERIES}/{dead['id']}/replay")
        assert replayed.status_code == 200
        assert [one["code"] for one in replayed.json()["attempts"]][:1] == ["93000"]
        assert (await made.deliveries("delivered", 1))[0]["id"] == dead["id"]
        assert len(made.robots.messages("new")) == 1


async def test_many_dead_letters_of_a_robot_go_again_in_order_and_of_this_project_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await furnish(made)
        await furnish(made, OTHER)
        await made.robot("DELETE", "/robots/group")
        for number in range(5):
            await made.emit("pipeline.run.failed", f"mine-{number}")
        await made.emit("pipeline.run.failed", "theirs", key=OTHER)
        dead = await made.deliveries("dead", 5)
        theirs = (await made.deliveries("dead", 1, key=OTHER))[0]
        await made.robot("POST", "/robots/group")
        reopened = await made.ask("POST", f"{ROBOTS}/{one['robot']}/reopen")
        assert (reopened.status_code, reopened.json()["state"], reopened.json()["ready_at"]) == (200, "open", None)
        done = await made.ask("POST", f"{DELIVERIES}/replay", {"robot": one["robot"], "state": "dead"})
        assert done.json() == {"replayed": 5, "refusals": 0, "refused": [], "next": None}
        delivered = await made.deliveries("delivered", 5)
        assert {each["id"] for each in delivered} == {each["id"] for each in dead}
        assert (await made.ask("GET", f"/projects/{OTHER}/deliveries/{theirs['id']}")).json()["state"] == "dead"
        told = (await made.ask("GET", f"/audit?project={KEY}&limit=2")).json()["items"]
        assert [each["action"] for each in told] == ["delivery.replayed", "robot.reopened"]
        assert len(told[0]["after"]["deliveries"]) == 5
        again = await made.ask("POST", f"{DELIVERIES}/replay", {})
        assert again.json()["replayed"] == 0


async def test_a_replay_by_a_robot_that_the_project_does_not_know_is_404(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        one = await furnish(made)
        theirs = await furnish(made, OTHER, robot="theirs")
        replay = f"{DELIVERIES}/replay"
        for robot in (theirs["robot"], "rob_0000000000001"):
            reply = await made.ask("POST", replay, {"robot": robot})
            assert (reply.status_code, reply.json()["code"]) == (404, "not-found")
        known = await made.ask("POST", replay, {"robot": one["robot"]})
        assert (known.status_code, known.json()["replayed"]) == (200, 0)
        # One that no subscription names any longer is known by what was for it.
        await made.robot("DELETE", "/robots/group")
        await made.emit("pipeline.run.failed", "one")
        await made.deliveries("dead", 1)
        await made.ask("PATCH", f"/projects/{KEY}/subscriptions/{one['id']}", {"url": made.robots.url("new")})
        moved = await made.ask("POST", replay, {"robot": one["robot"]})
        assert (moved.status_code, moved.json()["replayed"]) == (200, 1)


async def test_a_delivery_that_waits_is_not_replayed_and_time_narrows_what_is(tmp_path: Path) -> None:
    async with house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="1000", SHIPBELL_WECOM_BURST="1") as made:
        await furnish(made)
        await made.robot("PUT", "/robots/group/faults", {"bad-gateway": 1})
        await made.emit("pipeline.run.failed", "one")
        waiting = (await made.deliveries("retrying", 1))[0]
        paused = (await made.ask("GET", f"{ROBOTS}/{waiting['robot_id']}")).json()
        assert (paused["state"], paused["ready_at"] > paused["since"]) == ("paused", True)
        reply = await made.ask("POST", f"{DELIVERIES}/{waiting['id']}/replay")
        assert (reply.status_code, reply.json()["code"]) == (409, "still-waiting")
        for body, field in (
            ({"state": "waiting"}, "state"), ({"state": "retrying"}, "state"), ({"from": 7}, "from"),
            ({"robot": "sub_1"}, "robot"), ({"robots": "x"}, "robots"), ({"state": ["dead"]}, "state"),
        ):  # fmt: skip
            refused = await made.ask("POST", f"{DELIVERIES}/replay", body)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), body
        later = await made.ask("POST", f"{DELIVERIES}/replay", {"state": "delivered", "from": "2089-01-01T00:00:00Z"})
        assert later.json()["replayed"] == 0
        robot = (await made.ask("GET", ROBOTS)).json()["items"][0]
        assert (robot["state"], robot["waiting"], robot["budget"]["per_minute"]) == ("paused", 1, 1000)
        assert robot["budget"]["used"] >= 1
        assert robot["oldest_waiting_at"] == waiting["accepted_at"]


async def test_nothing_of_another_project_can_be_read_through_ones_own(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await furnish(made)
        theirs = await furnish(made, OTHER, robot="theirs")
        event = await made.emit("pipeline.run.failed", "theirs", key=OTHER)
        delivery = (await made.deliveries("delivered", 1, key=OTHER))[0]
        source = (await made.ask("GET", f"/projects/{OTHER}/sources")).json()["items"][0]
        for method, path in (
            ("GET", f"/projects/{KEY}/events/{event}"),
            ("GET", f"/projects/{KEY}/events/{event}/why"),
            ("GET", f"{DELIVERIES}/{delivery['id']}"),
            ("POST", f"{DELIVERIES}/{delivery['id']}/replay"),
            ("GET", f"{ROBOTS}/{theirs['robot']}"),
            ("POST", f"{ROBOTS}/{theirs['robot']}/reopen"),
            ("GET", f"/projects/{KEY}/subscriptions/{theirs['id']}"),
            ("POST", f"/projects/{KEY}/subscriptions/{theirs['id']}/test"),
            ("GET", f"/projects/{KEY}/sources/{source['id']}"),
            ("GET", f"/projects/{KEY}/sources/{source['id']}/calls"),
            ("DELETE", f"/projects/{KEY}/sources/{source['id']}"),
            ("GET", f"{DELIVERIES}/{encode(Prefix.DELIVERY, 2**63 - 1)}"),
        ):
            assert (await made.ask(method, path)).status_code == 404, path
        assert (await made.ask("GET", DELIVERIES)).json()["items"] == []
        assert (await made.ask("GET", f"{DELIVERIES}?robot={theirs['robot']}")).json()["items"] == []
