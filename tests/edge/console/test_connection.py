"""The pages of one connection: what strangers wrote is text, whatever it says."""

from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.scopes import SEND
from shared.domain.ids import HistoryId, LabelId, MessageId, OperationId
from shared.domain.operation import LIFETIME, Operation, OperationState, OperationType
from shared.domain.sync.records.payload import make_payload
from shared.domain.sync.state import Backfill, SyncState, SyncStatus
from shared.domain.troubles import CODES, DESCRIPTIONS
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.connections.explain import VERDICT_NOTICES
from shared.edge.console.connections.one import units_lately
from shared.errors import NotGrantedError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.events import Operations
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.update_connection import ChangeConnection
from shared.usecases.sync.explain import Verdict
from tests.edge.console.people import Person, problem_of, words
from tests.harness.samples import CONNECTION, NOW, a_connection, a_record, store_records

ONE = f"/console/connections/{CONNECTION}"
EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'


async def stored(
    container: AutowiredContainer, state: SyncState | None = None, **changes: Any
) -> None:
    await container.use(Connections).create(a_connection(**changes))
    await container.use(SyncStates).create(
        state or SyncState(CONNECTION, checkpoint=HistoryId(1000))
    )


async def test_what_mail_and_tags_say_is_never_markup(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container, tags={"note": EVIL}, end_user={"id": EVIL, "display_name": EVIL})
    evil = {"subject": EVIL, "text": EVIL, "html": EVIL, "from": {"name": EVIL, "email": EVIL}}
    record = a_record(1, label_ids=frozenset({LabelId(EVIL)}))
    await store_records(container, replace(record, payload=make_payload(evil).data))
    for path in (
        "/console/connections",
        f"/console/connections?tags={EVIL}",
        ONE,
        f"{ONE}/records",
        f"{ONE}/records?label={EVIL}",
        f"{ONE}/records/{record.head.message_id}",
        f"{ONE}?done={EVIL}",
    ):
        page = await operator.get(path)
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path
    assert escape(EVIL) in page.text or EVIL not in page.text


