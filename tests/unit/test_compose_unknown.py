"""Whatever combination of facts is unknown, a message shows the others, and nothing that nobody said."""

from hypothesis import given
from hypothesis import strategies as st

from happenings import AT, sent, waiting
from shipbell.domain.catalog import EVENT_TYPES, SERVICES
from shipbell.domain.compose import compose
from shipbell.domain.events import Actor, Event, Gate, Issues, Run, Subject, Trigger
from shipbell.domain.subscriptions import Format, Locale

UNSAID = st.sampled_from([None, "", " \u200b"])
WORDS = UNSAID | st.sampled_from(["x", "FAILED", "#7"])
LINKS = UNSAID | st.sampled_from(["https://ci.example.com/1", "javascript:alert(1)"])
TIMES = st.none() | st.just(AT)
EVENTS = st.builds(
    Event,
    id=st.just("an-id"),
    type=st.sampled_from(sorted(EVENT_TYPES)),
    time=st.just(AT),
    subject=st.builds(Subject, name=st.just("subject"), url=LINKS),
    run=st.builds(Run, number=WORDS, status=WORDS, description=WORDS, url=LINKS, started_at=TIMES, finished_at=TIMES),
    actor=st.none() | st.builds(Actor, name=WORDS.map(lambda word: word or "")),
    trigger=st.none() | st.builds(Trigger, kind=WORDS, branch=WORDS, tag=WORDS, commit=WORDS),
    gate=st.none() | st.sampled_from(Gate),
    issues=st.none() | st.builds(Issues, total=st.none() | st.just(0)),
    project_name=WORDS,
)


def said(*words: str | None) -> bool:
    """Whether one of them is more than space."""
    return any(word and word.strip(" \u200b") for word in words)


def known(event: Event) -> set[str]:
    """The fields that DESIGN 1.2 shows of this event, whatever its service."""
    run, trigger = event.run, event.trigger or Trigger()
    told = {
        "run_description": said(run.description),
        "title": said(run.description),
        "executed_by": event.actor is not None and said(event.actor.name),
        "trigger": said(trigger.kind, trigger.branch, trigger.tag, trigger.commit),
        "execution_time": run.started_at is not None,
        "running_status": said(run.status),
        "execution_result": said(run.status),
        "check_result": said(run.status),
        "gate_result": event.gate is not None,
        "issue_count": event.issues is not None and event.issues.total is not None,
        "execution_id": said(run.number),
    }
    always = {"pipeline_name", "application_name", "task_name", "repository", "project_name", "completion_time"}
    return always | {name for name, yes in told.items() if yes}


@given(EVENTS, st.sampled_from(Locale), st.sampled_from(Format))
def test_what_is_known_is_shown_and_nothing_else(event: Event, locale: Locale, form: Format) -> None:
    one = waiting(event, locale=locale, form=form)
    message = compose([one])
    assert [field.id for field in message.fields] == [
        name for name in SERVICES[EVENT_TYPES[event.type].service].field_ids if name in known(event)
    ]
    assert all(said(field.value) for field in message.fields)
    links = [url for url in (event.run.url, event.subject.url) if url and url.startswith("https://")]
    assert ([message.link.url] if message.link else []) == links[:1]
    content = sent(one).content
    assert content.count("https://ci.example.com/1") == len(links[:1])
    assert "None" not in content
    assert message.headline.count("subject") == 1
    assert message.headline.endswith(
        "subject" if not said(event.run.number) else f"#{(event.run.number or '').strip('#')}"
    )
