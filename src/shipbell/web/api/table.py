"""The table of operations: every address of the API, who may use it, what it takes and answers."""

from shipbell.domain.access import Action, Reach
from shipbell.web.api import (
    audit,
    bodies,
    members,
    past,
    people,
    projects,
    shapes,
    shapes_past,
    sources,
    subscriptions,
    words,
)
from shipbell.web.api.operation import Operation
from shipbell.web.api.queries import AUDIT, DELIVERIES, EVENTS, PAGED, REPLAY, WHY

_PROJECT = "/projects/{key}"
_MEMBER = f"{_PROJECT}/members/{{user}}"
_SOURCE = f"{_PROJECT}/sources/{{id}}"
_SUBSCRIPTION = f"{_PROJECT}/subscriptions/{{id}}"

_WORDS = (
    Operation(
        method="GET", path="/catalog", action=Reach.SIGNED_IN, handler=words.catalog, reply=shapes.CatalogShape,
        about="What a subscription can choose from: services, event types, content fields, with labels",
    ),
    Operation(
        method="GET", path="/regions", action=Reach.SIGNED_IN, handler=words.regions, query=PAGED,
        reply=shapes.Listed[shapes.RegionShape], about="The regions, and which channels are offered there",
    ),
)  # fmt: skip

_PROJECTS = (
    Operation(
        method="GET", path="/projects", action=Reach.SIGNED_IN, handler=projects.every, query=PAGED,
        reply=shapes.Listed[shapes.ProjectShape], about="The projects that one may see",
    ),
    Operation(
        method="POST", path="/projects", action=Action.CREATE_PROJECT, handler=projects.create, status=201,
        body=bodies.ProjectBody, reply=shapes.ProjectShape, refusals=(409,), about="Make a project",
    ),
    Operation(
        method="GET", path=_PROJECT, action=Action.LOOK, handler=projects.look, reply=shapes.ProjectShape,
        about="One project",
    ),
    Operation(
        method="PUT", path=_PROJECT, action=Action.CHANGE_PROJECT, handler=projects.replace, versioned=True,
        body=bodies.ProjectChange, reply=shapes.ProjectShape, about="Replace a project's name, region and zone",
    ),
    Operation(
        method="PATCH", path=_PROJECT, action=Action.CHANGE_PROJECT, handler=projects.patch, versioned=True,
        body=bodies.ProjectChange, reply=shapes.ProjectShape, about="Change a project's name, region or zone",
    ),
    Operation(
        method="DELETE", path=_PROJECT, action=Action.DELETE_PROJECT, handler=projects.delete, status=204,
        versioned=True, about="End a project with all that belongs to it",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/members", action=Action.LOOK, handler=members.every, query=PAGED,
        reply=shapes.Listed[shapes.MemberShape], about="The members of a project",
    ),
    Operation(
        method="GET", path=_MEMBER, action=Action.LOOK, handler=members.look, reply=shapes.MemberShape,
        about="One member",
    ),
    Operation(
        method="PUT", path=_MEMBER, action=Action.CHANGE_MEMBERS, handler=members.put, versioned=True,
        body=bodies.MemberBody, reply=shapes.MemberShape,
        about="Give a user a role; 201 when it is a new member",
    ),
    Operation(
        method="DELETE", path=_MEMBER, action=Action.CHANGE_MEMBERS, handler=members.delete, status=204,
        versioned=True, about="Take a user's role",
    ),
)  # fmt: skip

