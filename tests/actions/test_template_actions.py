"""Inputs and answers of Nango's template actions, field by field, against the emulated Gmail.

`tests/cases/template_actions.json` has the names and types that were recorded of each, and the
call it made; null where nothing was recorded.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from infra.local.google.gmail.methods import METHODS
from shared.actions.loading import actions
from shared.domain.connect.scopes import MAIL, SETTINGS_BASIC, SETTINGS_SHARING
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.google import EMAIL, letter
from tests.infra.google.emulator import b64

CASES: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "template_actions.json").read_text()
)
RECORDED: Final = {name: case for name, case in CASES.items() if case is not None}
TYPES: Final = {"string": str, "number": int | float, "boolean": bool}
RAW: Final = b64(b"To: bob@far.example\r\nSubject: Hello\r\n\r\nHello.\r\n")
Make = Callable[[ActionHarness], Awaitable[dict[str, Any]]]


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[ActionHarness]:
    """Connect a mailbox with every scope there is a template for."""
    async with action_harness(tmp_path, [MAIL, SETTINGS_BASIC, SETTINGS_SHARING]) as opened:
        yield opened


def fits(shape: Any, value: Any) -> bool:
    """Whether a value has all that a shape names; what it has beside that does not matter."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            name in value and fits(inner, value[name]) for name, inner in shape.items()
        )
    if isinstance(shape, list):
        return isinstance(value, list) and (not shape or any(fits(shape[0], one) for one in value))
    return isinstance(value, TYPES[shape])


def names_of(value: Any) -> Any:
    """Return what a value is made of, by its names alone."""
    if isinstance(value, dict):
        return {name: names_of(inner) for name, inner in value.items()}
    return [names_of(value[0])] if isinstance(value, list) and value else None


def method_of(call: str) -> str:
    """Return the name of the Gmail method that a recorded call is one of."""
    verb, path = call.split()
    segments = path.replace("/me/", "/{userId}/").split("/")
    for one in METHODS:
        pattern = one.path.split("/")
        alike = len(pattern) == len(segments) and all(
            given == wanted or wanted.startswith("{")
            for given, wanted in zip(segments, pattern, strict=True)
        )
        if one.verb == verb and alike:
            return one.id.removeprefix("gmail.users.")
    raise AssertionError(call)


async def nothing(_: ActionHarness) -> dict[str, Any]:
    return {}


def given(**fields: Any) -> Make:
    async def make(_: ActionHarness) -> dict[str, Any]:
        return fields

    return make


def message(**fields: Any) -> Make:
    async def make(mailbox: ActionHarness) -> dict[str, Any]:
        return {"id": mailbox.deliver(), **fields}

    return make


def messages(**fields: Any) -> Make:
    async def make(mailbox: ActionHarness) -> dict[str, Any]:
        return {"ids": [mailbox.deliver(), mailbox.deliver()], **fields}

    return make


def thread(name: str = "id", /, *, trashed: bool = False, **fields: Any) -> Make:
    async def make(mailbox: ActionHarness) -> dict[str, Any]:
        id = mailbox.deliver(labels=["TRASH"] if trashed else ["INBOX", "UNREAD"])
        found = await mailbox.ran("get-message", {"id": id, "format": "minimal"})
        return {name: found["threadId"], **fields}

    return make


def draft(**fields: Any) -> Make:
    async def make(mailbox: ActionHarness) -> dict[str, Any]:
        return {"id": (await mailbox.ran("create-draft", {"raw": RAW}))["id"], **fields}

    return make


def label(name: str = "id", /, **fields: Any) -> Make:
    async def make(mailbox: ActionHarness) -> dict[str, Any]:
        return {name: (await mailbox.ran("create-label", {"name": "Old"}))["id"], **fields}

    return make


def filter_(*, by_id: bool = True) -> Make:
    async def make(mailbox: ActionHarness) -> dict[str, Any]:
        rule = {"criteria": FILTER["criteria"], "action": {"addLabelIds": ["STARRED"]}}
        made = await mailbox.ran("create-filter", rule)
        return {"id": made["id"]} if by_id else {}

    return make


