"""One short scene a method: what the official client does with it, and what must come of it."""

import io
from collections.abc import Callable
from typing import Any

from googleapiclient.http import MediaIoBaseUpload

from tests.infra.google.emulator import Google, b64, letter, unb64
from tests.infra.google.settings_scenes import SETTINGS_SCENES

ADA, BEN = "ada@demo.example", "ben@demo.example"
TOPIC = "projects/demo/topics/gmail"


class Stage:
    """A mailbox with a little mail in it, and the client looking at it."""

    def __init__(self, google: Google) -> None:
        self.google = google
        google.mailbox(ADA)
        google.mailbox(BEN)
        with_file = letter("With a file")
        with_file.add_attachment(b"%PDF-1.4 x" * 90, "application", "pdf", filename="x.pdf")
        self.first = google.deliver(ADA, letter("First"))
        self.second = google.deliver(ADA, with_file)
        self.me: Any = google.client(ADA)
        self.messages, self.threads = self.me.messages(), self.me.threads()
        self.drafts, self.labels = self.me.drafts(), self.me.labels()

    def draft(self) -> dict[str, Any]:
        mail = letter("A draft", sender=ADA, to=BEN)
        body = {"message": {"raw": b64(mail)}}
        made: dict[str, Any] = self.drafts.create(userId="me", body=body).execute()
        return made

    def label(self, name: str = "Projects/Pier") -> dict[str, Any]:
        made: dict[str, Any] = self.labels.create(userId="me", body={"name": name}).execute()
        return made


def upload(mail: Any) -> MediaIoBaseUpload:
    return MediaIoBaseUpload(io.BytesIO(mail.as_bytes()), mimetype="message/rfc822")


def get_profile(stage: Stage) -> None:
    profile = stage.me.getProfile(userId="me").execute()
    assert profile["emailAddress"] == ADA
    assert (profile["messagesTotal"], profile["threadsTotal"]) == (2, 2)
    assert int(profile["historyId"]) == int(stage.second["historyId"])


def watch(stage: Stage) -> None:
    answer = stage.me.watch(userId="me", body={"topicName": TOPIC}).execute()
    assert set(answer) == {"historyId", "expiration"}


def stop(stage: Stage) -> None:
    stage.me.stop(userId="me").execute()


def history_list(stage: Stage) -> None:
    start = str(int(stage.first["historyId"]))
    answer = stage.me.history().list(userId="me", startHistoryId=start).execute()
    added = [one["message"]["id"] for h in answer["history"] for one in h["messagesAdded"]]
    assert added == [stage.second["id"]]


def messages_list(stage: Stage) -> None:
    answer = stage.messages.list(userId="me").execute()
    assert [one["id"] for one in answer["messages"]] == [stage.second["id"], stage.first["id"]]


def messages_get(stage: Stage) -> None:
    for form in ("minimal", "metadata", "full", "raw"):
        answer = stage.messages.get(userId="me", id=stage.second["id"], format=form).execute()
        assert answer["id"] == stage.second["id"]
        assert ("payload" in answer, "raw" in answer) == (
            form != "raw",
            form == "raw",
        )


def messages_send(stage: Stage) -> None:
    mail = letter("Hello Ben", sender=ADA, to=BEN)
    for answer in (
        stage.messages.send(userId="me", body={"raw": b64(mail)}).execute(),
        stage.messages.send(userId="me", media_body=upload(mail)).execute(),
        stage.messages.send(userId="me", body={}, media_body=upload(mail)).execute(),
    ):
        assert set(answer) == {"id", "threadId", "labelIds"}
        assert "SENT" in answer["labelIds"]
    assert len(stage.google.held(BEN)) == 3


def messages_insert(stage: Stage) -> None:
    body = {"raw": b64(letter("Inserted")), "labelIds": ["INBOX", "STARRED"]}
    answer = stage.messages.insert(userId="me", body=body).execute()
    assert set(answer["labelIds"]) == {"INBOX", "STARRED"}
    mail = letter("Inserted by upload")
    stage.messages.insert(userId="me", media_body=upload(mail)).execute()
    body = {"labelIds": ["SENT"], "threadId": answer["threadId"]}
    stage.messages.insert(userId="me", body=body, media_body=upload(mail)).execute()


def messages_import(stage: Stage) -> None:
    body = {"raw": b64(letter("Imported")), "labelIds": ["UNREAD"]}
    stage.messages.import_(userId="me", body=body, neverMarkSpam=True).execute()
    stage.messages.import_(userId="me", media_body=upload(letter("Uploaded"))).execute()
    assert len(stage.google.held(ADA)) == 4


