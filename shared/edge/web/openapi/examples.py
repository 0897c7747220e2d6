"""One example of each body that a route takes, by the route's name."""

from collections.abc import Mapping
from typing import Any, Final

_HERE: Final = {"provider_config_key": "google-mail", "connection_id": "c-1"}
_SYNC: Final = {**_HERE, "syncs": ["fetch-messages"]}
_LETTER: Final = {"to": "grace@acme.example", "subject": "Order 17", "body": "It is on its way."}
_TAGS: Final = {"end_user_id": "u1", "end_user_email": "ada@acme.example"}

BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /send": _LETTER,
    "POST /send/bulk": {"messages": [{**_LETTER, "idempotency_key": "order-17"}]},
    "POST /connect/sessions": {"tags": _TAGS, "allowed_integrations": ["google-mail"]},
    "POST /connect/sessions/reconnect": {"connection_id": "c-1", "integration_id": "google-mail"},
    "POST /connections": {
        "provider_config_key": "google-mail",
        "connection_id": "c-1",
        "credentials": {"type": "OAUTH2", "refresh_token": "a refresh token of Google's"},
        "tags": _TAGS,
    },
    "POST /connections/metadata": {**_HERE, "metadata": {"plan": "team"}},
    "PATCH /connections/metadata": {**_HERE, "metadata": {"plan": "team"}},
    "PATCH /connections/{connection_id}": {"tags": _TAGS, "sync": {"window": "30d"}},
    "PATCH /records/prune": {"until_cursor": "the cursor of a page", "limit": 100},
    "POST /sync/trigger": {**_SYNC, "sync_mode": "incremental"},
    "POST /sync/start": _SYNC,
    "POST /sync/pause": _SYNC,
    "PUT /sync/update-connection-frequency": {
        **_HERE,
        "sync_name": "fetch-messages",
        "frequency": "every hour",
    },
    "POST /sync/audit": _HERE,
    "POST /action/trigger": {"action_name": "create-label", "input": {"name": "Orders"}},
    "POST /attachments/{message_id}/{part_id}/link": {"expires_in_s": 300},
    "POST /webhook-endpoints": {"url": "https://hooks.example.com/x", "types": ["sync", "send"]},
    "PATCH /webhook-endpoints/{id}": {"description": "Orders", "enabled": True},
    "POST /webhook-endpoints/{id}/rotate-secret": {"overlap_s": 3600},
    "POST /events/redeliver": {"since": "2026-03-02T09:30:00Z", "state": "dead"},
    "POST /api-keys": {
        "name": "mail agent",
        "permissions": ["mcp", "send"],
        "connections": ["c-1"],
        "policy": {"allowed_domains": ["acme.example"], "daily_sends": 20},
    },
    "POST /api-keys/{id}/rotate": {"overlap_hours": 24},
    "POST /approvals/{id}/reject": {"reason": "The price is wrong."},
}
