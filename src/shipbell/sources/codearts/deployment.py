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
    execution_id = _known_by(fields)
    state = fields.text("state", "execution_state")
    if state is None:
        raise MalformedEvent(f"Expected the deployment's state (at {fields.at('state')})")
    subject = Subject(name=fields.name("name", "application_name", "app_name", "execution_id", "id") or execution_id)
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


def _known_by(fields: Fields) -> str:
    """The execution's id; an application of the list has its own id, and tells its last run by number or time."""
    execution_id = fields.name("execution_id")
    if execution_id is not None:
        return execution_id
    application, number = fields.name("id"), fields.name("release_id") or fields.moment("end_time", "execution_time")
    if application is None or number is None:
        raise MalformedEvent(f"Expected the deployment's id (at {fields.at('execution_id')})")
    return identity(application, number)
