"""One customer's key on another's connection, over every route that the description names."""

import json
from typing import Any

import httpx

from tests.security.described import Operation, operations
from tests.security.tenants import Tenants

KEYED = [one for one in operations() if one.keyed]
LAST = ("DELETE /connections/{connection_id}", "DELETE /api-keys/{id}")


async def ask(client: httpx.AsyncClient, one: Operation, who: Tenants, **query: Any) -> Any:
    """Send the operation, naming the victim in header, path, query and body alike."""
    body = one.body(who.victim)
    return await client.request(
        one.method,
        one.address(who.victim),
        params={**one.query(who.victim), **query},
        headers={
            "Connection-Id": who.ada.id,
            "Provider-Config-Key": "google-mail",
            "Content-Type": "application/json",
        },
        content=None if body is None else json.dumps(body).encode(),
    )


def code_of(answer: httpx.Response) -> str | None:
    try:
        code: str | None = answer.json()["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code


async def test_no_route_shows_or_changes_what_is_another_tenants(tenants: Tenants) -> None:
    before, _ = tenants.holdings(), await tenants.harness.tasks()
    assert len(before) > 5
    for one in KEYED:
        answer = await ask(tenants.attacker, one, tenants)
        assert answer.status_code < 500, (one.name, answer.text)
        assert not [s for s in tenants.secrets if s in answer.text], (one.name, answer.text)
        if one.needs_connection:
            assert code_of(answer) in {"unknown_connection", "invalid_body"}, (
                one.name,
                answer.text,
            )
        assert tenants.holdings() == before, one.name
        tasks = [body for _, body in await tenants.harness.tasks()]
        assert tenants.ada.id not in str(tasks), one.name


async def test_a_route_cannot_be_talked_into_it_by_naming_two_connections(
    tenants: Tenants,
) -> None:
    """One's own connection in the header, another's in query, path and body."""
    before = tenants.holdings()
    for one in KEYED:
        tenants.attacker.headers["X-Probe"] = one.name.encode().hex()
        body = one.body(tenants.victim)
        for extra in ({}, {"connection_id": tenants.ada.id}, {"connectionId": tenants.ada.id}):
            answer = await tenants.attacker.request(
                one.method,
                one.address(tenants.victim),
                params={**one.query(tenants.victim), **extra},
                headers={"Connection-Id": tenants.ben.id, "Content-Type": "application/json"},
                content=None if body is None else json.dumps(body).encode(),
            )
            assert not [s for s in tenants.secrets if s in answer.text], (one.name, answer.text)
        assert tenants.holdings() == before, one.name


async def test_the_same_requests_of_the_owner_are_answered(tenants: Tenants) -> None:
    """Otherwise the attack would prove nothing: its requests must be sound ones."""
    answered = []
    for one in sorted(KEYED, key=lambda one: one.name in LAST):
        answer = await ask(tenants.owner, one, tenants)
        assert code_of(answer) != "unknown_connection", one.name
        if answer.is_success:
            answered.append(one.name)
    assert len(answered) > len(KEYED) * 0.6, sorted({one.name for one in KEYED} - {*answered})


async def test_a_listing_of_everything_is_a_listing_of_ones_own(tenants: Tenants) -> None:
    listings = ("/connections", "/sync/status", "/operations", "/events", "/approvals")
    for path in (*listings, "/webhook-endpoints"):
        answer = await tenants.attacker.get(path)
        assert not [s for s in (*tenants.secrets, tenants.ada.id) if s in answer.text], path
