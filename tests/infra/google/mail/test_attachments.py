"""Attachments: behind ids that change at every fetch and never stop working."""

from base64 import urlsafe_b64decode
from email.message import EmailMessage
from typing import Any

import pytest

from infra.local.google.gmail.errors import GmailError
from infra.local.google.mail.mime import read_part
from infra.local.google.mail.rendering import LARGE_TEXT_BYTES, RenderCache, render
from tests.infra.google.mail.room import ANN, BOB, Room, mail


def with_files(room: Room, *files: tuple[str, bytes]) -> str:
    message = EmailMessage()
    message.set_content("see below")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return room.store.deliver(ANN, message.as_bytes()).id


def attachment_ids(room: Room, id: str) -> list[str]:
    parts: list[Any] = room.call("messages.get", id=id)["payload"]["parts"]
    return [part["body"]["attachmentId"] for part in parts if "attachmentId" in part["body"]]


def fetch(room: Room, attachment_id: str, **options: Any) -> bytes:
    answer = room.call("messages.attachments.get", messageId="0", id=attachment_id, **options)
    data = urlsafe_b64decode(answer["data"])
    assert answer == {"size": len(data), "data": answer["data"]}
    return data


def test_every_fetch_names_them_anew_and_every_name_works(room: Room):
    id = with_files(room, ("a.pdf", b"first"), ("b.pdf", b"second"))
    one, other = attachment_ids(room, id), attachment_ids(room, id)
    assert not set(one) & set(other)
    for ids in (one, other):
        assert [fetch(room, found) for found in ids] == [b"first", b"second"]


def test_an_invented_id_is_refused(room: Room):
    (found,) = attachment_ids(room, with_files(room, ("a.pdf", b"first")))
    for invented in ("nonsense", found[:-4] + "AAAA", ""):
        with pytest.raises(GmailError) as caught:
            fetch(room, invented)
        assert caught.value.status == 400


def test_another_mailboxes_attachment_is_not_found(room: Room):
    (found,) = attachment_ids(room, with_files(room, ("a.pdf", b"first")))
    with pytest.raises(GmailError) as caught:
        fetch(room, found, email=BOB)
    assert caught.value.status == 404


def test_long_text_is_an_attachment_without_a_name(room: Room):
    text = "\u00e9" * LARGE_TEXT_BYTES
    id = room.store.deliver(ANN, mail("Content-Type: text/plain; charset=utf-8", "", text)).id
    body = room.call("messages.get", id=id)["payload"]["body"]
    assert body.keys() == {"attachmentId", "size"}
    assert fetch(room, body["attachmentId"]).decode().strip() == text


def test_the_cache_forgets_what_was_used_longest_ago():
    rendered = render(read_part(mail("Subject: s", "", "x" * 1000)))
    cache = RenderCache(3 * rendered.weight)
    for row in range(4):
        cache.put(row, rendered)
        cache.get(0)
    assert [row for row in range(4) if cache.get(row)] == [0, 2, 3]