def messages_modify(stage: Stage) -> None:
    change = {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}
    answer = stage.messages.modify(userId="me", id=stage.first["id"], body=change).execute()
    assert {"snippet", "sizeEstimate", "historyId", "internalDate"} < set(answer)
    assert set(answer["labelIds"]) == {"INBOX", "STARRED"}


def messages_batch_modify(stage: Stage) -> None:
    ids = [stage.first["id"], stage.second["id"]]
    body = {"ids": ids, "removeLabelIds": ["UNREAD", "INBOX"]}
    stage.messages.batchModify(userId="me", body=body).execute()
    assert [one["labelIds"] for one in stage.google.held(ADA)] == [[], []]


def messages_batch_delete(stage: Stage) -> None:
    body = {"ids": [stage.first["id"]]}
    stage.messages.batchDelete(userId="me", body=body).execute()
    assert len(stage.google.held(ADA)) == 1


def messages_trash(stage: Stage) -> None:
    answer = stage.messages.trash(userId="me", id=stage.first["id"]).execute()
    assert "TRASH" in answer["labelIds"]
    assert "INBOX" not in answer["labelIds"]


def messages_untrash(stage: Stage) -> None:
    stage.messages.trash(userId="me", id=stage.first["id"]).execute()
    answer = stage.messages.untrash(userId="me", id=stage.first["id"]).execute()
    assert "TRASH" not in answer["labelIds"]


def messages_delete(stage: Stage) -> None:
    stage.messages.delete(userId="me", id=stage.first["id"]).execute()
    assert [one["id"] for one in stage.google.held(ADA)] == [stage.second["id"]]


def attachments_get(stage: Stage) -> None:
    whole = stage.messages.get(userId="me", id=stage.second["id"]).execute()
    body = whole["payload"]["parts"][1]["body"]
    answer = (
        stage.messages.attachments()
        .get(userId="me", messageId=stage.second["id"], id=body["attachmentId"])
        .execute()
    )
    assert set(answer) == {"size", "data"}
    assert answer["size"] == body["size"] == len(unb64(answer["data"])) == 900


def threads_list(stage: Stage) -> None:
    answer = stage.threads.list(userId="me").execute()
    assert len(answer["threads"]) == 2
    assert set(answer["threads"][0]) == {"id", "snippet", "historyId"}


def threads_get(stage: Stage) -> None:
    for form in ("minimal", "metadata", "full"):
        thread = stage.first["threadId"]
        answer = stage.threads.get(userId="me", id=thread, format=form).execute()
        assert set(answer) == {"id", "historyId", "messages"}  # no snippet: FACTS 14.3
        assert [one["id"] for one in answer["messages"]] == [stage.first["id"]]


def threads_modify(stage: Stage) -> None:
    body = {"addLabelIds": ["IMPORTANT"], "removeLabelIds": ["INBOX"]}
    answer = stage.threads.modify(userId="me", id=stage.first["threadId"], body=body).execute()
    assert answer["id"] == stage.first["threadId"]
    assert set(stage.google.held(ADA)[1]["labelIds"]) == {"IMPORTANT", "UNREAD"}


def threads_trash(stage: Stage) -> None:
    stage.threads.trash(userId="me", id=stage.first["threadId"]).execute()
    assert "TRASH" in stage.google.held(ADA)[1]["labelIds"]


def threads_untrash(stage: Stage) -> None:
    stage.threads.trash(userId="me", id=stage.first["threadId"]).execute()
    stage.threads.untrash(userId="me", id=stage.first["threadId"]).execute()
    assert "TRASH" not in stage.google.held(ADA)[1]["labelIds"]


def threads_delete(stage: Stage) -> None:
    stage.threads.delete(userId="me", id=stage.first["threadId"]).execute()
    assert len(stage.google.held(ADA)) == 1


def drafts_create(stage: Stage) -> None:
    made = stage.draft()
    assert "DRAFT" in made["message"]["labelIds"]
    stage.drafts.create(userId="me", media_body=upload(letter("Up", to=BEN))).execute()
    assert len(stage.google.held(ADA)) == 4


def drafts_list(stage: Stage) -> None:
    made = stage.draft()
    answer = stage.drafts.list(userId="me").execute()
    kept = made["message"]
    message = {"id": kept["id"], "threadId": kept["threadId"]}
    assert answer["drafts"] == [{"id": made["id"], "message": message}]


def drafts_get(stage: Stage) -> None:
    made = stage.draft()
    for form in ("minimal", "metadata", "full", "raw"):
        answer = stage.drafts.get(userId="me", id=made["id"], format=form).execute()
        assert answer["message"]["id"] == made["message"]["id"]


def drafts_update(stage: Stage) -> None:
    made = stage.draft()
    body = {"message": {"raw": b64(letter("Better", sender=ADA, to=BEN))}}
    answer = stage.drafts.update(userId="me", id=made["id"], body=body).execute()
    assert answer["id"] == made["id"]
    assert answer["message"]["id"] != made["message"]["id"]


