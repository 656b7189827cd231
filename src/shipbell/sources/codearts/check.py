"""A check (`ShowTaskDetailResponse` with `ShowProgressDetailResponse` and `CheckRecordDataInfo`, flat)."""

from shipbell.domain.events import Actor, Event, Gate, Ignored, Issues, Run, Subject, Trigger
from shipbell.sources.codearts.fields import Fields, identity

# 0 running, 1 failed, 2 succeeded, 3 aborted.
_STATUS = {"0": "running", "1": "failed", "2": "succeeded", "3": "aborted"}
_NOT_ENDED = frozenset({"0", "3"})
_PASSED = frozenset({"true", "1", "yes", "pass"})
_SEVERITIES = (
    ("critical_count", "major_count", "minor_count", "suggestion_count"),
    ("critical", "serious", "normal", "prompt"),
)


def read(fields: Fields) -> Event | Ignored:
    """Read a check; one that runs or was aborted is ignored."""
    task_id = fields.name("task_id") or ""
    ended = fields.moment("check_end_time", "last_exec_time")
    status = fields.text("task_status")
    subject = Subject(name=fields.name("task_name") or task_id)
    run = Run(
        status=_STATUS.get(status, status) if status else None,
        url=fields.text("detail_url"),
        started_at=fields.time("check_time", "last_exec_time"),
        finished_at=fields.time("check_end_time"),
    )
    time = fields.time("check_end_time", "last_exec_time") or fields.received_at
    # Which run of the task this is: without its time, each report of one status is one happening.
    event_id = identity(task_id, ended or f"status-{status}")
    if status in _NOT_ENDED:
        return Ignored(
            id=identity(event_id, _STATUS[status]),
            type=f"check.task.{_STATUS[status]}",
            reason=f"A check that is {_STATUS[status]} has no result.",
            time=time,
            subject=subject,
            run=run,
        )
    # Who created the task is known, too, but need not be who runs it.
    executor = fields.name("executor_name", "executor", "nickname", "operator")
    total = _issues(fields)
    return Event(
        id=event_id,
        type="check.task.completed",
        time=time,
        subject=subject,
        run=run,
        actor=Actor(name=executor) if executor else None,
        trigger=_trigger(fields),
        gate=_gate(fields.text("is_access")),
        issues=None if total is None else Issues(total=total),
        project_name=fields.text("project_name"),
    )


def _gate(is_access: str | None) -> Gate | None:
    if is_access is None:
        return None
    return Gate.PASSED if is_access.strip().lower() in _PASSED else Gate.FAILED


def _issues(fields: Fields) -> int | None:
    """The count that is given, else the sum of the severities by either of their names."""
    total = fields.number("issue_count")
    if total is not None:
        return total
    counts = fields.inner("issue_counts")
    for where, names in ((fields, _SEVERITIES[0]), (counts, _SEVERITIES[1]), (counts, _SEVERITIES[0])):
        found = [number for name in names if (number := where.number(name)) is not None]
        if found:
            return sum(found)
    return None


def _trigger(fields: Fields) -> Trigger | None:
    trigger = Trigger(kind=fields.text("trigger_type"), branch=fields.text("git_branch"))
    return trigger if trigger != Trigger() else None
