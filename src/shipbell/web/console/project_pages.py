"""The pages inside a project and those of the instance, as one tuple of routes; the more special path first."""

from starlette.routing import Route

from shipbell.web.console import (
    pages_admin,
    pages_audit,
    pages_deliveries,
    pages_events,
    pages_live,
    pages_members,
    pages_overview,
    pages_replay,
    pages_replay_many,
    pages_robots,
    pages_settings,
    pages_sources,
    pages_why,
)

ROUTES: tuple[Route, ...] = (
    *pages_overview.ROUTES,
    *pages_replay.ROUTES,
    *pages_replay_many.ROUTES,
    *pages_live.ROUTES,
    *pages_deliveries.ROUTES,
    *pages_events.ROUTES,
    *pages_why.ROUTES,
    *pages_sources.ROUTES,
    *pages_robots.ROUTES,
    *pages_members.ROUTES,
    *pages_settings.ROUTES,
    *pages_audit.ROUTES,
    *pages_admin.ROUTES,
)
