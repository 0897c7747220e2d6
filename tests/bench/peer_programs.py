"""Reads a mailbox the way others do; runs in an environment of its own, without Postroom.

`python peer_programs.py ADDRESS TOKEN single|batch|lieer COUNT` prints one line of JSON.
"""

import json
import sys
import time
import types
from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

BATCH = 50
PAUSES_S = (1, 2, 4, 8, 16, 32)


def service(address: str, token: str) -> Any:
    """Return the official client, pointed at the address."""
    document = json.loads(get_static_doc("gmail", "v1"))
    document |= {"rootUrl": f"{address}/", "baseUrl": f"{address}/"}
    return build_from_document(document, credentials=Credentials(token))


def listed(gmail: Any, count: int) -> list[str]:
    """List ids, newest first."""
    ids: list[str] = []
    page = None
    while len(ids) < count:
        answer = (
            gmail.users()
            .messages()
            .list(userId="me", maxResults=min(500, count), pageToken=page, includeSpamTrash=True)
        )
        found = answer.execute()
        ids += [one["id"] for one in found["messages"]]
        page = found.get("nextPageToken")
        if page is None:
            break
    return ids[:count]


def single(gmail: Any, count: int) -> int:
    """One get after the other; the client's own retries wait out refusals."""
    ids = listed(gmail, count)
    for id in ids:
        gmail.users().messages().get(userId="me", id=id).execute(num_retries=6)
    return len(ids)


def batch(gmail: Any, count: int) -> int:
    """Batches of 50; what is refused is asked for again after a growing pause."""
    waiting = listed(gmail, count)
    stored: dict[str, Any] = {}
    attempt = 0
    while waiting:
        part, rest = waiting[:BATCH], waiting[BATCH:]
        refused: list[str] = []

        def answered(
            id: str, answer: Any, error: HttpError | None, refused: list[str] = refused
        ) -> None:
            if error is None:
                stored[id] = answer
            else:
                refused.append(id)

        together = gmail.new_batch_http_request(callback=answered)
        for id in part:
            together.add(gmail.users().messages().get(userId="me", id=id), request_id=id)
        together.execute()
        waiting = refused + rest
        attempt = attempt + 1 if len(refused) == len(part) else 0
        if refused:
            time.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
    return len(stored)


def lieer(gmail: Any, count: int) -> int:
    """Lieer's own listing, batches and back-off; notmuch2 is only imported by it."""
    sys.modules["notmuch2"] = types.ModuleType("notmuch2")
    from lieer.remote import Remote  # type: ignore[import-not-found]  # noqa: PLC0415  not everywhere

    config = types.SimpleNamespace(account="me", ignore_remote_labels=set(), timeout=0)
    local = types.SimpleNamespace(loaded=True, config=config)
    remote = Remote(
        types.SimpleNamespace(local=local, credentials_file=None, dry_run=False, verbose=False)
    )
    remote.service, remote.authorized = gmail, True
    ids: list[str] = []
    for _, found in remote.all_messages():
        ids += [one["id"] for one in found]
        if len(ids) >= count:
            break
    stored: list[Any] = []
    remote.get_messages(ids[:count], stored.extend, "raw")
    return len(stored)


def main() -> None:
    """Read, and say what it took."""
    address, token, mode, count = sys.argv[1:5]
    gmail = service(address, token)
    began, cpu = time.perf_counter(), time.process_time()
    messages = {"single": single, "batch": batch, "lieer": lieer}[mode](gmail, int(count))
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    print(json.dumps({"messages": messages, **took}))


if __name__ == "__main__":
    main()
