"""A pipeline run (`ShowPipelineRunDetailResponse`)."""

from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Actor, Event, Ignored, Run, Subject, Trigger
from shipbell.sources.codearts.fields import Fields, identity

_TYPES = {
    "COMPLETED": "pipeline.run.completed",
    "FAILED": "pipeline.run.failed",
    "PAUSED": "pipeline.run.paused",
    "SUSPEND": "pipeline.run.suspended",
    "IGNORED": "pipeline.run.ignored",
    "CANCELED": "pipeline.run.canceled",
}


def read(fields: Fields) -> Event | Ignored:
    """Read a run; one that has not ended or paused is ignored."""
    run_id = fields.name("pipeline_run_id", "id") or ""
    status = fields.text("status")
    if status is None:
        raise MalformedEvent(f"Expected the run's status (at {fields.at('status')})")
    event_id = identity(run_id, status, fields.moment("end_time", "pause_time"))
    subject = Subject(name=fields.name("name", "pipeline_name", "pipeline_id") or run_id)
    run = Run(
        number=fields.text("run_number"),
        status=status,
        description=fields.text("description"),
        url=fields.text("detail_url"),
        started_at=fields.time("start_time"),
        finished_at=fields.time("end_time"),
    )
    time = fields.time("end_time", "pause_time") or fields.received_at
    event_type = _TYPES.get(status.upper())
    if event_type is None:
        return Ignored(
            id=event_id,
            type=f"pipeline.run.{status.lower()}",
            reason=f"A run with status {status} has neither ended nor paused.",
            time=time,
            subject=subject,
            run=run,
        )
    executor = fields.name("executor_name", "executor")
    return Event(
        id=event_id,
        type=event_type,
        time=time,
        subject=subject,
        run=run,
        actor=Actor(name=executor) if executor else None,
        trigger=_trigger(fields),
        project_name=fields.text("project_name"),
    )


def _trigger(fields: Fields) -> Trigger | None:
    """Kind from the run, branch or tag and commit from its first source."""
    params = fields.first("sources").inner("params")
    built = params.inner("build_params") if params.values else fields.inner("build_params")
    tag = built.text("tag")
    trigger = Trigger(
        kind=fields.text("trigger_type"),
        branch=_branch(built) or (None if tag else params.text("default_branch")),
        tag=tag,
        commit=built.text("commit_id"),
    )
    return trigger if trigger != Trigger() else None


def _branch(built: Fields) -> str | None:
    """The branch that was built; of a merge request the one that it goes to, of a tag none."""
    if (built.text("build_type") or "").lower() == "tag":
        return None
    merged = built.text("target_branch") if built.text("merge_id") else None
    return merged or built.text("source_branch", "target_branch")