def present(make: Make) -> Make:
    """Have the thing of `make` there, and give nothing."""

    async def made(mailbox: ActionHarness) -> dict[str, Any]:
        await make(mailbox)
        return {}

    return made


async def attachment(mailbox: ActionHarness) -> dict[str, Any]:
    mail = letter()
    mail.add_attachment(b"x" * 90_000, maintype="application", subtype="pdf", filename="a.pdf")
    id = mailbox.deliver(mail)
    parts = (await mailbox.ran("get-message", {"id": id}))["payload"]["parts"]
    return {"messageId": id, "attachmentId": parts[1]["body"]["attachmentId"]}


async def history(mailbox: ActionHarness) -> dict[str, Any]:
    start = (await mailbox.ran("get-profile"))["historyId"]
    changed = {"id": mailbox.deliver(labels=["INBOX"]), "addLabelIds": ["STARRED"]}
    start = (await mailbox.ran("get-profile"))["historyId"]
    await mailbox.ran("modify-message", changed)
    return {"startHistoryId": start}


async def first_page(mailbox: ActionHarness) -> dict[str, Any]:
    """Ask for fewer than there are, so that there is another page."""
    for _ in range(3):
        mailbox.deliver()
    return {"maxResults": 2}


async def many_threads(mailbox: ActionHarness) -> dict[str, Any]:
    """Have more than a page of them."""
    for _ in range(101):
        mailbox.deliver()
    return {}


async def away(mailbox: ActionHarness) -> dict[str, Any]:
    await mailbox.ran("update-vacation-settings", AWAY)
    return {}


AWAY: Final = {
    "enableAutoReply": True,
    "responseSubject": "Away",
    "responseBodyPlainText": "Back on Monday.",
    "restrictToContacts": True,
}
FILTER: Final = {
    "criteria": {"from": "news@quill.example", "subject": "News"},
    "action": {"removeLabelIds": ["INBOX"], "addLabelIds": ["IMPORTANT"]},
}
INPUTS: Final[dict[str, Make]] = {
    "batch-delete-messages": messages(),
    "batch-modify-messages": messages(addLabelIds=["STARRED"]),
    "create-draft": given(raw=RAW),
    "create-filter": given(**FILTER),
    "create-label": given(
        name="New", labelListVisibility="labelShow", messageListVisibility="show"
    ),
    "delete-draft": draft(),
    "delete-filter": filter_(),
    "delete-label": label(),
    "delete-message": message(),
    "delete-thread": thread(),
    "get-attachment": attachment,
    "get-auto-forwarding-settings": nothing,
    "get-draft": draft(),
    "get-filter": filter_(),
    "get-imap-settings": nothing,
    "get-label": given(id="INBOX"),
    "get-language-settings": nothing,
    "get-message": message(format="full"),
    "get-pop-settings": nothing,
    "get-send-as-alias": given(userId="me", sendAsEmail=EMAIL),
    "get-thread": thread(format="full"),
    "get-vacation-settings": away,
    "list-drafts": present(draft()),
    "list-filters": filter_(by_id=False),
    "list-forwarding-addresses": nothing,
    "list-labels": present(label()),
    "list-messages": first_page,
    "list-send-as-aliases": nothing,
    "list-threads": many_threads,
    "list-watch-history": history,
    "modify-message": message(addLabelIds=["INBOX"]),  # it has it: Gmail then answers more
    "modify-thread": thread("threadId", removeLabelIds=["STARRED"]),
    "send-draft": draft(),
    "send-message": given(raw=RAW),
    "stop-watch": nothing,
    "trash-message": message(),
    "trash-thread": thread("thread_id"),
    "untrash-message": message(),
    "untrash-thread": thread("threadId"),
    "update-draft": draft(raw=RAW),
    "update-imap-settings": given(
        imap_enabled=True, auto_expunge=True, expunge_behavior="archive", max_folder_size=0
    ),
    "update-label": label("labelId", name="New"),
    "update-language-settings": given(displayLanguage="de"),
    "update-pop-settings": given(accessWindow="allMail", disposition="leaveInInbox"),
    "update-send-as-alias": given(
        sendAsEmail=EMAIL, displayName="Ada", replyToAddress="desk@acme.example"
    ),
    "update-send-as-smtp-msa": given(
        sendAsEmail=EMAIL,
        smtpMsa={"host": "smtp.acme.example", "port": 587, "securityMode": "starttls"},
    ),
    "update-vacation-settings": given(**AWAY),
}
BY_DRAFT: Final = frozenset({"send-message"})
"""Sent exactly once, through a draft, where the recorded one is one try."""


