"""messages.get in all its formats, partial responses, uploads and batches."""

import email
import email.policy
import gzip
import io
import json
from email.message import EmailMessage
from typing import Any

import pytest
from googleapiclient.http import MediaIoBaseUpload

from tests.infra.google.emulator import Google, b64, error_of, letter, unb64

ADA, BEN = "ada@demo.example", "ben@demo.example"


def rich() -> EmailMessage:
    """Compose text, HTML, an inline image and an attachment."""
    mail = letter("Grüße <b> & more", "Größe: 3 < 5\n", cc="leila@post.example")
    mail.add_alternative("<p>Größe: <b>3</b></p>", subtype="html")
    html: Any = list(mail.iter_parts())[1]
    html.add_related(b"\x89PNG inline", "image", "png", cid="<pic@x>", filename="pic.png")
    mail.add_attachment(b"%PDF file", "application", "pdf", filename="Prüfung.pdf")
    return mail


def get(google: Google, message_id: str, **params: Any) -> dict[str, Any]:
    answer = google.call(ADA, "GET", f"me/messages/{message_id}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def leaves(part: dict[str, Any]) -> list[dict[str, Any]]:
    if part.get("parts"):
        return [leaf for each in part["parts"] for leaf in leaves(each)]
    return [part]


def test_minimal_has_an_empty_payload_and_no_snippet(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    fields = ["id", "threadId", "labelIds", "payload", "sizeEstimate", "historyId", "internalDate"]
    found = get(google, made["id"], format="minimal")
    assert list(found) == fields
    assert found["payload"] == {"partId": ""}


def test_metadata_has_headers_and_nothing_more(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    payload = get(google, made["id"], format="metadata")["payload"]
    assert set(payload) == {"mimeType", "headers"}
    assert payload["mimeType"] == "multipart/mixed"


def test_metadata_headers_are_chosen_in_any_case(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    chosen = get(google, made["id"], format="metadata", metadataHeaders=["subject", "CC"])
    names = {one["name"].lower(): one["value"] for one in chosen["payload"]["headers"]}
    assert names == {"subject": "Grüße <b> & more", "cc": "leila@post.example"}


def test_full_mirrors_the_mime_tree(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    payload = get(google, made["id"])["payload"]
    assert payload["partId"] == ""
    assert [part["mimeType"] for part in leaves(payload)] == [
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert [part["partId"] for part in payload["parts"]] == ["0", "1"]
    assert leaves(payload)[2]["partId"] == "0.1.1"
    assert [part["filename"] for part in leaves(payload)] == ["", "", "pic.png", "Prüfung.pdf"]


def test_bodies_are_utf8_and_sizes_are_decoded_bytes(google: Google, ada: str) -> None:
    """FACTS 14.9 and 14.3."""
    mail = (
        b"From: a@x.example\r\nTo: ada@demo.example\r\nSubject: Latin\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "Größe".encode("iso-8859-1")
    )
    made = google.deliver(ADA, mail)
    body = get(google, made["id"])["payload"]["body"]
    assert unb64(body["data"]).decode().strip() == "Größe"
    assert body["size"] == len(unb64(body["data"]))


def test_a_body_has_data_or_an_attachment_id(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    for part in leaves(get(google, made["id"])["payload"]):
        assert ("data" in part["body"]) != ("attachmentId" in part["body"])


def test_attachment_ids_change_at_every_fetch_and_all_of_them_work(
    google: Google, ada: str
) -> None:
    """FACTS 4.5 and 14.3: only the part id is stable."""
    made = google.deliver(ADA, rich())
    first, second = (leaves(get(google, made["id"])["payload"])[3] for _ in range(2))
    assert first["partId"] == second["partId"]
    ids = [first["body"]["attachmentId"], second["body"]["attachmentId"]]
    assert ids[0] != ids[1]
    for id_ in ids:
        path = f"me/messages/{made['id']}/attachments/{id_}"
        answer = google.call(ADA, "GET", path).json()
        assert unb64(answer["data"]) == b"%PDF file"


def test_raw_is_the_message_as_it_came(google: Google, ada: str) -> None:
    source = rich().as_bytes(policy=email.policy.SMTP)
    made = google.deliver(ADA, source)
    answer = get(google, made["id"], format="raw")
    assert unb64(answer["raw"]).endswith(source[source.index(b"\r\n\r\n") :])
    assert "payload" not in answer


def test_snippets_are_text_with_escaped_brackets(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    assert get(google, made["id"])["snippet"].startswith("Größe: 3 &lt; 5")


def test_numbers_that_are_strings(google: Google, ada: str) -> None:
    """FACTS 4.5."""
    made = google.deliver(ADA, rich())
    found = get(google, made["id"])
    assert isinstance(found["historyId"], str)
    assert found["internalDate"].isdigit()
    assert len(found["internalDate"]) == 13
    assert isinstance(found["sizeEstimate"], int)
    assert len(found["id"]) == 16


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("id", {"id"}),
        ("id,labelIds", {"id", "labelIds"}),
        ("payload/mimeType", {"payload"}),
        ("payload(mimeType,headers/name)", {"payload"}),
    ],
)
def test_fields_cut_the_answer(google: Google, ada: str, fields: str, expected: set[str]) -> None:
    made = google.deliver(ADA, rich())
    assert set(get(google, made["id"], fields=fields)) == expected


def test_fields_reach_into_lists(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    found = get(google, made["id"], fields="payload(headers(name),parts(mimeType,body/size))")
    assert set(found["payload"]) == {"headers", "parts"}
    assert all(set(header) == {"name"} for header in found["payload"]["headers"])
    listed = google.call(ADA, "GET", "me/messages", params={"fields": "messages/id"}).json()
    assert listed == {"messages": [{"id": made["id"]}]}


def test_unreadable_fields_are_refused(google: Google, ada: str) -> None:
    made = google.deliver(ADA, rich())
    answer = google.call(ADA, "GET", f"me/messages/{made['id']}", params={"fields": "id("})
    assert answer.status_code == 400


def test_gzip_needs_a_user_agent_that_says_so(google: Google, ada: str) -> None:
    """FACTS 4.7."""
    google.mailbox(BEN, messages=30)
    agents = {"plain/1.0": None, "reader/1.0 (gzip)": "gzip"}
    for agent, coding in agents.items():
        headers = {"Accept-Encoding": "gzip", "User-Agent": agent}
        answer = google.call(BEN, "GET", "me/messages", headers=headers)
        assert answer.headers.get("content-encoding") == coding


@pytest.mark.parametrize("verb", ["messages", "drafts"])
def test_a_multipart_upload_carries_metadata(google: Google, ada: str, verb: str) -> None:
    users = google.client(ADA)
    start = google.deliver(ADA, letter("Plan", Message_ID="<plan@x.example>"))
    reply = letter("Re: Plan", sender=ADA, to=BEN, In_Reply_To="<plan@x.example>",
                   References="<plan@x.example>")  # fmt: skip
    media = MediaIoBaseUpload(io.BytesIO(reply.as_bytes()), mimetype="message/rfc822")
    meta = {"threadId": start["threadId"]}
    if verb == "messages":
        made = users.messages().send(userId="me", body=meta, media_body=media).execute()
    else:
        made = users.drafts().create(userId="me", body={"message": meta}, media_body=media)
        made = made.execute()["message"]
    assert made["threadId"] == start["threadId"]


def test_a_batch_answers_each_part(google: Google, ada: str) -> None:
    ids = [google.deliver(ADA, letter(f"Mail {n}"))["id"] for n in range(5)]
    users = google.client(ADA)
    answers: dict[str, Any] = {}
    batch = google.service(ADA).new_batch_http_request(
        callback=lambda key, answer, error: answers.update({key: error or answer})
    )
    for each in [*ids, "00000000deadbeef"]:
        batch.add(users.messages().get(userId="me", id=each, format="minimal"), request_id=each)
    batch.execute()
    assert [answers[each]["id"] for each in ids] == ids
    assert answers["00000000deadbeef"].status_code == 404


@pytest.mark.parametrize("path", ["/batch", "/batch/gmail/v1"])
def test_both_batch_addresses_match_parts_by_content_id(
    google: Google, ada: str, path: str
) -> None:
    """FACTS 1.13 and 14.6."""
    body = (
        "--b\r\nContent-Type: application/http\r\nContent-ID: <one>\r\n\r\n"
        "GET /gmail/v1/users/me/profile HTTP/1.1\r\n\r\n\r\n"
        "--b\r\nContent-Type: application/http\r\nContent-ID: <two>\r\n\r\n"
        "GET /gmail/v1/users/me/messages/nonsense HTTP/1.1\r\n\r\n\r\n--b--\r\n"
    )
    headers = {
        "Authorization": f"Bearer {google.token(ADA)}",
        "Content-Type": "multipart/mixed; boundary=b",
    }
    answer = google.http.post(path, content=body, headers=headers)
    assert answer.status_code == 200
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    whole: Any = email.message_from_bytes(head + answer.content)
    parts = {part["Content-ID"]: part.get_payload(decode=True) for part in whole.get_payload()}
    assert set(parts) == {"<response-one>", "<response-two>"}
    assert b"200 OK" in parts["<response-one>"].split(b"\n")[0]
    assert b"400" in parts["<response-two>"].split(b"\n")[0]


def test_a_batch_has_at_most_a_hundred_parts(google: Google, ada: str) -> None:
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/profile\r\n\r\n"
    headers = {
        "Authorization": f"Bearer {google.token(ADA)}",
        "Content-Type": "multipart/mixed; boundary=b",
    }
    answer = google.http.post("/batch", content=part * 101 + "--b--\r\n", headers=headers)
    assert answer.status_code == 400
    assert "Inner request count exceeds the limit" in error_of(answer)["message"]


def test_pretty_printing_can_be_turned_off(google: Google, ada: str) -> None:
    plain = google.call(ADA, "GET", "me/profile", params={"prettyPrint": "false"})
    assert b"\n" not in plain.content.strip()
    assert json.loads(plain.content)["emailAddress"] == ADA


def test_the_seeded_corpus_renders_and_fits_the_document(google: Google) -> None:
    """Every message of a mailbox with all the damage in it, through the official client."""
    google.mailbox(ADA, messages=700)
    users = google.client(ADA)
    for held in google.held(ADA):
        found = users.messages().get(userId="me", id=held["id"]).execute()
        assert set(found.get("labelIds", [])) == set(held["labelIds"])
        for part in leaves(found["payload"]):
            if "data" in part["body"]:
                unb64(part["body"]["data"]).decode()


def test_gzip_decodes_to_the_same(google: Google, ada: str) -> None:
    google.deliver(ADA, letter("Hello"))
    path = "/gmail/v1/users/me/messages"
    base = {"Authorization": f"Bearer {google.token(ADA)}", "User-Agent": "x (gzip)"}
    with google.http.stream("GET", path, headers={**base, "Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    if answer.headers.get("content-encoding") == "gzip":
        packed = gzip.decompress(packed)
    assert json.loads(packed)["resultSizeEstimate"] == 1


def test_insert_is_silent_and_import_is_a_delivery(google: Google, ada: str) -> None:
    users = google.client(ADA)
    body = {"raw": b64(letter("Old mail", to=BEN)), "labelIds": ["SENT"]}
    google.mailbox(BEN)
    users.messages().insert(userId="me", body=body).execute()
    assert google.held(BEN) == []
