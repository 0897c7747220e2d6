"""Replays recorded calls: build what they met, make them, hand back what came."""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from tests.contracts.google.mailbox_to_match import ADA, TOPIC, Matching
from tests.contracts.google.recorded_history import play_history
from tests.contracts.google.recording import BY_NAME, Recording
from tests.contracts.google.shapes import CUT
from tests.infra.google.emulator import FULL, SCOPE, Google, b64, letter

SETTINGS: Final = (f"{SCOPE}settings.basic", f"{SCOPE}settings.sharing", FULL)
CHANGED: Final = {"trash": (["TRASH"], []), "untrash": ([], ["TRASH"])}


def replay(google: Google, recording: Recording) -> httpx.Response:
    """Return what the emulated Google answers to the recorded call, in a mailbox built for it."""
    google.mailbox(ADA)
    matching = Matching(google)
    resource = recording.method.rpartition(".")[0]
    build = BUILDERS.get(recording.method) or BUILDERS.get(f"{resource}.*", _nothing)
    query = {**recording.query, **(build(matching, recording) or {})}
    return ask(google, recording, _path(matching, recording), query, _body(matching, recording))


def ask(
    google: Google, recording: Recording, path: str, query: Mapping[str, str], body: Any
) -> httpx.Response:
    """Make the recorded call as Ada, with all rights."""
    scopes = SETTINGS if recording.method.startswith("settings.") else (FULL,)
    return google.http.request(
        BY_NAME[recording.method].verb,
        path,
        params=dict(query),
        json=body,
        headers={"Authorization": f"Bearer {google.token(ADA, scopes)}"},
    )


def _path(matching: Matching, recording: Recording) -> str:
    path = BY_NAME[recording.method].path.replace("{userId}", "me")
    answer = recording.answer if isinstance(recording.answer, dict) else {}
    id = recording.path_id or str(answer.get("id", ""))
    held = matching.ids.get(id, id)
    if "{sendAsEmail}" in path:
        return path.replace("{sendAsEmail}", quote(ADA))
    if id.isupper() and id:
        held = id
    path = path.replace("{messageId}", held)
    return path.replace("{id}", matching.ids.get("attachment", held))


def _body(matching: Matching, recording: Recording) -> Any:
    """Return the recorded body with the ids of here and mail in the place of cut mail."""
    body = recording.body
    if body is None:
        return {"topicName": TOPIC} if recording.method == "watch" else None
    answer = recording.answer if isinstance(recording.answer, dict) else {}
    to_self = "INBOX" in answer.get("labelIds", ())
    return _translated(matching, body, to=ADA if to_self else "bob@far.example")


def _translated(matching: Matching, value: Any, name: str = "", to: str = "bob@far.example") -> Any:
    if isinstance(value, dict):
        return {key: _translated(matching, one, key, to) for key, one in value.items()}
    if isinstance(value, list):
        return [_translated(matching, one, name, to) for one in value]
    if name == "raw":
        return b64(letter("Sent", sender=ADA, to=to)).rstrip("=")
    if name == "topicName":
        return TOPIC
    return matching.ids.get(value, value) if isinstance(value, str) else value


def _nothing(_matching: Matching, _recording: Recording) -> None:
    return None


def _message_named(matching: Matching, recording: Recording) -> None:
    """Build the message that is read, changed or deleted, as it was before."""
    id = recording.path_id
    _before(matching, recording, [{"id": id, "threadId": id, **(recording.answer or {})}])


def _thread_named(matching: Matching, recording: Recording) -> None:
    id = recording.path_id
    told = (recording.answer or {}).get("messages") or [{"id": id, "threadId": id}]
    _before(matching, recording, told)


def _before(matching: Matching, recording: Recording, told: list[dict[str, Any]]) -> None:
    """Build messages with the labels they had before the recorded change."""
    verb = recording.method.rpartition(".")[2]
    body = recording.body or {}
    given = body.get("addLabelIds", []), body.get("removeLabelIds", [])
    added, removed = CHANGED.get(verb, given)
    _labels(matching, [label for one in told for label in one.get("labelIds", ())])
    for one in sorted(told, key=lambda message: str(message["id"])):
        kept = [label for label in one.get("labelIds", ()) if label not in added]
        matching.message(one, [*kept, *(label for label in removed if label not in kept)])


def _labels(matching: Matching, ids: list[str]) -> None:
    for id in dict.fromkeys(ids):
        if id.startswith("Label_") and id not in matching.ids:
            matching.label(id, f"Made as {id}")


def _batch(matching: Matching, recording: Recording) -> None:
    for id in recording.body["ids"]:
        matching.here(id)


def _listed(matching: Matching, recording: Recording) -> dict[str, str]:
    """Build what a listing shows, and what other pages of it hold; a search is for all of it."""
    name = recording.method.partition(".")[0]
    told = (recording.answer or {}).get(name, [])
    page = int(recording.query.get("maxResults", "100"))
    if "nextPageToken" in (recording.answer or {}):
        matching.google.mailbox(ADA, messages=page * 4 + 20)
    else:
        matching.thread({"threadId": one["id"], **one} for one in told)
    query = {"q": "in:anywhere"} if told and "q" in recording.query else {}
    return query | _page_before(matching, recording, query)


def _page_before(
    matching: Matching, recording: Recording, query: Mapping[str, str]
) -> dict[str, str]:
    """Return the token that leads to the recorded page, having put another before it."""
    if "pageToken" not in recording.query:
        return {}
    if "nextPageToken" not in recording.answer:
        for _ in range(int(recording.query.get("maxResults", "100"))):
            matching.google.deliver(ADA, letter("Before"))
    path = BY_NAME[recording.method].path.rpartition("/")[2]
    first = {key: text for key, text in recording.query.items() if key != "pageToken"}
    answer = matching.google.call(ADA, "GET", f"me/{path}", params={**first, **query})
    return {"pageToken": answer.json()["nextPageToken"]}


