"""After a deployment: whether every private entry refuses a forged token (FACTS 7.3).

A function that only reads the claims of a token is safe behind IAM and open to all without
it, and it cannot tell which it is. So the answer is looked for from outside: a token with all the
right claims, and a signature that is none, must get 401 or 403 at every private path.
"""

import json
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from shared.adapters.google.http_client import new_http_client
from shared.adapters.google.id_tokens import SIGNATURE_REMOVED
from shared.commands.environment import container_of_environment
from shared.domain.base64url import encode_base64url
from shared.edge.settings.deployment import Settings
from shared.edge.table import whole_table
from shared.edge.web.routes import Access, Route

SUMMARY = "send forged tokens to every private entry and require 401 or 403"
REFUSED = frozenset({401, 403})
TIMEOUT_S = 20.0
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Finding:
    """What one forged request was answered; status 0 means that no server answered."""

    address: str
    forgery: str
    status: int

    @property
    def is_refused(self) -> bool:
        """Whether it was answered as a forgery must be."""
        return self.status in REFUSED


async def try_forged_tokens(client: httpx.AsyncClient, settings: Settings) -> list[Finding]:
    """Return what each private route made of each forgery; all must be `is_refused`."""
    findings = []
    for route in whole_table():
        if route.access in {Access.PUSH, Access.TASKS, Access.SCHEDULER}:
            address = (settings.task_url(route.path) or settings.public_url) + route.path
            for name, token in forgeries(_claims(route, settings)).items():
                status = await _status(client, route.method, address, token)
                findings.append(Finding(address, name, status))
    return findings


def forgeries(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return tokens that claim everything and prove nothing."""
    body = _part(claims)
    signed = f"{_part({'alg': 'RS256', 'kid': 'forged', 'typ': 'JWT'})}.{body}"
    return {
        "made-up signature": f"{signed}.{_part({'not': 'a signature'})}",
        "signature said to be removed": f"{signed}.{SIGNATURE_REMOVED}",
        "unsigned": f"{_part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
    }


def _claims(route: Route, settings: Settings) -> dict[str, Any]:
    """Return the claims that the route would accept, were they Google's."""
    own = settings.task_url(route.path)
    account, audience = {
        Access.PUSH: (settings.push_service_account, settings.push_audience),
        Access.TASKS: (settings.tasks_service_account, own or settings.tasks_audience),
        Access.SCHEDULER: (settings.scheduler_service_account, own or settings.tasks_audience),
    }[Access(route.access)]
    now = int(time.time())
    return {
        "iss": "https://accounts.google.com",
        "aud": audience,
        "email": account,
        "email_verified": True,
        "sub": "1",
        "iat": now,
        "exp": now + HOUR_S,
    }


def _part(content: Mapping[str, Any]) -> str:
    return encode_base64url(json.dumps(content).encode())


async def _status(client: httpx.AsyncClient, method: str, address: str, token: str) -> int:
    try:
        answer = await client.request(
            method,
            address,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            content=b"{}",
            timeout=TIMEOUT_S,
        )
    except httpx.HTTPError:
        return 0
    return answer.status_code


def options(_parser: ArgumentParser) -> None:
    """Describe the arguments: there are none."""


async def run(_arguments: Namespace) -> int:
    """Print every finding; 1 where a forgery was not refused."""
    unused = frozenset({"OAUTH_CLIENT_SECRET", "KEYRING", "GMAIL_TOPIC"})
    async with container_of_environment(without=unused) as container, new_http_client() as client:
        findings = await try_forged_tokens(client, container.settings)
    _report(findings)
    return 0 if all(finding.is_refused for finding in findings) else 1


def _report(findings: Sequence[Finding]) -> None:
    for one in findings:
        verdict = "refused" if one.is_refused else "NOT REFUSED" if one.status else "NO ANSWER"
        print(f"{verdict:11}  {one.status or '---'}  {one.address}  ({one.forgery})")
