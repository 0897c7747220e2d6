"""Provokes a recorded refusal, told apart by status, reason and message."""

import re
from collections.abc import Callable
from typing import Any, Final

import httpx

from infra.local.google.gmail.history import AHEAD
from tests.contracts.google.mailbox_to_match import ADA, TOPIC
from tests.contracts.google.recording import BY_NAME, Recording
from tests.infra.google.emulator import FULL, SCOPE, Google

UNKNOWN: Final = "18f00000000000ff"
Provoke = Callable[[Google, Recording], httpx.Response]


class NoProvocationError(Exception):
    """Nothing here makes the emulated Google refuse so."""


def provoke(google: Google, recording: Recording) -> httpx.Response:
    """Return the refusal. Raise NoProvocationError for one of an unknown kind."""
    error = recording.refusal or {}
    inner = error.get("errors", [{}])[0]
    message = error.get("message") or inner.get("message", "")
    told = f"{recording.status} {inner.get('reason', '')} {message}"
    google.mailbox(ADA)
    for pattern, act in PROVOCATIONS:
        if re.match(pattern, told):
            return act(google, recording)
    raise NoProvocationError(told)


def _called(
    google: Google,
    recording: Recording,
    *,
    scope: str = FULL,
    token: str | None = "",
    **query: str,
) -> httpx.Response:
    """Make the recorded call, or any where any would do, with ids that name nothing."""
    method = BY_NAME[recording.method or "getProfile"]
    path = method.path.replace("{userId}", "me")
    for name in ("{id}", "{messageId}"):
        path = path.replace(name, UNKNOWN)
    bodies = {"watch": {"topicName": TOPIC}, "drafts.send": {"id": "r-1234567890123456789"}}
    body = bodies.get(recording.method, {})
    given = google.token(ADA, (scope,)) if token == "" else token
    return google.http.request(
        method.verb,
        path,
        params={**recording.query, **query},
        json=None if method.verb == "GET" else body,
        headers={"Authorization": f"Bearer {given}"} if given else {},
    )


def _fault(name: str) -> Provoke:
    def act(google: Google, recording: Recording) -> httpx.Response:
        google.token(ADA)
        google.fault(name, email=ADA)
        return _called(google, recording)

    return act


def _query(**query: str) -> Provoke:
    return lambda google, recording: _called(google, recording, **query)


def _token(token: str | None) -> Provoke:
    return lambda google, recording: _called(google, recording, token=token)


def _scope(name: str) -> Provoke:
    return lambda google, recording: _called(google, recording, scope=f"{SCOPE}{name}")


def _spent(google: Google, recording: Recording) -> httpx.Response:
    google.token(ADA)
    google.control("POST", "/quota", json={"units_per_minute": 1})
    _called(google, recording)
    return _called(google, recording)


def _not_here(google: Google, recording: Recording) -> httpx.Response:
    if recording.method != "history.list":
        return _called(google, recording)
    current = int(google.call(ADA, "GET", "me/profile").json()["historyId"])
    start = current + AHEAD if "ahead" in recording.told["case"] else 1
    return _called(google, recording, startHistoryId=str(start))


def _conflict(google: Google, recording: Recording) -> httpx.Response:
    google.call(ADA, "POST", "me/labels", json={"name": "Taken"})
    return google.call(ADA, "POST", "me/labels", json={"name": "Taken"})


def _someone_else(google: Google, _recording: Recording) -> httpx.Response:
    return google.call(ADA, "GET", "ben@demo.example/profile")


def _bad_id(google: Google, _recording: Recording) -> httpx.Response:
    return google.call(ADA, "GET", "me/messages/zzz")


def _nothing_to_change(google: Google, _recording: Recording) -> httpx.Response:
    made = google.deliver(ADA, b"Subject: s\r\n\r\nx")
    return google.call(ADA, "POST", f"me/messages/{made['id']}/modify", json={})


def _with_settings(google: Google, verb: str, path: str, body: Any = None) -> httpx.Response:
    scopes = (FULL, f"{SCOPE}settings.basic", f"{SCOPE}settings.sharing")
    headers = {"Authorization": f"Bearer {google.token(ADA, scopes)}"}
    url = f"/gmail/v1/users/me/settings/{path}"
    return google.http.request(verb, url, headers=headers, json=body)