_SOURCES = (
    Operation(
        method="GET", path=f"{_PROJECT}/sources", action=Action.LOOK, handler=sources.every, query=PAGED,
        reply=shapes.Listed[shapes.SourceShape], about="The sources of a project",
    ),
    Operation(
        method="POST", path=f"{_PROJECT}/sources", action=Action.CHANGE_SOURCES, handler=sources.create, status=201,
        body=bodies.SourceBody, reply=shapes.SourceShape, refusals=(409,),
        about="Make a source; without a secret one is made up and told in this reply alone",
    ),
    Operation(
        method="GET", path=_SOURCE, action=Action.LOOK, handler=sources.look, reply=shapes.SourceShape,
        about="One source",
    ),
    Operation(
        method="PUT", path=_SOURCE, action=Action.CHANGE_SOURCES, handler=sources.replace, versioned=True,
        body=bodies.SourceBody, reply=shapes.SourceShape, refusals=(409,), about="Replace a source",
    ),
    Operation(
        method="PATCH", path=_SOURCE, action=Action.CHANGE_SOURCES, handler=sources.patch, versioned=True,
        body=bodies.SourceChange, reply=shapes.SourceShape, refusals=(409,), about="Change a source",
    ),
    Operation(
        method="DELETE", path=_SOURCE, action=Action.CHANGE_SOURCES, handler=sources.delete, status=204,
        versioned=True, about="End a source; what it sent stays until retention",
    ),
    Operation(
        method="POST", path=f"{_SOURCE}/rotate", action=Action.CHANGE_SOURCES, handler=sources.rotate,
        versioned=True, body=bodies.RotateBody, echo=bodies.RotateBody, reply=shapes.SourceShape,
        about="Give a source a new secret, told in this reply alone; the old one works for `overlap_hours` (24) more",
    ),
    Operation(
        method="GET", path=f"{_SOURCE}/calls", action=Action.LOOK, handler=sources.calls, query=PAGED,
        reply=shapes.Listed[shapes.CallShape], about="What knocked at the source's door, refused calls too",
    ),
)  # fmt: skip

_SUBSCRIPTIONS = (
    Operation(
        method="GET", path=f"{_PROJECT}/subscriptions", action=Action.LOOK, handler=subscriptions.every, query=PAGED,
        reply=shapes.Listed[shapes.SubscriptionShape], about="The subscriptions of a project",
    ),
    Operation(
        method="POST", path=f"{_PROJECT}/subscriptions", action=Action.CHANGE_SUBSCRIPTIONS, status=201,
        handler=subscriptions.create, body=bodies.SubscriptionBody, reply=shapes.SubscriptionShape, refusals=(409,),
        about="Make a subscription",
    ),
    Operation(
        method="POST", path=f"{_PROJECT}/subscriptions/test", action=Action.TEST, refusals=(409,),
        handler=subscriptions.test_unsaved, body=bodies.TrialBody, echo=shapes.SubscriptionShape,
        reply=shapes.VerdictShape,
        about="Send a test message for a subscription that is not saved; answers within 20 s",
    ),
    Operation(
        method="GET", path=_SUBSCRIPTION, action=Action.LOOK, handler=subscriptions.look,
        reply=shapes.SubscriptionShape, about="One subscription",
    ),
    Operation(
        method="PUT", path=_SUBSCRIPTION, action=Action.CHANGE_SUBSCRIPTIONS, handler=subscriptions.replace,
        versioned=True, body=bodies.SubscriptionBody, reply=shapes.SubscriptionShape, refusals=(409,),
        about="Replace a subscription; its masked URL, sent back, stays",
    ),
    Operation(
        method="PATCH", path=_SUBSCRIPTION, action=Action.CHANGE_SUBSCRIPTIONS, handler=subscriptions.patch,
        versioned=True, body=bodies.SubscriptionChange, reply=shapes.SubscriptionShape, refusals=(409,),
        about="Change a subscription",
    ),
    Operation(
        method="DELETE", path=_SUBSCRIPTION, action=Action.CHANGE_SUBSCRIPTIONS, handler=subscriptions.delete,
        status=204, versioned=True, about="End a subscription; what waits for it is cancelled",
    ),
    Operation(
        method="POST", path=f"{_SUBSCRIPTION}/test", action=Action.TEST, handler=subscriptions.test_saved,
        reply=shapes.VerdictShape, refusals=(409,),
        about="Send a test message for a subscription, on or off; answers within 20 s",
    ),
)  # fmt: skip

