"""A worker without a client: Nango's HTTP API, the key and two headers with each call."""

import base64
import json
import os
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import httpx

Headers = dict[str, str]
KEY = "google-mail"
api = httpx.Client(
    base_url=os.environ["NANGO_HOST"],
    headers={"Authorization": f"Bearer {os.environ['NANGO_SECRET_KEY']}"},
    timeout=30,
)


def ask(method: str, path: str, **more: Any) -> Any:
    """Return the JSON of an answer that must be well."""
    answer = api.request(method, path, **more)
    if answer.is_error:
        sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


def mailbox_of(user: str) -> str:
    """Return the connection of a user, found by its tag, with its token."""
    (listed,) = ask("GET", "/connection", params={"tags[end_user_id]": user})["connections"]
    query = {"provider_config_key": KEY, "refresh_token": "true"}
    found = ask("GET", f"/connection/{listed['connection_id']}", params=query)
    assert found["credentials"]["access_token"]
    assert found["credentials"]["refresh_token"]
    return str(found["connection_id"])


def sync(at: Headers) -> str:
    """Trigger the sync, named by the headers, and wait until it is through."""
    ask("POST", "/sync/trigger", headers=at, json={"syncs": ["emails"], "full_resync": False})
    query = {"provider_config_key": KEY, "connection_id": at["Connection-Id"], "syncs": "emails"}
    while (found := ask("GET", "/sync/status", params=query)["syncs"])[0]["status"] == "RUNNING":
        time.sleep(0.1)
    return str(found[0]["status"])


def records(at: Headers, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield every record, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        query |= {"model": "GmailEmail", "limit": 2, "cursor": cursor}
        page = ask("GET", "/records", headers=at, params=query)
        yield from page["records"]
        cursor = page["next_cursor"]


def text_of(at: Headers, email: dict[str, Any], file: dict[str, Any]) -> str:
    """Return what a file of a record says, by Gmail's own method."""
    path = f"/proxy/gmail/v1/users/me/messages/{email['id']}/attachments/{file['attachmentId']}"
    found = ask("GET", path, headers={**at, "Retries": "3"})
    return base64.urlsafe_b64decode(found["data"]).decode().strip()


def draft(at: Headers, email: dict[str, Any]) -> Any:
    """Write a draft into the conversation of a record."""
    mail = EmailMessage()
    mail["To"], mail["Subject"] = email["sender"], f"Re: {email['subject']}"
    mail.set_content("Seen.")
    raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()
    message = {"raw": raw, "threadId": email["threadId"]}
    return ask("POST", "/proxy/gmail/v1/users/me/drafts", headers=at, json={"message": message})


at = {"Connection-Id": mailbox_of(sys.argv[1]), "Provider-Config-Key": KEY}
status = sync(at)
with_files = [one for one in records(at, filter="added,updated") if one["attachments"]]
(again,) = records(at, ids=with_files[-1]["id"])
ask("POST", f"/connection/{at['Connection-Id']}/metadata", params={"provider_config_key": KEY},
    json={"seen": again["id"]})  # fmt: skip
kept = ask("GET", f"/connection/{at['Connection-Id']}", params={"provider_config_key": KEY})
action = {"action_name": "get-message", "input": {"messageId": again["id"]}}
message = ask("POST", "/action/trigger", headers=at, json=action)
said = {
    "status": status,
    "files": [text_of(at, again, file) for file in again["attachments"]],
    "draft": draft(at, again)["message"]["labelIds"],
    "seen": kept["metadata"]["seen"] == message["id"],
}
print(json.dumps(said))
