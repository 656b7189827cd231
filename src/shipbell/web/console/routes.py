"""The pages inside a project and those of the instance, as one tuple of routes; the more special path first."""

from starlette.routing import Route

from shipbell.web.console.account import admin
from shipbell.web.console.history import deliveries, event_path, events, replay, replay_robot
from shipbell.web.console.project import audit, live, members, overview, robots, settings, sources

ROUTES: tuple[Route, ...] = (
    *overview.ROUTES,
    *replay.ROUTES,
    *replay_robot.ROUTES,
    *live.ROUTES,
    *deliveries.ROUTES,
    *events.ROUTES,
    *event_path.ROUTES,
    *sources.ROUTES,
    *robots.ROUTES,
    *members.ROUTES,
    *settings.ROUTES,
    *audit.ROUTES,
    *admin.ROUTES,
)