_PAST = (
    Operation(
        method="GET", path=f"{_PROJECT}/events", action=Action.LOOK, handler=past.events, query=EVENTS,
        reply=shapes.Listed[shapes_past.EventShape], about="The events of a project, the newest first",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/events/{{id}}", action=Action.LOOK, handler=past.event,
        reply=shapes_past.EventShape, about="One event, by our id or by its tool's own",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/events/{{id}}/why", action=Action.LOOK, handler=past.why,
        query=WHY, reply=shapes_past.WhyShape,
        about="What became of an event, rule by rule, for each subscription",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/deliveries", action=Action.LOOK, handler=past.deliveries,
        query=DELIVERIES, reply=shapes.Listed[shapes_past.DeliveryShape],
        about="The deliveries of a project, the newest first",
    ),
    Operation(
        method="POST", path=f"{_PROJECT}/deliveries/replay", action=Action.REPLAY, handler=past.replay_many,
        body=bodies.ReplayBody, echo=bodies.ReplayBody, reply=shapes_past.ReplayedShape, query=REPLAY,
        about="Send many deliveries again, all dead ones unless the body says which; at most 10,000 a call, "
        "and `next` leads to the rest",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/deliveries/{{id}}", action=Action.LOOK, handler=past.delivery,
        reply=shapes_past.DeliveryWholeShape, about="One delivery with its event and attempts",
    ),
    Operation(
        method="POST", path=f"{_PROJECT}/deliveries/{{id}}/replay", action=Action.REPLAY, handler=past.replay_one,
        reply=shapes_past.DeliveryWholeShape, refusals=(409,), about="Send one delivery again",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/robots", action=Action.LOOK, handler=past.robots, query=PAGED,
        reply=shapes.Listed[shapes_past.RobotShape], about="The robots of a project with their budgets",
    ),
    Operation(
        method="GET", path=f"{_PROJECT}/robots/{{id}}", action=Action.LOOK, handler=past.robot,
        reply=shapes_past.RobotShape, about="One robot",
    ),
    Operation(
        method="POST", path=f"{_PROJECT}/robots/{{id}}/reopen", action=Action.REOPEN, handler=past.reopen,
        reply=shapes_past.RobotShape, about="Open a robot that is failing or closed",
    ),
)  # fmt: skip

_PEOPLE = (
    Operation(
        method="GET", path="/users", action=Action.MANAGE_USERS, handler=people.users, query=PAGED,
        reply=shapes.Listed[shapes.UserShape], about="The accounts",
    ),
    Operation(
        method="POST", path="/users", action=Action.MANAGE_USERS, handler=people.create_user, status=201,
        body=bodies.UserBody, reply=shapes.UserShape, refusals=(409,), about="Make a local account",
    ),
    Operation(
        method="GET", path="/users/{id}", action=Action.MANAGE_USERS, handler=people.user, reply=shapes.UserShape,
        about="One account, by id or name",
    ),
    Operation(
        method="PUT", path="/users/{id}", action=Action.MANAGE_USERS, handler=people.replace_user, versioned=True,
        body=bodies.UserChange, reply=shapes.UserShape, refusals=(409,), about="Replace what an account may do",
    ),
    Operation(
        method="PATCH", path="/users/{id}", action=Action.MANAGE_USERS, handler=people.patch_user, versioned=True,
        body=bodies.UserChange, reply=shapes.UserShape, refusals=(409,), about="Change an account",
    ),
    Operation(
        method="DELETE", path="/users/{id}", action=Action.MANAGE_USERS, handler=people.remove_user, status=204,
        versioned=True, refusals=(409,), about="End an account with its sessions and tokens",
    ),
    Operation(
        method="GET", path="/tokens", action=Reach.SIGNED_IN, handler=people.tokens, query=PAGED,
        reply=shapes.Listed[shapes.TokenShape], about="One's own tokens",
    ),
    Operation(
        method="POST", path="/tokens", action=Reach.SIGNED_IN, handler=people.create_token, status=201,
        body=bodies.TokenBody, echo=bodies.TokenBody, reply=shapes.TokenShape, refusals=(404,),
        about="Make a token of one's own, told in this reply alone",
    ),
    Operation(
        method="GET", path="/tokens/{id}", action=Reach.SIGNED_IN, handler=people.token, reply=shapes.TokenShape,
        about="One of one's own tokens",
    ),
    Operation(
        method="DELETE", path="/tokens/{id}", action=Reach.SIGNED_IN, handler=people.revoke_token, status=204,
        about="End one of one's own tokens",
    ),
    Operation(
        method="GET", path="/audit", action=Action.READ_AUDIT, handler=audit.audit, query=AUDIT,
        reply=shapes.Listed[shapes.AuditShape], refusals=(404,), about="Who changed what, the newest first",
    ),
    Operation(
        method="GET", path="/refused-sign-ins", action=Action.MANAGE_USERS, handler=audit.refused_sign_ins,
        query=PAGED, reply=shapes.Listed[shapes.RefusedShape],
        about="Sign-ins that failed of late, counted by name, network and minute, the newest first",
    ),
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = (*_WORDS, *_PROJECTS, *_SOURCES, *_SUBSCRIPTIONS, *_PAST, *_PEOPLE)