async def test_records_are_paged_newest_first_and_shown_whole(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    await store_records(container, *(a_record(one) for one in range(1, 41)))
    first = await operator.get(f"{ONE}/records")
    assert "Letter 40" in first.text
    assert "Letter 16" in first.text
    assert "Letter 15" not in first.text
    way = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = await operator.get(way)
    assert "Letter 15" in second.text
    assert "Letter 1<" in second.text
    assert 'rel="next"' not in second.text
    one = words(await operator.get(f"{ONE}/records/{5:016x}"))
    assert "Letter 5" in one
    assert '"_nango_metadata"' in one
    assert problem_of(await operator.get(f"{ONE}/records/unknown")) == "unknown_record"


async def test_an_emptied_record_is_shown_without_its_content(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    await store_records(container, replace(a_record(3), payload=b""))
    assert "(no subject)" in words(await operator.get(f"{ONE}/records"))
    assert "(no text)" in words(await operator.get(f"{ONE}/records/{3:016x}"))


async def test_a_backfill_shows_how_far_it_is(
    operator: Person, container: AutowiredContainer
) -> None:
    began = container.use(Clock).now() - timedelta(minutes=1)
    reading = Backfill(began, began, stored=300, listed=500, estimated_total=1_200)
    await stored(container, SyncState(CONNECTION, backfill=reading))
    page = await operator.get(ONE)
    assert 'value="300" max="1200"' in page.text
    said = words(page).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "300 of about 1 200 messages, about 3 min left" in said or "2 min left" in said


async def test_changes_reach_the_sync_and_a_send_only_connection_has_none(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    assert (await operator.post(f"{ONE}/pause")).headers["location"] == f"{ONE}?done=pause"
    found = await container.use(SyncStates).get(CONNECTION)
    assert found is not None
    assert found.value.status is SyncStatus.PAUSED
    await operator.post(f"{ONE}/start")
    await operator.post(f"{ONE}/trigger", reset="1")
    await operator.post(f"{ONE}/audit")
    found = await container.use(SyncStates).get(CONNECTION)
    assert found is not None
    assert (found.value.status, found.value.backfilling, found.value.auditing) == (
        SyncStatus.RUNNING,
        True,
        True,
    )
    await container.use(ChangeConnection)(
        CONNECTION, lambda was: replace(was, scopes=frozenset({SEND}))
    )
    assert problem_of(await operator.post(f"{ONE}/pause")) == "not_granted"


async def test_an_unreadable_window_changes_nothing(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    answer = await operator.post(f"{ONE}/window", window="a while")
    assert (answer.status_code, "is not understood" in words(answer)) == (400, True)
    kept = await container.use(Connections).get(CONNECTION)
    assert kept is not None
    assert kept.value.sync.window == "30d"


async def test_a_repair_from_an_explanation_leads_back_to_it(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    answer = await operator.post(f"{ONE}/audit", explained="00000000000000aa")
    assert answer.headers["location"] == f"{ONE}/explain?message=00000000000000aa&done=audit"


async def test_a_disconnect_needs_the_address(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    assert (await operator.post(f"{ONE}/disconnect", email="bo@x.example")).status_code == 400
    assert (await operator.post(f"{ONE}/disconnect", email=" ADA@example.com ")).status_code == 303
    found = await container.use(Connections).get(CONNECTION)
    assert found is not None
    assert found.value.status is ConnectionStatus.DISCONNECTING
    page = await operator.get(ONE)
    assert "Disconnecting" in words(page)
    assert f'{ONE}/audit"' not in page.text


async def test_the_log_tells_steps_units_and_causes_and_is_filtered(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    for state in (OperationState.OK, OperationState.FAILED):
        await container.use(Operations).append(an_operation(state))
    page = words(await operator.get("/console/operations"))
    assert "units 22" in page
    assert "upstream_error" in page
    failed = words(await operator.get("/console/operations?state=failed&type=sync"))
    assert "upstream_error" in failed
    other = words(await operator.get("/console/operations?type=delivery"))
    assert "Nothing yet" in other
    elsewhere = words(await operator.get("/console/operations?connection=c-9"))
    assert "Nothing yet" in elsewhere
    assert "units 22" in words(await operator.get(ONE))


async def test_more_of_the_log_is_shown_when_asked_for(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    for turn in range(60):
        id = OperationId(f"op-{turn}")
        await container.use(Operations).append(an_operation(OperationState.OK, id=id))
    first = await operator.get("/console/operations?type=sync")
    assert first.text.count("<details") == 50
    way = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "type=sync" in way
    more = await operator.get(way)
    assert more.text.count("<details") == 60
    assert 'rel="next"' not in more.text


def an_operation(state: OperationState, **changes: Any) -> Operation:
    failed = state is OperationState.FAILED
    made = Operation(
        id=OperationId(f"op-{state}"),
        connection_id=CONNECTION,
        type=OperationType.SYNC,
        name="fetch-messages",
        state=state,
        started_at=NOW,
        finished_at=NOW,
        expires_at=NOW + LIFETIME * 1000,
        error="upstream_error" if failed else None,
        detail={"units": 22},
    )
    return replace(made, **changes)


def test_the_gauge_counts_the_units_of_the_last_minute() -> None:
    lately = an_operation(OperationState.OK)
    before = replace(lately, finished_at=NOW - timedelta(minutes=2))
    silent = replace(lately, detail={})
    assert units_lately([lately, before, silent, lately], NOW + timedelta(seconds=30)) == 44


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_told_in_words(verdict: Verdict) -> None:
    assert VERDICT_NOTICES[verdict].text.endswith(".")
    assert "POST /" not in VERDICT_NOTICES[verdict].text


async def test_an_unknown_message_is_looked_for_where_the_id_leads(
    operator: Person, container: AutowiredContainer
) -> None:
    await stored(container)
    record = a_record(7)
    await store_records(container, record)
    page = await operator.get(f"{ONE}/explain?message={MessageId(record.head.message_id)}")
    assert 'data-verdict="stored"' in page.text
    assert "data-again" not in page.text


@pytest.mark.parametrize("code", [code for code in CODES if code != NotGrantedError.code])
async def test_every_trouble_of_a_connection_leads_to_its_entry(
    operator: Person, container: AutowiredContainer, code: str
) -> None:
    """Whatever class it is of: what it means, since when, and where to read on."""
    state = SyncState(CONNECTION, checkpoint=HistoryId(1000)).failing(code, NOW)
    await stored(container, state)
    said = words(await operator.get(ONE))
    assert DESCRIPTIONS[code] in said
    assert f"Guide: operating#{code}." in said