def drafts_send(stage: Stage) -> None:
    made = stage.draft()
    answer = stage.drafts.send(userId="me", body={"id": made["id"]}).execute()
    assert "SENT" in answer["labelIds"]
    assert len(stage.google.held(BEN)) == 1


def drafts_delete(stage: Stage) -> None:
    made = stage.draft()
    stage.drafts.delete(userId="me", id=made["id"]).execute()
    assert len(stage.google.held(ADA)) == 2


def labels_list(stage: Stage) -> None:
    stage.label()
    answer = stage.labels.list(userId="me").execute()
    names = {label["name"]: label["type"] for label in answer["labels"]}
    assert names["INBOX"] == "system"
    assert names["Projects/Pier"] == "user"
    assert not any("messagesTotal" in label for label in answer["labels"])  # FACTS 14.3


def labels_get(stage: Stage) -> None:
    answer = stage.labels.get(userId="me", id="INBOX").execute()
    counts = ("messagesTotal", "messagesUnread", "threadsTotal", "threadsUnread")
    assert [answer[count] for count in counts] == [2, 2, 2, 2]


def labels_create(stage: Stage) -> None:
    made = stage.label("Invoices")
    assert made["name"] == "Invoices"
    assert made["id"].startswith("Label_")


def labels_update(stage: Stage) -> None:
    made = stage.label()
    body = {"id": made["id"], "name": "Piers", "labelListVisibility": "labelHide"}
    answer = stage.labels.update(userId="me", id=made["id"], body=body).execute()
    assert (answer["name"], answer["labelListVisibility"]) == ("Piers", "labelHide")


def labels_patch(stage: Stage) -> None:
    made = stage.label()
    body = {"color": {"textColor": "#ffffff", "backgroundColor": "#000000"}}
    answer = stage.labels.patch(userId="me", id=made["id"], body=body).execute()
    assert answer["name"] == "Projects/Pier"
    assert answer["color"]["textColor"] == "#ffffff"


def labels_delete(stage: Stage) -> None:
    made = stage.label()
    stage.labels.delete(userId="me", id=made["id"]).execute()
    names = {label["name"] for label in stage.labels.list(userId="me").execute()["labels"]}
    assert "Projects/Pier" not in names


def send_as_list(stage: Stage) -> None:
    answer = stage.me.settings().sendAs().list(userId="me").execute()
    primary = [one for one in answer["sendAs"] if one.get("isPrimary")]
    assert [one["sendAsEmail"] for one in primary] == [ADA]


def send_as_get(stage: Stage) -> None:
    answer = stage.me.settings().sendAs().get(userId="me", sendAsEmail=ADA).execute()
    assert answer["isDefault"] is True


SCENES: dict[str, Callable[[Stage], None]] = {
    "gmail.users.getProfile": get_profile,
    "gmail.users.watch": watch,
    "gmail.users.stop": stop,
    "gmail.users.history.list": history_list,
    "gmail.users.messages.list": messages_list,
    "gmail.users.messages.get": messages_get,
    "gmail.users.messages.send": messages_send,
    "gmail.users.messages.insert": messages_insert,
    "gmail.users.messages.import": messages_import,
    "gmail.users.messages.modify": messages_modify,
    "gmail.users.messages.batchModify": messages_batch_modify,
    "gmail.users.messages.batchDelete": messages_batch_delete,
    "gmail.users.messages.trash": messages_trash,
    "gmail.users.messages.untrash": messages_untrash,
    "gmail.users.messages.delete": messages_delete,
    "gmail.users.messages.attachments.get": attachments_get,
    "gmail.users.threads.list": threads_list,
    "gmail.users.threads.get": threads_get,
    "gmail.users.threads.modify": threads_modify,
    "gmail.users.threads.trash": threads_trash,
    "gmail.users.threads.untrash": threads_untrash,
    "gmail.users.threads.delete": threads_delete,
    "gmail.users.drafts.create": drafts_create,
    "gmail.users.drafts.list": drafts_list,
    "gmail.users.drafts.get": drafts_get,
    "gmail.users.drafts.update": drafts_update,
    "gmail.users.drafts.send": drafts_send,
    "gmail.users.drafts.delete": drafts_delete,
    "gmail.users.labels.list": labels_list,
    "gmail.users.labels.get": labels_get,
    "gmail.users.labels.create": labels_create,
    "gmail.users.labels.update": labels_update,
    "gmail.users.labels.patch": labels_patch,
    "gmail.users.labels.delete": labels_delete,
    "gmail.users.settings.sendAs.list": send_as_list,
    "gmail.users.settings.sendAs.get": send_as_get,
    **SETTINGS_SCENES,
}