def test_every_template_is_an_action_here() -> None:
    assert len(CASES) == 54
    assert CASES.keys() <= actions().keys()
    assert INPUTS.keys() == RECORDED.keys()


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_a_recorded_input_runs_and_answers_the_recorded_names(
    mailbox: ActionHarness, name: str
) -> None:
    case = RECORDED[name]
    asked = await INPUTS[name](mailbox)
    assert names_of(asked) == names_of(case["takes"])
    before = mailbox.calls()
    answer = await mailbox.ran(name, asked)
    assert case["answers"] is None or fits(case["answers"], answer), answer
    made = {one for one, count in mailbox.calls().items() if count > before.get(one, 0)}
    assert name in BY_DRAFT or {method_of(call) for call in case["calls"]} <= made


async def test_what_is_deleted_for_good_is_gone(mailbox: ActionHarness) -> None:
    one, two, three, kept = (mailbox.deliver(subject=str(place)) for place in range(4))
    await mailbox.ran("delete-message", {"message_id": one})
    found = await mailbox.ran("get-message", {"id": two, "format": "minimal"})
    await mailbox.ran("delete-thread", {"threadId": found["threadId"]})
    await mailbox.ran("batch-delete-messages", {"ids": [three]})
    assert mailbox.held() == {kept}


async def test_two_spellings_of_one_field_are_refused(mailbox: ActionHarness) -> None:
    id = mailbox.deliver()
    status, error = await mailbox.refused("trash-thread", {"id": id, "threadId": id})
    assert (status, error["code"]) == (400, "invalid_body")
    assert mailbox.calls() == {}


async def test_an_alias_lives_from_its_making_to_its_end(mailbox: ActionHarness) -> None:
    alias = {"sendAsEmail": "desk@other.example"}
    made = await mailbox.ran("create-send-as-alias", {**alias, "displayName": "Desk"})
    assert (made["displayName"], made["verificationStatus"]) == ("Desk", "pending")
    assert await mailbox.ran("verify-send-as-alias", alias) == {"success": True}
    server = {"host": "smtp.acme.example", "port": 465, "securityMode": "ssl"}
    secret = {"username": "desk", "password": "canary-5309"}
    answer = await mailbox.run(
        "update-send-as-smtp-msa", {**alias, "smtpMsa": {**server, **secret}}
    )
    assert answer.status_code == 200
    assert "canary-5309" not in answer.text
    assert await mailbox.ran("delete-send-as-alias", alias) == {"success": True}
    listed = (await mailbox.ran("list-send-as-aliases"))["sendAsAliases"]
    assert [one["sendAsEmail"] for one in listed] == [EMAIL]


async def test_forwarding_goes_to_verified_addresses_alone(mailbox: ActionHarness) -> None:
    path = "/proxy/gmail/v1/users/me/settings/forwardingAddresses"
    colleague = {"forwardingEmail": "carl@acme.example"}
    assert (await mailbox.api.post(path, json=colleague)).status_code == 200
    found = await mailbox.ran("get-forwarding-address", colleague)
    assert found["verificationStatus"] == "accepted"
    wanted = {"enabled": True, "emailAddress": "carl@acme.example", "disposition": "archive"}
    assert await mailbox.ran("update-auto-forwarding-settings", wanted) == wanted
    unknown = {**wanted, "emailAddress": "eve@acme.example"}
    status, error = await mailbox.refused("update-auto-forwarding-settings", unknown)
    assert (status, error["upstream"]["status"]) == (424, 400)
    await mailbox.ran("update-auto-forwarding-settings", {"enabled": False})
    assert await mailbox.ran("delete-forwarding-address", colleague) == {"success": True}
    assert (await mailbox.ran("list-forwarding-addresses"))["forwardingAddresses"] == []
