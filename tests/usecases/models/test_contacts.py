"""The ready contacts sync against the emulated People API, over HTTP with a real token."""

from contextlib import asynccontextmanager
from typing import Any

import httpx

from infra.local.google.app import create_app
from infra.local.google.people import Contacts
from infra.local.google.settings import GoogleSettings
from shared.actions.ready.contacts import SYNC
from shared.adapters.google.apis import HttpGoogleApis
from shared.domain.connect.scopes import CONTACTS, MAIL
from tests.harness.google import EMAIL, IssuedTokens
from tests.harness.models import ModelHarness, model_harness, runner_of
from tests.usecases.models.test_own_code import person


@asynccontextmanager
async def addressed(*scopes: str) -> Any:
    """Open a mailbox whose owner has contacts at an emulated Google."""
    app = create_app(GoogleSettings(push_endpoint=None))
    people: Contacts = app.state.people.of(EMAIL)
    app.state.google.store.create_mailbox(EMAIL)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport) as http:
        tokens = IssuedTokens(app.state.google, scopes)
        apis: Any = HttpGoogleApis(http, tokens, "http://google.test")
        async with model_harness(SYNC, scopes=frozenset({MAIL, CONTACTS})) as harness:
            runner = runner_of(harness.mail, apis, SYNC)
            yield ModelHarness(harness.mail, runner, harness.control, apis), people


async def test_contacts_are_followed_through_changes_deletions_and_an_expired_token() -> None:
    """Whatever happened between two runs, the records are the user's contacts."""
    async with addressed(CONTACTS) as (harness, people):
        for number in range(1_205):
            people.put(person(number, emailAddresses=[{"value": f"p{number}@far.example"}]))
        await harness.run("sync-contacts")
        rows = await harness.rows("GoogleContact")
        assert len(rows) == 1_205
        assert rows["people/c7"]["emails"] == ["p7@far.example"]
        people.delete("people/c7")
        people.put(person(9_999))
        await harness.run("sync-contacts")
        rows = await harness.rows("GoogleContact")
        assert "people/c7" not in rows
        assert "people/c9999" in rows
        people.delete("people/c8")
        people.expire()
        await harness.run("sync-contacts")
        for _ in range(2):
            await harness.run("sync-contacts")
        assert "people/c8" not in await harness.rows("GoogleContact")


async def test_a_token_without_the_scope_waits_for_a_reconnect() -> None:
    """Google's refusal is told as a missing scope, and nothing is asked again meanwhile."""
    async with addressed("https://mail.google.com/") as (harness, _):
        await harness.run("sync-contacts")
        state = await harness.state("sync-contacts")
        assert (state.last_error, state.next_due_at) == ("missing_scope", None)
