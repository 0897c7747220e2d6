"""What a request's address may hold: the platform's request log would keep it (FACTS 18.7)."""

import re
from collections.abc import Iterator

import pytest

from shared.edge.settings.functions import FUNCTIONS, Function, Trigger
from shared.edge.table import ROUTES_OF
from shared.edge.web.routes import Route
from tests.infra.terraform.offline import TERRAFORM

SECRETS = frozenset({
    "code", "connect_session_token", "session_token", "state", "ticket", "token", "ws_client_id",
})  # fmt: skip
"""Of these alone a bearer may come in; `state` is also a filter of lists, where it is harmless."""
WORDS = frozenset(
    {
        *("end_user_id", "end_user_organization_id", "key", "path", "search", "tags"),
        *("message", "q", "subject", "from_", "to"),
    }
)
"""Words of mail, of searches and of end users: a key of a send may be the product's own words."""
HARMLESS = frozenset({
    "after", "api_url", "before", "connection_id", "cursor", "detect_closed", "error", "filter",
    "force_refresh", "format", "has", "id", "ids", "include", "integration_id", "iss", "label",
    "lang",
    "limit", "message_id", "model", "modified_after", "name", "offset", "order", "page", "part_id",
    "public_key",
    "refresh_github_app_jwt_token", "refresh_token", "sync", "syncs", "theme", "thread_id", "tools",
    "type", "unread", "v", "variant",
})  # fmt: skip
"""Ids, enumerations, counts and times; `refresh_token` asks whether, and holds none."""
CONSOLE = "/console"
"""Its pages read queries of their own: searches, filters, notices."""


def routes() -> Iterator[tuple[Function, Route]]:
    for function in FUNCTIONS:
        yield from ((function, route) for route in ROUTES_OF[function.name]())


def named(route: Route) -> set[str]:
    """Return the names of what the address of a request may hold."""
    query = route.query.model_fields if route.query else ()
    return {*re.findall(r"\{(\w+)", route.path), *query}


def telling() -> dict[str, set[str]]:
    """Return each function's paths that may hold a secret, or words of a person's."""
    found: dict[str, set[str]] = {}
    for function, route in routes():
        if named(route) & (SECRETS | WORDS) or route.path.startswith(CONSOLE):
            found.setdefault(function.name, set()).add(route.path)
    return found


def test_every_part_of_an_address_is_known_to_be_a_secret_words_or_harmless() -> None:
    """A new one has to be thought about."""
    parts = {name for _, route in routes() for name in named(route)}
    assert parts == SECRETS | WORDS | HARMLESS


@pytest.mark.parametrize(
    "path",
    [
        "/connect-ui", "/oauth/start", "/oauth/callback", "/oauth/connect/{name}",
        "/signed/attachments/{token}",
        "/proxy/gmail/v1/{path:path}", "/sends/{key:path}", "/connections", "/console/connections",
    ],
)  # fmt: skip
def test_what_is_known_to_tell_is_found(path: str) -> None:
    assert any(path in paths for paths in telling().values())


def test_of_functions_with_telling_addresses_the_platform_keeps_no_request_log() -> None:
    """Terraform drops it for the public ones, and the others take nothing in an address at all."""
    dropped = re.search(
        r"unlogged_services += \[.* if one\.trigger == \"public\"\]",
        (TERRAFORM / "routes.tf").read_text(),
    )
    assert dropped
    public = {one.name for one in FUNCTIONS if one.trigger is Trigger.PUBLIC}
    assert telling().keys() <= public
    for function, route in routes():
        if function.name not in public:
            assert not named(route), route.path
