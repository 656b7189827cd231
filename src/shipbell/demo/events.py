"""The events of the demo: as real tools would send them, names and addresses made up."""

from datetime import UTC, datetime, timedelta

BURST = 40
_HOSTS = "https://ci.example.com"


def _when(now: datetime, seconds: int) -> str:
    return (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def single(now: datetime) -> list[tuple[str, object]]:
    """One of each service, with the source that sends it."""
    ms = int(now.timestamp() * 1000)
    return [
        (
            "ci",
            {
                "id": "run-128-failed",
                "type": "pipeline.run.failed",
                "time": _when(now, 2),
                "subject": {"name": "build-and-release"},
                "run": {
                    "number": "128",
                    "status": "FAILED",
                    "description": "Merge #42 Fix double booking of refunds",
                    "url": f"{_HOSTS}/pipelines/128",
                    "started_at": _when(now, 234),
                    "finished_at": _when(now, 2),
                },
                "actor": {"name": "zhang.san"},
                "trigger": {"kind": "push", "branch": "main"},
            },
        ),
        (
            "codearts",
            {
                "task_id": "c0ffee01",
                "task_name": "payments-static-check",
                "task_status": 2,
                "is_access": "false",
                "issue_count": 3,
                "executor_name": "li.si",
                "check_end_time": ms,
                "git_branch": "main",
                "detail_url": f"{_HOSTS}/checks/77",
            },
        ),
        (
            "codearts",
            {
                "execution_id": "9f1d",
                "name": "payments-api",
                "state": "succeeded",
                "release_id": 57,
                "nickname": "wang.wu",
                "start_time": ms - 61_000,
                "end_time": ms,
            },
        ),
    ]


def hostile() -> tuple[str, object]:
    """An event whose texts try to mention, colour, link and break the layout."""
    return (
        "ci",
        {
            "id": "run-666-failed",
            "type": "pipeline.run.failed",
            "subject": {"name": "feature_x_y <@all> [win](https://evil.example)"},
            "run": {
                "number": "666",
                "status": "FAILED",
                "description": '<font color="warning">URGENT</font>\n# Heading `code` a < b',
                "url": f"{_HOSTS}/pipelines/666?a=(1)",
            },
            "actor": {"name": "mallory\u202e"},
        },
    )


def burst() -> list[tuple[str, object]]:
    """More at once than the robot's limit lets through one by one."""
    return [
        (
            "ci",
            {
                "id": f"nightly-{number}",
                "type": "pipeline.run.failed" if number % 5 == 0 else "pipeline.run.completed",
                "subject": {"name": f"service-{number:02}"},
                "run": {
                    "number": str(300 + number),
                    "status": "FAILED" if number % 5 == 0 else "COMPLETED",
                    "url": f"{_HOSTS}/pipelines/{300 + number}",
                },
            },
        )
        for number in range(1, BURST + 1)
    ]


def settings_file(url: str) -> str:
    """What `apply` gets: one project, two sources, one subscription."""
    return f"""\
projects:
  - key: payments
    name: Payments
    time_zone: Asia/Singapore
    sources:
      - {{name: ci, kind: generic, secret: demo-secret-of-ci}}
      - {{name: codearts, kind: codearts, secret: demo-secret-of-codearts}}
    subscriptions:
      - name: release group
        channel: wecom
        url: {url}
        events:
          - check.task.completed
          - deploy.application.deployed
          - deploy.application.failed
          - pipeline.run.completed
          - pipeline.run.failed
        user_ids: "zhang.san;li.si"
"""


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)
