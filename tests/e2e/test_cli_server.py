"""The command line beside a running server: emit, look, ask why, replay."""

import asyncio
import json
from pathlib import Path

from robots import SHORT, event, strict, until
from server import SECRET, serving
from shipbell.simulator import RobotSettings, serve_robot


async def test_people_can_follow_an_event_from_emit_to_the_group_and_send_it_again(tmp_path: Path) -> None:
    async with await serve_robot(RobotSettings(port=0)) as robot:
        projects = {"payments": {"group": {"url": robot.url("group"), "events": ["pipeline.run.failed"]}}}
        async with serving(tmp_path, projects, {**SHORT, "SHIPBELL_SECRET": SECRET}) as server:

            async def say(*words: str, stdin: str | None = None) -> tuple[int, str, str]:
                ran = await server.run(*words, stdin=stdin)
                return ran.code, ran.out, ran.err

            body = json.dumps([event("api", 128), event("api", 129, failed=False)])
            code, out, err = await say("emit", "payments/ci", "-", "--url", server.address, stdin=body)
            assert (code, err) == (0, "")
            answer = json.loads(out)
            assert (answer["accepted"], answer["duplicates"], answer["ignored"]) == (2, 0, 0)
            await until(lambda: len(robot.messages("group")) == 1, 60, "the message")
            await until(lambda: server.count("delivered") == 1, 60, "the settling")

            code, out, err = await say(
                "emit", "payments/ci", "-", "--url", server.address, "--secret", "no", stdin=body
            )
            assert (code, out, "[bad-signature]" in err) == (1, "", True)

            code, out, _ = await say("deliveries", "list", "payments", "--json")
            [delivery] = json.loads(out)
            assert (code, delivery["state"], delivery["subject"]) == (0, "delivered", "api")

            code, out, _ = await say("deliveries", "show", delivery["id"])
            assert code == 0
            assert "The group has it." in out

            for asked in (answer["events"][0], "api-128"):
                code, out, _ = await say("why", asked)
                assert code == 0
                assert "received" in out
                assert delivery["id"] in out
            code, out, _ = await say("why", "api-129")
            assert (code, "the event type is not ticked" in out) == (0, True)

            code, out, err = await say("deliveries", "replay", delivery["id"])
            assert (code, out, err) == (0, "", "1 replayed.\n")
            await until(lambda: len(robot.messages("group")) == 2, 60, "the replay")


async def test_a_change_of_settings_is_soon_in_force_in_a_running_server(tmp_path: Path) -> None:
    """How soon is asked by hand clock in test_directory_picture."""
    async with strict() as robot, serving(tmp_path, {"payments": {}}, SHORT) as server:
        await server.apply({"payments": {"group": {"url": robot.url("group")}}})
        file = tmp_path / "event.json"
        for number in range(60):
            file.write_text(json.dumps(event("api", number)))
            ran = await server.run("emit", "payments/ci", str(file), "--url", server.address, "--secret", SECRET)
            assert ran.code == 0, ran.err
            if server.rows("SELECT id FROM deliveries"):
                break
            await asyncio.sleep(0.1)
        await until(lambda: len(robot.messages("group")) == 1, 60, "the message")


async def test_what_a_tool_sends_cannot_steer_the_terminal_of_whoever_looks(tmp_path: Path) -> None:
    name = "a\x1b[31mred\x1b]0;title\x07\u202egnp\x9b2J"
    hostile = event(name, id="run\x1b[2J-1", run={"number": "7\x1b[5m\n  cause         forged"})
    async with strict() as robot:
        projects = {"payments": {"group": {"url": robot.url("group")}}}
        async with serving(tmp_path, projects, {**SHORT, "SHIPBELL_SECRET": SECRET}) as server:
            body = json.dumps(hostile)
            ran = await server.run("emit", "payments/ci", "-", "--url", server.address, stdin=body)
            [event_id] = json.loads(ran.out)["events"]
            await until(lambda: server.count("delivered") == 1, 60, "the settling")
            [delivery] = json.loads((await server.run("deliveries", "list", "--json")).out)
            assert delivery["subject"] == name
            for words in (["deliveries", "list"], ["deliveries", "show", delivery["id"]], ["why", event_id]):
                ran = await server.run(*words)
                assert (ran.code, ran.err) == (0, "")
                assert all(line.replace("\t", "").isprintable() for line in ran.out.split("\n")), ran.out
                assert "a[31mred]0;titlegnp2J #7[5m cause forged" in ran.out
            ran = await server.run("why", "nobody\x1b[2J")
            assert (ran.code, "\x1b" in ran.err) == (1, False)
