"""The store: mailboxes, threading, durability and when listeners hear of a change."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infra.local.google.mail.drafts import create_draft, find_draft
from infra.local.google.mail.labels import create_label, list_labels
from infra.local.google.mail.store import MailStore, UnknownMailboxError
from tests.infra.google.mail.room import ANN, BOB, HandClock, Room, mail


def test_ids_are_sixteen_hexadecimal_digits_and_the_thread_is_named_after_its_first(room: Room):
    stored = room.store.deliver(ANN, mail("Subject: one"))
    assert len(stored.id) == 16
    assert stored.thread_id == stored.id
    assert room.store.history_id(ANN) == stored.history_id < 2**63


def test_a_reply_joins_the_thread_it_refers_to(room: Room):
    first = room.store.deliver(ANN, mail("Message-ID: <1@x>", "Subject: Plan"))
    reply = room.store.deliver(ANN, mail("References: <0@x> <1@x>", "Subject: Re: plan"))
    assert reply.thread_id == first.thread_id


def test_another_subject_starts_another_thread(room: Room):
    first = room.store.deliver(ANN, mail("Message-ID: <1@x>", "Subject: Plan"))
    other = room.store.deliver(ANN, mail("In-Reply-To: <1@x>", "Subject: Lunch"))
    assert other.thread_id != first.thread_id


def test_threads_of_two_mailboxes_have_nothing_in_common(room: Room):
    first = room.store.deliver(ANN, mail("Message-ID: <1@x>", "Subject: Plan"))
    reply = room.store.deliver(BOB, mail("In-Reply-To: <1@x>", "Subject: Re: Plan"))
    assert reply.thread_id != first.thread_id


def test_a_given_thread_wins_over_the_headers(room: Room):
    first = room.store.deliver(ANN, mail("Subject: Plan"))
    other = room.store.deliver(ANN, mail("Subject: Lunch"), thread_id=first.thread_id)
    assert other.thread_id == first.thread_id


def test_the_oracle_lists_everything_newest_first_spam_and_trash_included(room: Room):
    now = room.clock.now()
    room.store.deliver_many(
        ANN,
        [
            (mail("Subject: old"), now - timedelta(days=2), ("TRASH",)),
            (mail("Subject: new"), now, ("INBOX",)),
            (mail("Subject: middle"), now - timedelta(days=1), ("SPAM",)),
        ],
    )
    assert [entry["labelIds"] for entry in room.store.messages(ANN)] == [
        ["INBOX"],
        ["SPAM"],
        ["TRASH"],
    ]


def test_addresses_are_compared_without_regard_to_case(room: Room):
    assert room.store.has_mailbox(ANN.upper())
    room.store.create_mailbox(ANN.title())
    assert room.store.emails() == [ANN, BOB]


def test_an_address_without_a_mailbox_is_refused(room: Room):
    with pytest.raises(UnknownMailboxError):
        room.store.deliver("nobody@acme.example", mail("Subject: x"))


def test_listeners_hear_once_a_commit_and_only_after_it(room: Room):
    heard: list[tuple[str, int]] = []
    room.store.on_change.append(lambda email, id: heard.append((email, id)))
    with room.store.writing() as writer:
        writer.add(room.store.mailbox(ANN), mail("Subject: 1"), ["INBOX"])
        with room.store.writing() as inner:
            inner.add(room.store.mailbox(ANN), mail("Subject: 2"), ["INBOX"])
        assert heard == []
    assert heard == [(ANN, room.store.history_id(ANN))]


def test_a_failure_rolls_everything_back_and_nobody_hears_of_it(room: Room):
    heard: list[str] = []
    room.store.on_change.append(lambda email, _: heard.append(email))
    before = room.store.history_id(ANN)

    def seed() -> Iterator[tuple[bytes, datetime, tuple[str, ...]]]:
        yield mail("Subject: 1"), room.clock.now(), ("INBOX",)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        room.store.deliver_many(ANN, seed())
    assert (room.store.messages(ANN), room.store.history_id(ANN), heard) == ([], before, [])


def test_a_file_survives_a_restart(tmp_path: Path):
    path = str(tmp_path / "google.db")
    store = MailStore(path, HandClock())
    store.create_mailbox(ANN)
    stored = store.deliver(ANN, mail("Subject: kept"))
    draft_id, _ = create_draft(store, ANN, mail("Subject: draft"))
    create_label(store, ANN, "Kept")
    token = store.attachment_ids.make(7, 1)
    store.close()

    again = MailStore(path, HandClock())
    assert stored.id in [entry["id"] for entry in again.messages(ANN)]
    assert find_draft(again, ANN, draft_id) is not None
    assert list_labels(again, ANN)[-1]["name"] == "Kept"
    assert again.attachment_ids.read(token) == (7, 1)
    again.close()


def test_after_delete_all_nothing_is_left(room: Room):
    room.store.deliver(ANN, mail("Subject: x"))
    room.store.delete_all()
    assert not room.store.has_mailbox(ANN)
    room.store.create_mailbox(ANN)
    assert room.store.messages(ANN) == []
    assert room.found("x") == []


def test_mail_of_the_same_moment_is_listed_last_come_first(room: Room):
    with room.store.writing() as writer:
        mailbox = room.store.mailbox(ANN)
        ids = [writer.add(mailbox, mail(f"Subject: {n}"), ["INBOX"]).id for n in range(20)]
    listed = [int(entry["id"], 16) for entry in room.store.messages(ANN)]
    assert listed == ids[::-1]
