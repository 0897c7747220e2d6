"""A mailbox of the emulated Google built to match a recorded answer, over its public surface."""

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.contracts.google.shapes import CUT
from tests.infra.google.emulator import Google, b64

ADA: Final = "ada@demo.example"
FAR: Final = "bob@far.example"
TOPIC: Final = "projects/demo/topics/gmail"
SENT: Final = frozenset({"SENT", "UNREAD", "INBOX"})
ADDED_BY_GMAIL: Final = frozenset({"received", "date", "message-id"})


@dataclass
class Matching:
    """Ada's mailbox, and which id here stands for which recorded one."""

    google: Google
    ids: dict[str, str] = field(default_factory=dict)

    def call(self, verb: str, path: str, **named: Any) -> Any:
        """Call Gmail as Ada, expecting success."""
        answer = self.google.call(ADA, verb, f"me/{path}", **named)
        assert answer.is_success, f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def here(self, recorded: str) -> str:
        """Return the id here of a recorded one, making a plain message of one not met before."""
        if recorded not in self.ids:
            self.message({"id": recorded, "threadId": recorded})
        return self.ids[recorded]

    def thread(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Build messages, oldest first, as in a listing's reverse."""
        for message in sorted(messages, key=lambda one: str(one["id"])):
            self.message(message)

    def message(self, told: Mapping[str, Any], labels: Iterable[str] | None = None) -> str:
        """Build a message with these labels, or its own, in its thread; return its id here."""
        recorded = told.get("labelIds", ()) if labels is None else labels
        label_ids = [self.ids.get(label, label) for label in recorded]
        if "DRAFT" in label_ids:
            made = self._draft(told)["message"]
            self._relabel(made["id"], [label for label in label_ids if label != "DRAFT"])
        elif _was_sent_here(told, label_ids):
            made = self._sent(told, label_ids)
        else:
            made = self._delivered(told, label_ids)
        self.ids[told["id"]] = made["id"]
        self.ids.setdefault(told["threadId"], made["threadId"])
        return str(made["id"])

    def draft(self, recorded_id: str, message: Mapping[str, Any]) -> str:
        """Build a draft; return its id here."""
        made = self._draft(message)
        self.ids[recorded_id] = made["id"]
        self.ids.setdefault(message.get("threadId", ""), made["message"]["threadId"])
        return str(made["id"])

    def label(self, recorded_id: str, name: str) -> None:
        """Make a label that stands for a recorded one."""
        self.ids[recorded_id] = self.call("POST", "labels", json={"name": name})["id"]

    def _sent(self, told: Mapping[str, Any], labels: list[str]) -> Any:
        """Send, by way of a draft where the message is in a thread that another began."""
        to_self = not {"INBOX", "UNREAD"}.isdisjoint(labels)
        if told["id"] == told["threadId"]:
            made = self.call("POST", "messages/send", json={"raw": b64(written(told, to_self))})
        else:
            draft = self._draft(told)
            made = self.call("POST", "drafts/send", json={"id": draft["id"]})
        if to_self and "INBOX" not in labels:
            change = {"removeLabelIds": ["INBOX"]}
            self.call("POST", f"messages/{made['id']}/modify", json=change)
        return made

    def _draft(self, told: Mapping[str, Any]) -> Any:
        raw = b64(written(told, to_self="INBOX" in told.get("labelIds", ())))
        return self.call("POST", "drafts", json={"message": {"raw": raw}})

    def _delivered(self, told: Mapping[str, Any], labels: list[str]) -> Any:
        known = self.ids.get(told["threadId"]) if told["threadId"] != told["id"] else None
        params: dict[str, Any] = {"labelIds": labels or ["INBOX"]}
        if known:
            params["threadId"] = known
        made = self.google.control(
            "POST", f"/mailboxes/{ADA}/messages", params=params, content=written(told, to_self=True)
        )
        if not labels:
            change = {"removeLabelIds": ["INBOX"]}
            self.call("POST", f"messages/{made['id']}/modify", json=change)
        return made

    def _relabel(self, id: str, labels: list[str]) -> None:
        if labels:
            self.call("POST", f"messages/{id}/modify", json={"addLabelIds": labels})


def _was_sent_here(told: Mapping[str, Any], labels: list[str]) -> bool:
    headers = told.get("payload", {}).get("headers")
    by_api = headers is None or any("gmailapi.google.com" in one["value"] for one in headers)
    alone = told["id"] == told["threadId"] or headers is not None
    return "SENT" in labels and set(labels) <= SENT and by_api and alone


def written(told: Mapping[str, Any], to_self: bool) -> bytes:
    """Return a message that gives such a payload; what Gmail adds to its API's mail is left out."""
    payload = told.get("payload") or {}
    headers = payload.get("headers")
    if headers is None:
        headers = [{"name": "Subject", "value": "Subject"}]
    if any("gmailapi.google.com" in one["value"] for one in headers):
        headers = [one for one in headers if one["name"].lower() not in ADDED_BY_GMAIL]
    names = {one["name"].lower() for one in headers}
    if "to" not in names and not payload:
        headers = [{"name": "To", "value": ADA}, *headers]
    lines = [_line(one, payload, to_self) for one in headers]
    text = str(told.get("snippet") or "Some text.")
    return ("\r\n".join(lines) + "\r\n\r\n" + _content(payload, text)).encode()


def _line(header: Mapping[str, str], part: Mapping[str, Any], to_self: bool) -> str:
    name, value = header["name"], header["value"]
    if name.lower() == "from":
        value = ADA
    if name.lower() == "to":
        value = ADA if to_self else FAR
    if name.lower() == "content-type" and "parts" in part:
        value = f'{part["mimeType"]}; boundary="{_boundary(part)}"'
    if cut := CUT.fullmatch(value):
        value = _STANDING_FOR.get(name.lower(), "x" * int(cut[2]))
    return f"{name}: {value}"


PLAIN_ENCODINGS: Final = frozenset({"7bit", "8bit", "binary", "quoted-printable"})
"""Under them a letter stands for itself."""
_STANDING_FOR: Final = {
    "content-disposition": 'attachment; filename="file.png"',
    "content-transfer-encoding": "base64",
}


def _content(part: Mapping[str, Any], text: str) -> str:
    if "parts" in part:
        boundary = _boundary(part)
        inner = "".join(f"--{boundary}\r\n{_part(one)}\r\n" for one in part["parts"])
        return f"{inner}--{boundary}--\r\n"
    body = part.get("body", {})
    data = str(body.get("data", ""))
    if data and not CUT.fullmatch(data):
        return urlsafe_b64decode(data).decode()
    return "".join(_filling(part, int(body["size"]))) if "size" in body else text


def _part(part: Mapping[str, Any]) -> str:
    head = "\r\n".join(_line(one, part, to_self=True) for one in part.get("headers", ()))
    return f"{head}\r\n\r\n{_content(part, '')}"


def _filling(part: Mapping[str, Any], size: int) -> Iterator[str]:
    """Yield text that decodes to so many bytes."""
    encodings = [
        one["value"].lower()
        for one in part.get("headers", ())
        if one["name"].lower() == "content-transfer-encoding"
    ]
    if not encodings or encodings[0] in PLAIN_ENCODINGS:
        yield "x" * size
        return
    yield from ("eHh4" * (size // 3), {0: "", 1: "eA==", 2: "eHg="}[size % 3])


def _boundary(part: Mapping[str, Any]) -> str:
    """Return a boundary of its own for each part: the recorded ones are all cut to one letter."""
    return f"part-{part['partId'] or 'whole'}-end"
