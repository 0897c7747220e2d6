"""Does to a mailbox what a recorded history says was done to another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.contracts.google.mailbox_to_match import ADA, Matching
from tests.infra.google.emulator import letter

Record = Mapping[str, Any]


def play_history(matching: Matching, records: Sequence[Record], page_before: int = 0) -> str:
    """Build what was there before, then make every change; return the history id in between.

    `page_before` further changes come first.
    """
    added = {one["message"]["id"] for record in records for one in record.get("messagesAdded", ())}
    for told in _first_seen(records):
        if told["id"] not in added:
            matching.message(told)
    start = str(matching.call("GET", "profile")["historyId"])
    for _ in range(page_before):
        matching.google.deliver(ADA, letter("Before"))
    pending = list(records)
    while pending:
        record = pending.pop(0)
        _play(matching, record)
        if _is_trashing(record) and pending and _takes_inbox(pending[0]):
            pending.pop(0)  # the record that trashing leaves by itself
    return start


def _first_seen(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """Yield each message as it was before the first change that is recorded of it."""
    seen: set[str] = set()
    for record in records:
        for kind in ("labelsAdded", "labelsRemoved", "messagesDeleted"):
            for change in record.get(kind, ()):
                told, labels = change["message"], change.get("labelIds", [])
                if told["id"] in seen:
                    continue
                seen.add(told["id"])
                now = [one for one in told.get("labelIds", []) if one not in labels]
                before = [*now, *labels] if kind == "labelsRemoved" else now
                yield {**told, "labelIds": before}


def _play(matching: Matching, record: Record) -> None:
    for change in record.get("messagesAdded", ()):
        matching.message(change["message"])
    for change in record.get("messagesDeleted", ()):
        matching.call("DELETE", f"messages/{matching.here(change['message']['id'])}")
    for kind, field in (("labelsAdded", "addLabelIds"), ("labelsRemoved", "removeLabelIds")):
        changes = record.get(kind, ())
        if changes:
            ids = [matching.here(change["message"]["id"]) for change in changes]
            body = {"ids": ids, field: changes[0]["labelIds"]}
            answer = matching.google.call(ADA, "POST", "me/messages/batchModify", json=body)
            assert answer.status_code == 204, answer.text


def _is_trashing(record: Record) -> bool:
    return any("TRASH" in one["labelIds"] for one in record.get("labelsAdded", ()))


def _takes_inbox(record: Record) -> bool:
    return any(one["labelIds"] == ["INBOX"] for one in record.get("labelsRemoved", ()))
