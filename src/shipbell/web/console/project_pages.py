"""The pages inside a project, as one tuple of routes."""

from starlette.routing import Route

ROUTES: tuple[Route, ...] = ()
