"""CodeArts objects as its SDK has them, for the tests of their reader."""

from datetime import UTC, datetime

# 2026-11-24 03:00:00, 03:03:52 and 03:01:00 UTC.
STARTED_MS, ENDED_MS, PAUSED_MS = 1_795_489_200_000, 1_795_489_432_000, 1_795_489_260_000
STARTED, ENDED, PAUSED = (datetime(2026, 11, 24, 3, *rest, tzinfo=UTC) for rest in ((0, 0), (3, 52), (1, 0)))

RUN = {
    "id": "5f3c",
    "pipeline_id": "b21a",
    "name": "build-and-release",
    "description": "Nightly",
    "executor_id": "9e1b",
    "executor_name": "zhang.san",
    "status": "FAILED",
    "trigger_type": "Push",
    "run_number": 128,
    "pause_time": None,
    "start_time": STARTED_MS,
    "end_time": ENDED_MS,
    "project_id": "77aa",
    "region": "ap-southeast-3",
    "stages": [],
    "sources": [
        {
            "params": {
                "git_type": "codehub",
                "default_branch": "trunk",
                "build_params": {
                    "build_type": "branch",
                    "source_branch": "feature_x",
                    "target_branch": "main",
                    "commit_id": "0123abcdef0123abcdef0123abcdef0123abcdef",
                },
            }
        }
    ],
    "detail_url": "https://devcloud.example.com/pipeline/128",
}
CHECK = {
    "task_id": "c41d",
    "task_name": "payments-check",
    "task_status": 2,
    "git_branch": "main",
    "trigger_type": "Manual",
    "creator_id": "li.si",
    "is_access": "false",
    "issue_count": "12",
    "check_time": STARTED_MS,
    "check_end_time": ENDED_MS,
}
DEPLOYMENT = {
    "execution_id": "e77f",
    "release_id": 42,
    "name": "payments-web",
    "project_name": "Payments",
    "state": "succeeded",
    "operator": "9e1b",
    "nickname": "wang.wu",
    "start_time": str(STARTED_MS),
    "end_time": str(ENDED_MS),
    "duration": "232000",
}


def without(body: dict[str, object], *names: str) -> dict[str, object]:
    """An object that lacks these fields."""
    return {name: value for name, value in body.items() if name not in names}