def _undelegated(google: Google, _recording: Recording) -> httpx.Response:
    google.token(ADA)
    google.fault("not_delegated", email=ADA)
    return _with_settings(google, "POST", "sendAs", {"sendAsEmail": "bob@far.example"})


def _client_side_encryption(google: Google, recording: Recording) -> httpx.Response:
    if ".cse." not in recording.method:
        raise NoProvocationError(recording.name)
    return _with_settings(google, "GET", "cse/identities")


def _forwarding(google: Google, _recording: Recording) -> httpx.Response:
    action = {"forward": "bob@far.example"}
    body = {"criteria": {"from": "maya"}, "action": action}
    return _with_settings(google, "POST", "filters", body)


def _gmails_own_label(google: Google, recording: Recording) -> httpx.Response:
    verb = "DELETE" if "delete" in str(recording.refusal) else "PATCH"
    return google.call(ADA, verb, "me/labels/INBOX", json={"name": "Mine"})


def _label(name: str, **color: str) -> Provoke:
    body = {"name": name, **({"color": color} if color else {})}
    return lambda google, _recording: google.call(ADA, "POST", "me/labels", json=body)


def _too_many(google: Google, _recording: Recording) -> httpx.Response:
    body = {"ids": [UNKNOWN] * 1_001, "addLabelIds": ["STARRED"]}
    return google.call(ADA, "POST", "me/messages/batchModify", json=body)


def _addressed_to_nobody(google: Google, _recording: Recording) -> httpx.Response:
    return google.call(ADA, "POST", "me/messages/send", json={"raw": "U3ViamVjdDogcw0KDQp4"})


PROVOCATIONS: Final[tuple[tuple[str, Provoke], ...]] = (
    ("401 required", _token(None)),
    ("401 authError", _token("ya29.expired")),
    ("403 insufficientPermissions", _scope("send")),
    ("403 forbidden Metadata scope does not support", _scope("metadata")),
    ("403 forbidden Delegation denied", _someone_else),
    ("403 forbidden Access restricted to service accounts", _undelegated),
    ("403 forbidden Metadata scope doesn't allow", _scope("metadata")),
    ("403 forbidden", _client_side_encryption),
    ("403 accessNotConfigured", _fault("api_disabled")),
    ("403 domainPolicy", _fault("domain_policy")),
    ("403 rateLimitExceeded", _spent),
    ("403 userRateLimitExceeded", _fault("status_403_rate")),
    ("429 rateLimitExceeded Too many concurrent", _fault("too_many_concurrent")),
    (r"429 .*Mail sending", _fault("status_429_long")),
    ("429 ", _fault("status_429")),
    ("404 notFound", _not_here),
    ("400 invalidArgument Only one user push", _fault("watch_conflict")),
    ("400 invalidArgument Invalid pageToken", _query(pageToken="abc")),
    ("400 invalidArgument Invalid label name", _label("Muted")),
    (
        "400 invalidArgument Label color",
        _label("Blue", backgroundColor="#41236D", textColor="#ffffff"),
    ),
    ("400 invalidArgument Number of ids cannot exceed", _too_many),
    ("400 invalidArgument Invalid label", _query(labelIds="Label_404")),
    ("400 invalidArgument Invalid id", _bad_id),
    ("400 invalidArgument No label add", _nothing_to_change),
    ("400 invalidArgument Invalid maxResults", _query(maxResults="0")),
    ("400 invalidArgument Missing required parameter: startHistoryId", _query()),
    ("400 invalid Invalid value at", _query()),
    ("400 invalidArgument Invalid (delete|update) request", _gmails_own_label),
    ("400 invalidArgument Recipient address required", _addressed_to_nobody),
    ("400 failedPrecondition Mail service not enabled", _fault("mail_not_enabled")),
    ("400 failedPrecondition Precondition check failed", _fault("precondition")),
    ("400 failedPrecondition Unrecognized forwarding address", _forwarding),
    ("409 aborted", _conflict),
    ("500 ", _fault("status_500")),
    ("503 ", _fault("status_503")),
)
"""The first whose pattern fits `status reason message`."""
