"""After any walk through a mailbox, its history folds to exactly what it holds."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.infra.google.emulator import Google, b64, letter

ADA, BEN = "ada@demo.example", "ben@demo.example"
LABELS = ("STARRED", "UNREAD", "IMPORTANT", "INBOX", "SPAM", "CATEGORY_UPDATES")


class Walk:
    """Random changes to Ada's mailbox through the official client."""

    def __init__(self, google: Google, rng: Random) -> None:
        self.google, self.rng = google, rng
        self.users: Any = google.client(ADA)
        self.drafts: list[str] = []

    def some(self, kind: str = "id") -> str:
        """Choose a message that is no draft."""
        held = [one for one in self.google.held(ADA) if "DRAFT" not in one["labelIds"]]
        return str(self.rng.choice(held)[kind])

    def change(self) -> dict[str, list[str]]:
        added, removed = self.rng.sample(LABELS, 2)
        return {"addLabelIds": [added], "removeLabelIds": [removed]}

    def modify(self) -> None:
        self.users.messages().modify(userId="me", id=self.some(), body=self.change()).execute()

    def modify_many(self) -> None:
        body = {"ids": [self.some(), self.some()], **self.change()}
        self.users.messages().batchModify(userId="me", body=body).execute()

    def modify_thread(self) -> None:
        thread = self.some("threadId")
        self.users.threads().modify(userId="me", id=thread, body=self.change()).execute()

    def trash(self) -> None:
        self.users.messages().trash(userId="me", id=self.some()).execute()

    def untrash(self) -> None:
        self.users.messages().untrash(userId="me", id=self.some()).execute()

    def trash_thread(self) -> None:
        self.users.threads().trash(userId="me", id=self.some("threadId")).execute()

    def delete(self) -> None:
        self.users.messages().delete(userId="me", id=self.some()).execute()

    def deliver(self) -> None:
        self.google.deliver(ADA, letter(f"Mail {self.rng.random()}"))

    def insert(self) -> None:
        body = {"raw": b64(letter("Inserted")), "labelIds": self.rng.sample(LABELS, 2)}
        self.users.messages().insert(userId="me", body=body).execute()

    def send(self) -> None:
        mail = letter("Sent", sender=ADA, to=self.rng.choice((ADA, BEN)))
        self.users.messages().send(userId="me", body={"raw": b64(mail)}).execute()

    def draft(self) -> None:
        body = {"message": {"raw": b64(letter("Draft", sender=ADA, to=BEN))}}
        self.drafts.append(self.users.drafts().create(userId="me", body=body).execute()["id"])

    def save_draft(self) -> None:
        if self.drafts:
            body = {"message": {"raw": b64(letter("Draft 2", sender=ADA, to=BEN))}}
            draft = self.rng.choice(self.drafts)
            self.users.drafts().update(userId="me", id=draft, body=body).execute()

    def send_draft(self) -> None:
        if self.drafts:
            body = {"id": self.drafts.pop()}
            self.users.drafts().send(userId="me", body=body).execute()

    def drop_draft(self) -> None:
        if self.drafts:
            self.users.drafts().delete(userId="me", id=self.drafts.pop()).execute()

    def new_label_on_and_off(self) -> None:
        body = {"name": f"L{self.rng.random()}"}
        label = self.users.labels().create(userId="me", body=body).execute()["id"]
        change = {"addLabelIds": [label]}
        self.users.messages().modify(userId="me", id=self.some(), body=change).execute()
        if self.rng.random() < 0.5:
            self.users.labels().delete(userId="me", id=label).execute()


def fold(users: Any, start: str, held: dict[str, set[str]]) -> dict[str, set[str]]:
    """Apply all history since `start` to a copy of what was held then, page by page."""
    found = {id_: set(labels) for id_, labels in held.items()}
    page: dict[str, str] = {}
    while True:
        answer = users.history().list(userId="me", startHistoryId=start, maxResults=7, **page)
        answer = answer.execute()
        for record in answer.get("history", []):
            apply(found, record)
        if "nextPageToken" not in answer:
            return found
        page = {"pageToken": answer["nextPageToken"]}


def apply(found: dict[str, set[str]], record: dict[str, Any]) -> None:
    """Apply one history record."""
    for one in record.get("messagesAdded", []):
        found[one["message"]["id"]] = set(one["message"].get("labelIds", []))
    for one in record.get("labelsAdded", []):
        found.get(one["message"]["id"], set()).update(one["labelIds"])
    for one in record.get("labelsRemoved", []):
        found.get(one["message"]["id"], set()).difference_update(one["labelIds"])
    for one in record.get("messagesDeleted", []):
        found.pop(one["message"]["id"], None)


@pytest.mark.parametrize("seed", range(4))
def test_the_history_of_a_walk_folds_to_what_the_mailbox_holds(google: Google, seed: int) -> None:
    rng = Random(seed)
    google.mailbox(ADA, messages=25)
    google.mailbox(BEN)
    walk = Walk(google, rng)
    held = {one["id"]: set(one["labelIds"]) for one in google.held(ADA)}
    start = walk.users.getProfile(userId="me").execute()["historyId"]
    steps: list[Callable[[], None]] = [
        getattr(walk, name)
        for name in vars(Walk)
        if not name.startswith("_") and name not in {"some", "change"}
    ]
    for _ in range(90):
        rng.choice(steps)()
    now = {one["id"]: set(one["labelIds"]) for one in google.held(ADA)}
    assert fold(walk.users, start, held) == now
