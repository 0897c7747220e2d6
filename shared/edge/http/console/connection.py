"""One connection."""

from shared.edge.http.routes import Route

ROUTES: tuple[Route, ...] = ()
