"""The page `shared/docs/from-nango.md`, written from what a run of the clients came to."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.actions.loading import actions, ready_sync
from shared.actions.present import READY
from shared.domain.models.sync import models_of
from tests.interop.calls import CALLS, NO_ANSWER, Seen
from tests.interop.schemas import Schemas

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "shared" / "docs" / "from-nango.md"
CASES: Final = ROOT / "tests" / "cases"
GMAIL_ONLY: Final = "Gmail only: any other host is refused"
DIFFERENT: Final[Mapping[str, str]] = {
    "listProviders": "one provider, a constant",
    "getProvider": "one provider, a constant",
    "listIntegrations": "one integration, a constant, under each of its names",
    "getIntegration": "a constant; its OAuth client is not shown",
    "createConnectSession": "other integrations may be named beside ours and are left alone",
    "getConnection": "more beside it: `status`, `scopes`, `watch`, `sync`, `error`",
    "deleteConnection": "answers at once, ends in the background, with a receipt",
    "listRecords": "a deleted message stays as a tombstone; `from`, `to` are `{name, email}`, but "
    "for the model that `sync_alias` names",
    "syncStatus": "more beside it: `progress`, `coverage`, `quarantined`, `error`",
    "getEnvironmentVariables": "none: they are settings of the deployment",
    "triggerAction": "`send-email` answers 202 with a `statusUrl` where Gmail is slow",
    "proxy": GMAIL_ONLY,
    "get": GMAIL_ONLY,
    "post": f"{GMAIL_ONLY}; `watch` and `stop` are answered of the one watch",
    "put": GMAIL_ONLY,
    "patch": GMAIL_ONLY,
    "delete": f"{GMAIL_ONLY}; for good needs `https://mail.google.com/`",
    "verifyWebhookSignature": "where the endpoint has `flavour: nango`",
    "verifyIncomingWebhookRequest": "with no option of ours where the endpoint has `flavour: "
    "nango`, else with `webhookSigningKey`",
}
"""What is other in a method that is served."""
FIELDS: Final = {"authWebhook": "auth", "syncWebhook": "sync", "asyncActionWebhook": "async_action"}
SYNCS: Final[Mapping[str, str]] = {
    "emails": "other: the mailbox's own sync, by `POSTROOM_SYNC_ALIAS=emails/GmailEmail`",
    "messages": "other: `fetch-messages`, model `EmailMessage`",
}
HEAD: Final = """# From Nango

What code that was written for Nango meets here, call by call: `same`, `other` (and how), or `absent` (and what stands in its place). A test runs every method of the clients named below against a whole Postroom, reads the webhooks that it sent, and compares this page with what it found: `POSTROOM_WRITE_PAGES=1 .venv/bin/python -m pytest tests/interop/test_from_nango.py` writes it anew.

To begin: change `host` and `secretKey`; let the operator set `integration_aliases` (`gmail`, where your code does not say `google-mail`) and `sync_alias` (`emails/GmailEmail`), and register your receiver with `flavour: "nango"` and the `secret` that it verifies with, which is the secret key where your code has one key for all. Eleven small programs in `tests/interop/programs` and a page in `tests/browser/test_nango_auth.py` are run that way.
"""  # noqa: E501  prose is not wrapped


WEBHOOKS: Final = """
## Webhooks

Fields of `@nangohq/types` {}; what is sent beside them is in [the API](api.md#72-bodies).
"""
TEMPLATES: Final = """
## Templates

Of the published Gmail integration. Actions take its fields and answer with its names, beside ours.
"""


@dataclass(frozen=True)
class Found:
    """What a run came to."""

    methods: Mapping[str, Mapping[str, Seen]]
    """By version, then method."""
    frontends: Sequence[str]
    absent_in_frontend: Mapping[str, str]
    """By method of the frontend, what serves instead."""
    bodies: Sequence[Mapping[str, Any]]
    """Webhooks that were sent."""


def rendered(found: Found, schemas: Schemas) -> str:
    """Return the page."""
    newest = [*found.methods][-1]
    parts = [
        HEAD,
        f"## `@nangohq/node`\n\nTried in {_listed(found.methods)}.\n",
        _table(("method", "in clients", ""), _methods(found.methods)),
        f"\n## `@nangohq/frontend`\n\nTried in {_listed(found.frontends)}.\n",
        _table(("method", ""), _frontend(found)),
        WEBHOOKS.format(newest),
        _table(("type", "field", ""), _fields(found.bodies, schemas)),
        TEMPLATES,
        _table(("template", ""), _templates()),
    ]
    return "\n".join(parts) + "\n"


def _methods(found: Mapping[str, Mapping[str, Seen]]) -> Iterable[tuple[str, ...]]:
    for method in CALLS:
        versions = [version for version, seen in found.items() if method in seen]
        verdicts = {_verdict(method, found[version][method]) for version in versions}
        assert len(verdicts) == 1, (method, verdicts)
        every = "all" if len(versions) == len(found) else ", ".join(versions)
        yield f"`{method}`", every, verdicts.pop()


def _verdict(method: str, seen: Seen) -> str:
    if seen.instead == NO_ANSWER:
        return "absent: the client itself refuses it"
    if not seen.served:
        return f"absent: {_quoted_call(seen.instead)}"
    return f"other: {DIFFERENT[method]}" if method in DIFFERENT else "same"


def _frontend(found: Found) -> Iterable[tuple[str, str]]:
    yield "`openConnectUI`", "same, with this host as `baseURL` and `apiURL`"
    yield "`auth`", "same with a session token; a public key fails at once and is told why"
    yield "`reconnect`", "same, with the token of a reconnect session"
    for method, instead in found.absent_in_frontend.items():
        yield f"`{method}`", f"absent: {_quoted_call(instead)}"


def _fields(bodies: Sequence[Mapping[str, Any]], schemas: Schemas) -> Iterable[tuple[str, ...]]:
    for name, type in FIELDS.items():
        sent = [one for one in bodies if one["type"] == type]
        assert sent, type
        for field in schemas.fields(name):
            held = any(field in one for one in sent)
            yield type, f"`{field}`", "same" if held else "absent: nothing here has it"
    yield "forward", "all", "absent: Gmail's pushes end here, and `sync` tells what they led to"


def _templates() -> Iterable[tuple[str, str]]:
    recorded = json.loads((CASES / "template_actions.json").read_text())
    for name in sorted(recorded):
        verdict = "same" if recorded[name] else "same name; its fields were not recorded"
        yield f"action `{name}`", verdict if name in actions() else "absent: the proxy"
    ready = {one: ready_sync(one) for one in READY}
    for name in sorted({*json.loads((CASES / "nango-models.json").read_text()), *SYNCS}):
        if name in SYNCS:
            yield f"sync `{name}`", SYNCS[name]
        else:
            row = ready[name]
            (model,) = models_of(row)
            yield f"sync `{name}`", f"other name: `{row.name}`, model `{model}`, a ready sync"


def _quoted_call(instead: str) -> str:
    return f"`{instead}`" if "/" in instead and " in " not in instead else instead


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(one)} |" for one in lines) + "\n"
