"""Gmail answers an action's call with a wrong body: the caller is told so, never `internal`."""

from pathlib import Path
from typing import Any

import pytest

from infra.local.google.faults import BODY_FAULTS
from shared.actions.loading import actions
from shared.domain.connect.scopes import MAIL, SETTINGS_BASIC, SETTINGS_SHARING
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.google import EMAIL, letter
from tests.infra.google.emulator import b64

ALIAS = {"sendAsEmail": EMAIL}
FORWARDING = {"forwardingEmail": "carl@acme.example"}
SERVER = {"host": "smtp.acme.example", "port": 587, "securityMode": "starttls"}
EVERY_SCOPE = (MAIL, SETTINGS_BASIC, SETTINGS_SHARING)
DOCUMENTED = {200, 202, 400, 404, 409, 422, 424}


async def asked_of(harness: ActionHarness) -> dict[str, Any]:
    """Return an input for every action of Postroom's own that reaches Gmail."""
    mail = letter("Hello")
    mail.add_attachment(b"x" * 90_000, maintype="application", subtype="pdf", filename="a.pdf")
    id = harness.deliver(mail)
    thread = (await harness.ran("get-message", {"id": id}))["threadId"]
    said = {"to": "bob@x.example", "subject": "S", "text": "T"}
    draft = (await harness.ran("create-draft", said))["id"]
    label = (await harness.ran("create-label", {"name": "L"}))["id"]
    start = (await harness.ran("get-profile"))["historyId"]
    change = {"addLabelIds": ["STARRED"]}
    return {
        "send-email": said,
        "send-message": {"raw": b64(mail)},
        "create-draft": said,
        "update-draft": {"id": draft, **said},
        "get-draft": {"id": draft},
        "list-drafts": {},
        "send-draft": {"id": draft},
        "delete-draft": {"id": draft},
        "get-message": {"id": id},
        "list-messages": {},
        "modify-message": {"id": id, **change},
        "batch-modify-messages": {"ids": [id], **change},
        "trash-message": {"id": id},
        "untrash-message": {"id": id},
        "get-thread": {"id": thread},
        "list-threads": {},
        "modify-thread": {"id": thread, **change},
        "trash-thread": {"id": thread},
        "untrash-thread": {"id": thread},
        "list-labels": {},
        "get-label": {"id": label},
        "create-label": {"name": "Other"},
        "update-label": {"id": label, "name": "Renamed"},
        "delete-label": {"id": label},
        "get-attachment": {"messageId": id, "partId": "1"},
        "list-send-as-aliases": {},
        "get-send-as-alias": ALIAS,
        "create-send-as-alias": ALIAS,
        "update-send-as-alias": {**ALIAS, "displayName": "Ada"},
        "update-send-as-smtp-msa": {**ALIAS, "smtpMsa": SERVER},
        "verify-send-as-alias": ALIAS,
        "delete-send-as-alias": ALIAS,
        "list-filters": {},
        "get-filter": {"id": "f1"},
        "create-filter": {"criteria": {"from": "bob"}, "action": change},
        "delete-filter": {"id": "f1"},
        "list-forwarding-addresses": {},
        "get-forwarding-address": FORWARDING,
        "delete-forwarding-address": FORWARDING,
        "get-auto-forwarding-settings": {},
        "update-auto-forwarding-settings": {"enabled": False},
        "get-vacation-settings": {},
        "update-vacation-settings": {"enableAutoReply": False},
        "get-imap-settings": {},
        "update-imap-settings": {"enabled": True},
        "get-pop-settings": {},
        "update-pop-settings": {"accessWindow": "disabled"},
        "get-language-settings": {},
        "update-language-settings": {"displayLanguage": "de"},
        "delete-message": {"id": id},
        "batch-delete-messages": {"ids": [id]},
        "delete-thread": {"id": thread},
        "get-profile": {},
        "watch-mailbox": {},
        "stop-watch": {},
        "list-watch-history": {"startHistoryId": start},
        "search-mail": {"q": "subject:hello"},
        "list-conversations": {},
        "read-messages": {"ids": [id]},
        "read-thread": {"id": thread},
        "read-attachment": {"messageId": id, "partId": "1"},
        "find-contact": {"name": "bob"},
        "modify-messages": {"ids": [id], **change},
        "list-scheduled": {},
        "cancel-send": {"send": "none"},
    }


OWN = [
    name
    for name, action in sorted(actions().items())
    if action.run.__module__.startswith(("shared.actions.gmail.", "shared.actions.jobs."))
]


@pytest.mark.parametrize("fault", sorted(BODY_FAULTS))
async def test_no_action_answers_internal_whatever_gmail_says(tmp_path: Path, fault: str) -> None:
    async with action_harness(tmp_path, EVERY_SCOPE) as harness:
        asked = await asked_of(harness)
        assert asked.keys() == set(OWN)
        for name, given in asked.items():
            harness.google.faults.add(fault, email=EMAIL)
            answer = await harness.run(name, given)
            harness.google.faults.clear()
            assert answer.status_code in DOCUMENTED, (name, answer.text)
            if answer.is_error:
                assert answer.json()["error"]["code"] not in {"internal", "invalid_body"}
