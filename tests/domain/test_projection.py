"""A projection follows its messages: readers who keep a cursor end with what is true."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from shared.domain.crash import ProjectionError
from shared.domain.ids import HistoryId, LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.sync.records.payload import make_payload
from shared.domain.sync.records.projection import Projected, Projection, project
from shared.domain.sync.records.record import EARLIER_KEPT, LastAction, Origin, Record, RecordHead
from shared.errors import ConfigurationError

START = datetime(2026, 10, 1, tzinfo=UTC)
LABELS = ("INBOX", "UNREAD", "STARRED")


class Other(BaseModel):
    subject: str


class Starred(BaseModel):
    sender: str = Field(serialization_alias="from")
    read: bool


def starred(message: EmailMessage) -> Starred | None:
    if "STARRED" not in message["labelIds"]:
        return None
    return Starred(sender=message["from"]["email"], read=not message["isUnread"])


STARS = Projection(Starred, starred, "find-stars", "Starred mail.")


def record(number: int, *labels: str, sequence: int = 1) -> Record:
    id = MessageId(f"{number:016x}")
    sender = {"name": "", "email": f"{number}@x.example"}
    payload = make_payload({"id": id, "threadId": id, "from": sender, "subject": "Hi"}).data
    head = RecordHead(
        message_id=id,
        thread_id=ThreadId(id),
        label_ids=frozenset(map(LabelId, labels)),
        history_id=HistoryId(1),
        fetched_at_history=HistoryId(1),
        internal_date=START,
        sequence=SequenceNumber(sequence),
        origin=Origin.LIVE,
        first_seen_at=START,
        last_modified_at=START,
    )
    return Record(head, payload)


def with_labels(was: Record, sequence: int, *labels: str) -> Record:
    at = START + timedelta(minutes=sequence)
    labels_now = frozenset(map(LabelId, labels))
    head = was.head.with_labels(labels_now, HistoryId(sequence), SequenceNumber(sequence), at)
    return replace(was, head=head)


def deleted(was: Record, sequence: int) -> Record:
    at = START + timedelta(minutes=sequence)
    return replace(was, head=was.head.tombstone(SequenceNumber(sequence), at))


def action(found: Projected | None) -> LastAction | None:
    return found.last_action if found else None


def test_what_never_was_anything_is_absent_even_when_it_changes_and_goes() -> None:
    mail = record(1, "INBOX", "UNREAD")
    read = with_labels(mail, 2, "INBOX")
    assert project(STARS, mail) is None
    assert project(STARS, read) is None
    assert project(STARS, deleted(read, 3)) is None


def test_what_appears_later_is_added_then() -> None:
    found = project(STARS, with_labels(record(1, "INBOX"), 5, "INBOX", "STARRED"))
    assert found is not None
    assert found.fields == {"from": "1@x.example", "read": True}
    assert (found.last_action, found.first_seen_at) == (
        LastAction.ADDED, START + timedelta(minutes=5),
    )  # fmt: skip


def test_what_changes_is_updated_and_what_does_not_stays_as_it_was() -> None:
    mail = record(1, "UNREAD", "STARRED")
    archived = with_labels(mail, 2, "UNREAD", "STARRED", "INBOX")
    read = with_labels(archived, 3, "STARRED")
    assert action(project(STARS, archived)) is LastAction.ADDED
    assert action(found := project(STARS, read)) is LastAction.UPDATED
    assert found is not None
    assert (found.first_seen_at, found.last_modified_at) == (START, START + timedelta(minutes=3))


def test_what_is_no_more_is_a_deletion_with_its_last_fields_however_long_ago() -> None:
    mail = with_labels(record(1, "STARRED"), 2, "INBOX")
    for later in (mail, with_labels(mail, 3, "INBOX", "UNREAD"), deleted(mail, 4)):
        found = project(STARS, later)
        assert found is not None
        assert found.last_action is LastAction.DELETED
        assert found.fields["from"] == "1@x.example"
        assert found.last_modified_at == START + timedelta(minutes=2)
        shown = found.render(later, "c")
        assert shown["_nango_metadata"]["deleted_at"] == "2026-10-01T00:02:00.000Z"
        assert shown["id"] == later.head.message_id


def test_a_past_too_long_to_remember_is_taken_to_have_been_something() -> None:
    mail = record(1, "INBOX")
    for sequence in range(2, 2 + EARLIER_KEPT):
        mail = with_labels(mail, sequence, "INBOX", *(["UNREAD"] if sequence % 2 else []))
    assert action(project(STARS, mail)) is LastAction.DELETED


def test_an_emptied_message_can_be_projected_no_more() -> None:
    mail = replace(record(1, "STARRED"), payload=b"")
    assert project(STARS, mail) is None
    gone = project(STARS, deleted(mail, 2))
    assert gone is not None
    assert (gone.last_action, gone.fields) == (LastAction.DELETED, {})


def test_a_projection_that_raises_is_named_without_its_words() -> None:
    def breaks(message: EmailMessage) -> Starred | None:
        raise KeyError(message["subject"])

    with pytest.raises(ProjectionError) as caught:
        project(replace(STARS, project=breaks), record(1))
    assert "KeyError" in str(caught.value)
    assert "Hi" not in str(caught.value)


@pytest.mark.parametrize("made", [{"subject": "Hi"}, Other(subject="Hi"), "Hi"])
def test_a_projection_that_makes_another_thing_is_named(made: Any) -> None:
    def makes(message: EmailMessage) -> Any:
        return made

    with pytest.raises(ProjectionError, match=r"WrongReturnError at .*test_projection\.py:"):
        project(replace(STARS, project=makes), record(1))


def test_names_that_nobody_could_ask_for_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        replace(STARS, sync="Find stars")


@dataclass
class Reader:
    after: int = 0
    kept: dict[str, Any] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def read(self, records: dict[int, Record], limit: int) -> None:
        """Read one page of messages, as GET /records does."""
        fresh = sorted(records.values(), key=lambda one: one.head.sequence)
        for one in [it for it in fresh if it.head.sequence > self.after][:limit]:
            self.after = one.head.sequence
            found = project(STARS, one)
            if found is None:
                continue
            self.seen.add(one.head.message_id)
            if found.last_action is LastAction.DELETED:
                self.kept.pop(one.head.message_id, None)
            else:
                self.kept[one.head.message_id] = found.fields


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.integers(0, 3), st.frozensets(st.sampled_from(LABELS))),
        st.tuples(st.just("delete"), st.integers(0, 3), st.none()),
        st.tuples(st.just("read"), st.integers(0, 1), st.integers(1, 4)),
    ),
    max_size=40,
)


@given(STEPS)
def test_readers_end_with_what_is_true_and_never_hear_of_the_rest(steps: list[Any]) -> None:
    records: dict[int, Record] = {}
    readers, ever = (Reader(), Reader()), set[str]()
    for sequence, (kind, number, what) in enumerate(steps, start=1):
        known = records.get(number)
        if kind == "read":
            readers[number].read(records, what)
        elif kind == "delete" and known is not None and known.head.live:
            records[number] = deleted(known, sequence)
        elif kind == "label" and (known is None or known.head.live):
            made = record(number, *what, sequence=sequence)
            records[number] = with_labels(known, sequence, *what) if known else made
        ever |= {one.head.message_id for one in records.values() if _now(one) is not None}
    truth = {one.head.message_id: now for one in records.values() if (now := _now(one))}
    longest = max((len(one.head.earlier) for one in records.values()), default=0)
    for reader in readers:
        reader.read(records, 1_000)
        assert reader.kept == truth
        assert reader.seen <= ever or longest == EARLIER_KEPT


def _now(one: Record) -> Any:
    labels = one.head.label_ids
    if not one.head.live or "STARRED" not in labels:
        return None
    sender = f"{int(one.head.message_id, 16)}@x.example"
    return {"from": sender, "read": "UNREAD" not in labels}
