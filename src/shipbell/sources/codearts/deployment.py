"""A deployment (`ExecuteRecordV2Body`, `AppExecutionInfo`)."""

from shipbell.domain.errors import MalformedEvent
from shipbell.domain.events import Actor, Event, Ignored, Run, Subject
from shipbell.sources.codearts.fields import Fields, identity

_TYPES = {
    "succeeded": "deploy.application.deployed",
    "failed": "deploy.application.failed",
    "timeout": "deploy.application.failed",
    "abort": "deploy.application.stopped",
}


def read(fields: Fields) -> Event | Ignored:
    """Read a deployment; one that has not ended is ignored, one that timed out has failed."""
    execution_id = fields.name("execution_id") or ""
    state = fields.text("state", "execution_state")
    if state is None:
        raise MalformedEvent(f"Expected the deployment's state (at {fields.at('state')})")
    subject = Subject(name=fields.name("name", "application_name", "app_name") or execution_id)
    run = Run(
        number=fields.text("release_id"),
        status=state,
        description=fields.text("description"),
        url=fields.text("detail_url"),
        started_at=fields.time("start_time", "execution_time"),
        finished_at=fields.time("end_time"),
    )
    time = fields.time("end_time") or fields.received_at
    event_id = identity(execution_id, state)
    event_type = _TYPES.get(state.lower())
    if event_type is None:
        return Ignored(
            id=event_id,
            type=f"deploy.application.{state.lower()}",
            reason=f"A deployment with state {state} has not ended.",
            time=time,
            subject=subject,
            run=run,
        )
    operator = fields.name("nickname", "executor_nick_name", "operator", "executor_name")
    return Event(
        id=event_id,
        type=event_type,
        time=time,
        subject=subject,
        run=run,
        actor=Actor(name=operator) if operator else None,
        project_name=fields.text("project_name"),
    )
