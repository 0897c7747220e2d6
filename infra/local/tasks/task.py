"""One task of the stand-in: what a create request may say, and what the service shows of it."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.tasks.schema import problems

LARGEST = 100_000
FURTHEST = timedelta(days=30)
SHORTEST_DEADLINE, LONGEST_DEADLINE = timedelta(seconds=15), timedelta(minutes=30)
DEFAULT_DEADLINE = timedelta(minutes=10)
TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")
LONGEST_URL = 2083
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class RefusedError(Exception):
    """What Cloud Tasks answers instead: HTTP code, status and message."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(slots=True)
class TaskInQueue:
    """An HTTP task; `due` moves with every failed attempt."""

    name: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    service_account: str | None
    audience: str
    due: datetime
    scheduled: datetime
    created: datetime
    deadline: timedelta
    attempts: int = 0
    last_status: int = 0

    @property
    def task_id(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    def basic_view(self) -> dict[str, Any]:
        """Return the BASIC view: no body."""
        request: dict[str, Any] = {"url": self.url, "httpMethod": self.method}
        if self.headers:
            request["headers"] = dict(self.headers)
        if self.service_account is not None:
            token = {"serviceAccountEmail": self.service_account, "audience": self.audience}
            request["oidcToken"] = token
        shown: dict[str, Any] = {
            "name": self.name,
            "httpRequest": request,
            "scheduleTime": _timestamp(self.due),
            "createTime": _timestamp(self.created.replace(microsecond=0)),
            "dispatchDeadline": f"{self.deadline.total_seconds():g}s",
            "view": "BASIC",
        }
        return shown | ({"dispatchCount": self.attempts} if self.attempts else {})


def read_task(queue: str, raw: bytes, now: datetime) -> TaskInQueue:
    """Parse a create request; a task without a name gets a random one.

    Raises RefusedError with INVALID_ARGUMENT for what Cloud Tasks would not take.
    """
    _require(len(raw) <= LARGEST, "Task size too large")
    body = _json(raw)
    wrong = problems("CreateTaskRequest", body)
    _require(not wrong, "; ".join(wrong))
    task: dict[str, Any] = body.get("task", {})
    request: dict[str, Any] = task.get("httpRequest", {})
    _require("url" in request, "Task.httpRequest.url is required")
    name = task.get("name") or f"{queue}/tasks/{secrets.randbelow(10**19):019d}"
    _check_name(name, queue)
    _check_request(request)
    token = request.get("oidcToken", {})
    scheduled = _schedule(task, now)
    return TaskInQueue(
        name=name,
        method=request.get("httpMethod", "POST"),
        url=request["url"],
        headers=request.get("headers", {}),
        body=base64.b64decode(request.get("body", "")),
        service_account=token.get("serviceAccountEmail"),
        audience=token.get("audience", request["url"]),
        due=scheduled,
        scheduled=scheduled,
        created=now,
        deadline=_deadline(task),
    )


def _check_name(name: str, queue: str) -> None:
    parent, _, task_id = name.rpartition("/tasks/")
    _require(parent == queue, f"The queue name from request ('{queue}') must be the same")
    _require(bool(TASK_ID.fullmatch(task_id)), "Task ID must match [A-Za-z0-9_-]{1,500}")


def _check_request(request: Mapping[str, Any]) -> None:
    url = request["url"]
    _require(url.startswith(("http://", "https://")), "HttpRequest.url must be http or https")
    _require(len(url) <= LONGEST_URL, "HttpRequest.url is too long")
    method = request.get("httpMethod", "POST")
    _require(
        "body" not in request or method in WITH_BODY, f"HTTP Body not allowed with method {method}"
    )
    _require("oauthToken" not in request, "OAuth tokens are not issued by this stand-in")
    if "oidcToken" in request:
        account = request["oidcToken"].get("serviceAccountEmail", "")
        _require("@" in account, "OidcToken.serviceAccountEmail must be an e-mail address")


def _schedule(task: Mapping[str, Any], now: datetime) -> datetime:
    if "scheduleTime" not in task:
        return now
    asked = datetime.fromisoformat(task["scheduleTime"][:26].rstrip("Z")).replace(tzinfo=UTC)
    _require(asked <= now + FURTHEST, "The scheduleTime must be within 30 days")
    return max(now, asked)


def _deadline(task: Mapping[str, Any]) -> timedelta:
    if "dispatchDeadline" not in task:
        return DEFAULT_DEADLINE
    deadline = timedelta(seconds=float(task["dispatchDeadline"].rstrip("s")))
    _require(
        SHORTEST_DEADLINE <= deadline <= LONGEST_DEADLINE,
        "The dispatchDeadline must be between 15s and 1800s",
    )
    return deadline


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    _require(isinstance(body, dict), "Invalid JSON payload received.")
    found: dict[str, Any] = body
    return found


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RefusedError(400, "INVALID_ARGUMENT", message)


def _timestamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
