"""Own syncs on the page of a connection: how each stands, and what the buttons do to it."""

import pytest

from shared.actions.ready.contacts import SYNC as PEOPLE
from shared.actions.ready.labels import SYNC as LABELS
from shared.actions.ready.threads import SYNC as THREADS
from shared.domain.ids import SequenceNumber
from shared.domain.models.state import ModelCounts, ModelSyncState, state_id
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.state import SyncState, SyncStatus, Tally
from shared.edge.composition.container import AutowiredContainer
from shared.ports.connections import Connections
from shared.ports.model_store import ModelSyncs
from shared.ports.sync_store import SyncStates
from tests.edge.console.people import Person, problem_of, words
from tests.harness.samples import CONNECTION, NOW, a_connection

ONE = f"/console/connections/{CONNECTION}"


@pytest.fixture
async def syncs(operator: Person, container: AutowiredContainer) -> ModelSyncs:
    """Return the states, of a connection with two syncs and one that lacks its scope."""
    container.bind(OwnSyncs, OwnSyncs((LABELS, THREADS, PEOPLE)))
    await container.use(Connections).create(a_connection())
    await container.use(SyncStates).create(SyncState(CONNECTION, sequence=SequenceNumber(9)))
    states = container.use(ModelSyncs)
    await states.create(
        ModelSyncState(
            CONNECTION,
            "sync-threads",
            initial=False,
            after=SequenceNumber(7),
            quarantined=2,
            last_finished_at=NOW,
            last_error="sync_failed",
            error_site="KeyError at shared/actions/custom/mine.py:7",
            models={"GmailThread": ModelCounts(live=41, last=Tally(added=5, deleted=1))},
        )
    )
    return states


async def state(states: ModelSyncs, sync: str) -> ModelSyncState:
    """Return the state of one."""
    found = await states.get(state_id(CONNECTION, sync))
    assert found
    return found.value


async def test_each_is_shown_with_what_it_did_and_what_is_wrong(
    syncs: ModelSyncs, operator: Person
) -> None:
    page = words(await operator.get(ONE))
    for told in (
        "sync-threads Error sync_failed: KeyError at shared/actions/custom/mine.py:7",
        "2 set aside",
        "2 changes behind the mailbox",
        "41 GmailThread last run +5 ~0 -1",
        "sync-labels Not begun",
        "sync-contacts Lacks a scope needs https://www.googleapis.com/auth/contacts.readonly",
    ):
        assert told in page, told


async def test_the_buttons_reach_that_sync_alone(
    syncs: ModelSyncs, operator: Person, container: AutowiredContainer
) -> None:
    at = f"{ONE}/syncs/sync-threads"
    assert (await operator.post(f"{at}/pause")).headers["location"] == f"{ONE}?done=pause-own"
    assert (await state(syncs, "sync-threads")).status is SyncStatus.PAUSED
    mail = await container.use(SyncStates).get(CONNECTION)
    assert mail
    assert mail.value.status is SyncStatus.RUNNING
    page = (await operator.get(f"{ONE}?done=pause-own")).text
    assert f'action="{at}/start"' in page
    assert f'action="{at}/pause"' not in page
    await operator.post(f"{at}/start")
    await operator.post(f"{at}/trigger", reset="1")
    now = await state(syncs, "sync-threads")
    assert (now.status, now.after, now.wanted) == (SyncStatus.RUNNING, 0, True)
    await operator.post(f"{ONE}/syncs/sync-labels/trigger")
    assert (await state(syncs, "sync-labels")).wanted


async def test_what_cannot_run_is_refused(syncs: ModelSyncs, operator: Person) -> None:
    lacks = await operator.post(f"{ONE}/syncs/sync-contacts/trigger")
    assert problem_of(lacks) == "missing_scope"
    assert problem_of(await operator.post(f"{ONE}/syncs/fly/pause")) == "unknown_sync"


async def test_without_own_syncs_the_page_has_no_word_of_them(
    syncs: ModelSyncs, operator: Person, container: AutowiredContainer
) -> None:
    container.bind(OwnSyncs, OwnSyncs())
    container.bind(ModelSyncs, None)  # nothing is asked of the store
    assert "Own syncs" not in words(await operator.get(ONE))
