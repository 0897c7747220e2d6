"""/connection: what older clients call /connections."""

from dataclasses import replace

from shared.edge.api import connection_import, connections

OLDER_NAME = "/connection"

ROUTES = tuple(
    replace(route, path=route.path.replace("/connections", OLDER_NAME, 1), documented=False)
    for route in (*connection_import.ROUTES, *connections.ROUTES)
)
"""The same functions under the same permissions; OpenAPI shows each under its one name."""
