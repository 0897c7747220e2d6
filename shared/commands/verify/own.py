"""What a run makes in the mailbox: a label, drafts and mail to the account itself.

Nothing else is ever changed: each id that a change names came from a call that made it, and a
message goes nowhere but to the account's own address. At the end all of it is taken away: mail and
drafts go to the trash, for a deleted draft can take a sent message with it (FACTS 5.8); the label
is deleted.
"""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from secrets import token_hex
from typing import Any, Final

import httpx

from shared.commands.verify.caller import Caller, NotTriedError, StoppedError, read_json

MARKER: Final = "X-Postroom-Verify"
RESERVE: Final = 500
"""Units that taking away may spend beyond the budget."""
RECIPIENTS: Final = ("to", "cc", "bcc")


@dataclass(frozen=True, slots=True)
class Sent:
    """A draft that was saved once more and sent: each state's message, and the answer."""

    draft_id: str
    draft_messages: tuple[str, ...]
    answer: Mapping[str, Any]
    before: str
    """The history id before the draft was made."""

    @property
    def id(self) -> str:
        """The sent message's id."""
        return str(self.answer["id"])


@dataclass
class Own:
    """One run's own label, drafts and mail, under a name that no other has."""

    caller: Caller
    address: Callable[[], Awaitable[str]]
    mark: str = field(default_factory=lambda: f"postroom-verify-{token_hex(4)}")
    made: set[str] = field(default_factory=set)
    """Ids of everything that was made."""
    messages: list[str] = field(default_factory=list)
    label_id: str = ""
    watched: bool = False
    _sent: Sent | None = None

    async def raw(self, subject: str = "", **headers: str) -> str:
        """Return an unpadded message to the account itself; `_` in names stands for `-`."""
        own = await self.address()
        named = {"From": own, "To": own, "Subject": subject or self.mark, MARKER: self.mark}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in named.items()]
        text = "\r\n".join([*lines, "", "Made by make verify-google, and taken away by it.", ""])
        self._require_own_recipients(text.encode(), own)
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _require_own_recipients(self, raw: bytes, own: str) -> None:
        head = BytesHeaderParser().parsebytes(raw)
        named = [value for name in RECIPIENTS for value in head.get_all(name, [])]
        if {address.lower() for _, address in getaddresses(named)} != {own.lower()}:
            raise StoppedError("A message would have gone to another address.")

    async def label(self) -> Mapping[str, Any]:
        """Make the label; return Gmail's answer."""
        answer = await self.caller.post("labels", {"name": self.mark})
        found = self._note_made(answer)
        self.label_id = str(found["id"])
        return found

    async def require_label(self) -> str:
        """Return the label's id, making it where no probe did."""
        return self.label_id or str((await self.label())["id"])

    async def draft(self, raw: str, thread_id: str = "") -> Mapping[str, Any]:
        """Make a draft; return Gmail's answer."""
        return self._save(await self.caller.post("drafts", _draft(raw, thread_id)))

    async def save_draft(self, id: str, raw: str, thread_id: str = "") -> Mapping[str, Any]:
        """Replace the message of a draft of one's own."""
        self._require_made(id)
        return self._save(await self.caller.call("PUT", f"drafts/{id}", {}, _draft(raw, thread_id)))

    async def send_draft(self, id: str) -> httpx.Response:
        """Send a draft of one's own."""
        self._require_made(id)
        answer = await self.caller.post("drafts/send", {"id": id})
        if answer.is_success:
            self._keep(read_json(answer)["id"])
        return answer

    async def send(self, raw: str, thread_id: str = "") -> Mapping[str, Any]:
        """Send a message to oneself; return Gmail's answer."""
        body = {"raw": raw, **({"threadId": thread_id} if thread_id else {})}
        found = self._note_made(await self.caller.post("messages/send", body))
        self._keep(str(found["id"]))
        return found

    async def sent_mail(self) -> Sent:
        """Return a mail that was a draft, saved once more and sent; made at the first asking."""
        if self._sent is None:
            before = str((await self._json("profile"))["historyId"])
            raw = await self.raw(Message_ID=f"<{self.mark}@example.com>")
            first = await self.draft(raw)
            id, thread = str(first["id"]), str(first["message"]["threadId"])
            second = await self.save_draft(id, raw, thread)
            answer = await self.send_draft(id)
            if not answer.is_success:
                raise NotTriedError(f"The draft could not be sent: {answer.status_code}.")
            states = (str(first["message"]["id"]), str(second["message"]["id"]))
            self._sent = Sent(id, states, read_json(answer), before)
        return self._sent

    async def change(self, path: str, body: Any = None) -> httpx.Response:
        """POST to a message of one's own, such as `messages/ID/trash`."""
        self._require_made(path.split("/")[1])
        return await self.caller.post(path, body or {})

    async def history(self, start: str, id: str) -> Sequence[Mapping[str, Any]]:
        """Return the records since `start` that name a message of one's own, oldest first."""
        told = await self._json("history", startHistoryId=start, maxResults="500")
        return [one for one in told.get("history", ()) if _names(one, id)]

    async def take_away(self) -> list[str]:
        """Trash mail and drafts, delete the label; return what is left, in words."""
        self.caller.budget += RESERVE
        self.caller.probe = "end"
        left = []
        for id in dict.fromkeys(self.messages):
            answer = await self.caller.post(f"messages/{id}/trash", {})
            if answer.status_code not in {200, 404}:
                left.append(f"a message; search for {self.mark}")
        if self.label_id:
            answer = await self.caller.call("DELETE", f"labels/{self.label_id}", {})
            left += [] if answer.is_success else [f"the label {self.mark}"]
        if self.watched and not (await self.caller.post("stop", {})).is_success:
            left.append("a watch, which ends in seven days")
        return left

    async def _json(self, path: str, **query: str) -> Any:
        answer = await self.caller.get(path, **query)
        if not answer.is_success:
            raise NotTriedError(f"Gmail refused a reading: {answer.status_code}.")
        return read_json(answer)

    def _note_made(self, answer: httpx.Response) -> Mapping[str, Any]:
        if not answer.is_success:
            raise NotTriedError(f"Gmail refused to make it: {answer.status_code}.")
        found: Mapping[str, Any] = read_json(answer)
        self.made.add(str(found["id"]))
        return found

    def _save(self, answer: httpx.Response) -> Mapping[str, Any]:
        found = self._note_made(answer)
        self._keep(str(found["message"]["id"]))
        return found

    def _keep(self, message_id: str) -> None:
        self.made.add(message_id)
        self.messages.append(message_id)

    def _require_made(self, id: str) -> None:
        if id not in self.made:
            raise StoppedError("A change would have touched what this run did not make.")


def _draft(raw: str, thread_id: str) -> dict[str, Any]:
    thread = {"threadId": thread_id} if thread_id else {}
    return {"message": {"raw": raw, **thread}}


def _names(record: Mapping[str, Any], id: str) -> bool:
    return any(one["id"] == id for one in record.get("messages", ()))
