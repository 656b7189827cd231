"""What a tool wrote may be as long as a call: lists cut it and end early, the one thing has it whole."""

from pathlib import Path

from api_house import KEY, SECRET, house

LONG = "n" * 500_000
NUMBER = "7" * 500_000
CUT_BYTES = 512
ANSWER_BYTES = 1_300_000


async def test_a_list_of_deliveries_cuts_what_a_tool_wrote_and_the_one_has_it_whole(tmp_path: Path) -> None:
    async with house(tmp_path, SHIPBELL_WECOM_PER_MINUTE="0") as made:
        await made.project(KEY)
        await made.make(f"/projects/{KEY}/sources", {"name": "ci", "kind": "generic", "secret": SECRET})
        for number in range(30):
            body = {"name": f"group {number}", "url": made.robots.url("group"), "events": ["pipeline.run.failed"]}
            await made.make(f"/projects/{KEY}/subscriptions", body)
        for number in range(10):
            long = {"subject": {"name": LONG}, "run": {"number": NUMBER}}
            event = {"id": f"run-{number}", "type": "pipeline.run.failed", **long}
            sent = await made.http.post(f"/hooks/{KEY}/ci", json=event, headers={"Authorization": f"Bearer {SECRET}"})
            assert sent.status_code == 202
        lines = await made.deliveries("delivered", 300)
        assert {len(str(one[name]).encode()) for one in lines for name in ("subject", "run_number")} == {CUT_BYTES}
        assert {str(one[name])[-1] for one in lines for name in ("subject", "run_number")} == {"…"}
        assert len({one["id"] for one in lines}) == 300

        whole = (await made.ask("GET", f"/projects/{KEY}/deliveries/{lines[0]['id']}")).json()
        assert (whole["subject"], whole["run_number"]) == (LONG, NUMBER)

        page = await made.ask("GET", f"/projects/{KEY}/deliveries?limit=200")
        why = await made.ask("GET", f"/projects/{KEY}/events/run-9/why")
        # Four events of a megabyte are enough for one page, however many deliveries share them.
        assert len(page.json()["items"]) == 120
        assert len(page.content) < ANSWER_BYTES
        assert len(why.json()["branches"]) == 30
        assert len(why.content) < 3 * ANSWER_BYTES
