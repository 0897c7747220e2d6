"""Scenes of the account's settings: read, replaced whole, and read again."""

from collections.abc import Callable
from typing import Any

FILTER = {
    "criteria": {"from": "news@quill.example"},
    "action": {"addLabelIds": ["STARRED"], "removeLabelIds": ["INBOX"]},
}
CHANGES: dict[str, dict[str, Any]] = {
    "AutoForwarding": {"enabled": False, "disposition": "archive"},
    "Imap": {"enabled": True, "expungeBehavior": "trash"},
    "Language": {"displayLanguage": "de"},
    "Pop": {"accessWindow": "disabled", "disposition": "trash"},
    "Vacation": {"enableAutoReply": True, "responseSubject": "Away"},
}
FULL = "https://mail.google.com/"
BASIC = "https://www.googleapis.com/auth/gmail.settings.basic"
SHARING = "https://www.googleapis.com/auth/gmail.settings.sharing"


def settings(stage: Any, *scopes: str) -> Any:
    return stage.google.client("ada@demo.example", scopes or (FULL,)).settings()


def reading(title: str) -> Callable[[Any], None]:
    def scene(stage: Any) -> None:
        found = getattr(settings(stage), f"get{title}")(userId="me").execute()
        assert found
        assert not any(
            isinstance(value, bool) and value
            for name, value in found.items()
            if name in {"enabled", "enableAutoReply"}
        )

    return scene


def replacing(title: str) -> Callable[[Any], None]:
    def scene(stage: Any) -> None:
        change = CHANGES[title]
        scope = SHARING if title == "AutoForwarding" else BASIC
        resource = settings(stage, scope, FULL)
        answer = getattr(resource, f"update{title}")(userId="me", body=change).execute()
        assert answer.items() >= change.items()
        assert getattr(resource, f"get{title}")(userId="me").execute() == answer

    return scene


def filters(stage: Any) -> None:
    resource = settings(stage, BASIC).filters()
    assert resource.list(userId="me").execute() == {}
    made = resource.create(userId="me", body=FILTER).execute()
    assert made == {"id": made["id"], **FILTER}
    assert resource.get(userId="me", id=made["id"]).execute() == made
    assert resource.list(userId="me").execute() == {"filter": [made]}
    resource.delete(userId="me", id=made["id"]).execute()
    assert resource.list(userId="me").execute() == {}


def forwarding_addresses(stage: Any) -> None:
    assert settings(stage).forwardingAddresses().list(userId="me").execute() == {}


_ID = "gmail.users.settings."
SETTINGS_SCENES: dict[str, Callable[[Any], None]] = {
    **{f"{_ID}get{title}": reading(title) for title in CHANGES},
    **{f"{_ID}update{title}": replacing(title) for title in CHANGES},
    **{f"{_ID}filters.{verb}": filters for verb in ("list", "get", "create", "delete")},
    f"{_ID}forwardingAddresses.list": forwarding_addresses,
}
