"""The parts one emulated Google is made of."""

import sqlite3
from dataclasses import dataclass

import httpx

from infra.local.google.clock import Clock
from infra.local.google.faults import Faults
from infra.local.google.mail.arriving.arrival import arrive
from infra.local.google.mail.store import MailStore
from infra.local.google.oauth.authorize import Authorization
from infra.local.google.oauth.grants import Grants
from infra.local.google.oauth.keys import SigningKey
from infra.local.google.oauth.token import Tokens
from infra.local.google.push.delivery import Pushes
from infra.local.google.push.label_filter import LabelFilter
from infra.local.google.push.watches import Watches
from infra.local.google.quota import Quota, Stats
from infra.local.google.settings import GoogleSettings
from infra.local.google.state import open_state


@dataclass(frozen=True, slots=True)
class Google:
    """Everything behind the endpoints; tests reach in through `app.state.google`."""

    settings: GoogleSettings
    clock: Clock
    store: MailStore
    database: sqlite3.Connection
    faults: Faults
    quota: Quota
    stats: Stats
    key: SigningKey
    grants: Grants
    tokens: Tokens
    authorization: Authorization
    watches: Watches
    pushes: Pushes

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self.database.close()


def assemble(settings: GoogleSettings, push_client: httpx.AsyncClient | None = None) -> Google:
    """Build a Google on the settings' state file. `push_client` replaces the real network."""
    clock, database = Clock(), open_state(settings.state)
    store = MailStore(settings.state, clock)
    store.arrive, store.address = arrive, f"http://127.0.0.1:{settings.port}"
    faults, key = Faults(clock), SigningKey(database)
    grants = Grants(database, clock, settings)
    watches = Watches(
        database,
        clock,
        project=settings.project,
        topics=(settings.topic,),
        history_id=store.history_id,
    )
    label_filter = LabelFilter(store)
    pushes = Pushes(
        settings, clock, watches, key, faults, label_filter, grants.accounts, client=push_client
    )
    store.on_change.append(pushes.publish_change)
    watches.on_watch.append(pushes.publish)
    clock.on_advance.append(pushes.wake)
    return Google(
        settings=settings,
        clock=clock,
        store=store,
        database=database,
        faults=faults,
        quota=Quota(clock, settings.units_per_minute, settings.concurrent_requests),
        stats=Stats(),
        key=key,
        grants=grants,
        tokens=Tokens(settings, clock, grants, key, faults),
        authorization=Authorization(settings, clock, grants, store.emails, faults),
        watches=watches,
        pushes=pushes,
    )