def _drafts(matching: Matching, recording: Recording) -> None:
    """Build the draft that the path, the body or the answer names."""
    verb = recording.method.rpartition(".")[2]
    _thread_written_to(matching, (recording.body or {}).get("message", {}))
    if verb == "create":
        return
    answer = recording.answer or {}
    if verb == "list":
        for one in answer.get("drafts", []):
            matching.draft(one["id"], one["message"])
        return
    id = recording.path_id or (recording.body or {}).get("id") or answer["id"]
    matching.draft(id, answer if verb == "send" else answer.get("message", {}))


def _sending(matching: Matching, recording: Recording) -> None:
    _thread_written_to(matching, recording.body or {})


def _thread_written_to(matching: Matching, message: Mapping[str, Any]) -> None:
    if "threadId" in message:
        matching.here(message["threadId"])


def _label_named(matching: Matching, recording: Recording) -> None:
    id = recording.path_id
    name = (recording.answer or {}).get("name", "Invoices")
    if id.startswith("Label_"):
        # A patch that names the name it has already changes nothing, as it was recorded.
        matching.label(id, name)


def _labels_listed(matching: Matching, recording: Recording) -> None:
    for number, told in enumerate(recording.answer["labels"]):
        if told["type"] == "user":
            matching.label(told["id"], f"{told['name']} {number}")


def _attachment(matching: Matching, recording: Recording) -> None:
    """Deliver a file with the recorded bytes; keep the attachment id that reading it gives."""
    data = recording.answer["data"]
    size = int(recording.answer["size"])
    content = b"x" * size if CUT.fullmatch(data) else urlsafe_b64decode(data)
    mail = letter("With a file")
    mail.add_attachment(content, "text", "plain", filename="file.txt")
    id = matching.google.deliver(ADA, mail)["id"]
    whole = matching.call("GET", f"messages/{id}")
    matching.ids[recording.path_id] = id
    matching.ids["attachment"] = whole["payload"]["parts"][1]["body"]["attachmentId"]


def _setting(matching: Matching, recording: Recording) -> None:
    """Set what a reading is to find."""
    title = recording.method.removeprefix("settings.")
    if title.startswith("get"):
        route = BY_NAME[recording.method].path.rpartition("/")[2]
        found = _as_owner(matching, "GET", f"settings/{route}")
        if found != recording.answer:
            _as_owner(matching, "PUT", f"settings/{route}", recording.answer)


def _filters(matching: Matching, recording: Recording) -> None:
    verb = recording.method.rpartition(".")[2]
    answer = recording.answer or {}
    told = answer.get("filter", []) if verb == "list" else [answer]
    for one in [] if verb == "create" else told:
        body = {name: one[name] for name in ("criteria", "action") if name in one} or PLAIN
        body = _translated(matching, _with_what_it_names(matching, body))
        made = _as_owner(matching, "POST", "settings/filters", body)
        matching.ids[one.get("id") or recording.path_id] = made["id"]


def _with_what_it_names(matching: Matching, body: Any) -> Any:
    """Make the labels and the forwarding address that a filter's action names; return it."""
    action = body.get("action", {})
    _labels(matching, [*action.get("addLabelIds", ()), *action.get("removeLabelIds", ())])
    if action.get("forward"):
        address = matching.ids[action["forward"]] = f"forwarded@{ADA.partition('@')[2]}"
        _as_owner(matching, "POST", "settings/forwardingAddresses", {"forwardingEmail": address})
    return body


PLAIN: Final = {"criteria": {"from": "a@far.example"}, "action": {"addLabelIds": ["STARRED"]}}


def _as_owner(matching: Matching, verb: str, path: str, body: Any = None) -> Any:
    token = matching.google.token(ADA, SETTINGS)
    headers = {"Authorization": f"Bearer {token}"}
    answer = matching.google.http.request(
        verb, f"/gmail/v1/users/me/{path}", json=body, headers=headers
    )
    assert answer.is_success, answer.text
    return answer.json()


def _history(matching: Matching, recording: Recording) -> dict[str, str]:
    """Make the changes that are told, those of the page before, and one more for the next."""
    page = int(recording.query["maxResults"]) if "pageToken" in recording.query else 0
    start = play_history(matching, recording.answer.get("history", []), page)
    if "nextPageToken" in recording.answer:
        matching.google.deliver(ADA, letter("After"))
    if not page:
        return {"startHistoryId": start}
    query = {"startHistoryId": start, "maxResults": str(page)}
    answer = matching.google.call(ADA, "GET", "me/history", params=query)
    return {**query, "pageToken": answer.json()["nextPageToken"]}


BUILDERS: Final[Mapping[str, Callable[[Matching, Recording], dict[str, str] | None]]] = {
    "messages.*": _message_named,
    "messages.list": _listed,
    "messages.send": _sending,
    "messages.insert": _nothing,
    "messages.import": _nothing,
    "messages.batchModify": _batch,
    "messages.batchDelete": _batch,
    "messages.attachments.get": _attachment,
    "threads.*": _thread_named,
    "threads.list": _listed,
    "drafts.*": _drafts,
    "labels.*": _label_named,
    "labels.create": _nothing,
    "labels.list": _labels_listed,
    "history.list": _history,
    "settings.*": _setting,
    "settings.filters.*": _filters,
}
"""What each method's call must find, by its name or its resource's."""
