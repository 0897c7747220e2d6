"""What an account's settings do to the mail that arrives: labels, copies, answers."""

from typing import Any

import pytest

from tests.infra.google.emulator import FULL, SCOPE, Google, b64, error_of, letter

ADA, BEN, CYD = "ada@demo.example", "ben@demo.example", "cyd@far.example"
SCOPES = (FULL, f"{SCOPE}settings.basic", f"{SCOPE}settings.sharing")
LABELLED = {"addLabelIds": ["STARRED"], "removeLabelIds": ["INBOX"]}


@pytest.fixture
def settings(google: Google, ada: str, ben: str) -> Any:
    google.mailbox(CYD)
    return google.client(ADA, SCOPES).settings()


def add_filter(settings: Any, criteria: dict[str, Any], action: dict[str, Any]) -> Any:
    body = {"criteria": criteria, "action": action}
    return settings.filters().create(userId="me", body=body).execute()


def labels_of(google: Google, id: str, email: str = ADA) -> set[str]:
    return next(set(one["labelIds"]) for one in google.held(email) if one["id"] == id)


def subjects(google: Google, email: str) -> list[str]:
    client = google.client(email).messages()
    found = [client.get(userId="me", id=one["id"]).execute() for one in google.held(email)]
    return [header(one, "Subject") for one in found]


def header(message: Any, name: str) -> str:
    headers = message["payload"]["headers"]
    return next((one["value"] for one in headers if one["name"] == name), "")


CRITERIA: list[tuple[dict[str, Any], bool]] = [
    ({"from": "maya"}, True),
    ({"from": "maya@harbourlight.example OR zoe@x.example"}, True),
    ({"from": "zoe@x.example"}, False),
    ({"to": "ada"}, True),
    ({"to": "ben@demo.example"}, False),
    ({"subject": "  quarterly   report "}, True),
    ({"subject": "yearly report"}, False),
    ({"query": "{pier harbour}"}, True),
    ({"query": "pier", "negatedQuery": "lighthouse"}, False),
    ({"query": "pier", "negatedQuery": "volcano"}, True),
    ({"hasAttachment": True}, True),
    ({"query": "pier", "size": 100, "sizeComparison": "larger"}, True),
    ({"query": "pier", "size": 100, "sizeComparison": "smaller"}, False),
    ({"query": "(pier"}, False),
    ({"from": "maya", "subject": "yearly"}, False),
    ({"query": "is:unread in:inbox", "excludeChats": True}, True),
]


@pytest.mark.parametrize(("criteria", "fits"), CRITERIA)
def test_a_filter_labels_the_mail_that_fits_all_its_criteria(
    google: Google, settings: Any, criteria: dict[str, Any], fits: bool
) -> None:
    """And no other; mail that was there before stays as it is."""
    mail = letter("Quarterly report", "The pier and the lighthouse.\n")
    mail.add_attachment(b"%PDF-1.4", "application", "pdf", filename="x.pdf")
    before = google.deliver(ADA, mail)
    add_filter(settings, criteria, LABELLED)
    after = google.deliver(ADA, mail)
    assert labels_of(google, before["id"]) == {"INBOX", "UNREAD"}
    assert labels_of(google, after["id"]) == (
        {"UNREAD", "STARRED"} if fits else {"INBOX", "UNREAD"}
    )


def test_labels_of_a_filter_come_with_the_message_in_one_record(
    google: Google, settings: Any
) -> None:
    """No labelAdded follows: who asks only for that never hears of them (FACTS 15)."""
    label = google.client(ADA).labels().create(userId="me", body={"name": "Bills"}).execute()
    add_filter(settings, {"from": "maya"}, {"addLabelIds": [label["id"]]})
    start = google.client(ADA).getProfile(userId="me").execute()["historyId"]
    made = google.deliver(ADA, letter("Bill"))
    found = google.client(ADA).history().list(userId="me", startHistoryId=start).execute()
    (record,) = found["history"]
    assert set(record) == {"id", "messages", "messagesAdded"}
    added = record["messagesAdded"][0]["message"]
    assert added["id"] == made["id"]
    assert set(added["labelIds"]) == {"INBOX", "UNREAD", label["id"]}


def test_filters_work_together_and_end_with_their_deletion(google: Google, settings: Any) -> None:
    """Each that fits adds its part; a deleted filter and a deleted label do nothing more."""
    labels = google.client(ADA).labels()
    label = labels.create(userId="me", body={"name": "Bills"}).execute()["id"]
    first = add_filter(settings, {"from": "maya"}, {"addLabelIds": ["STARRED"]})
    add_filter(settings, {"subject": "bill"}, {"addLabelIds": [label]})
    both = google.deliver(ADA, letter("Bill"))
    settings.filters().delete(userId="me", id=first["id"]).execute()
    labels.delete(userId="me", id=label).execute()
    neither = google.deliver(ADA, letter("Bill"))
    assert labels_of(google, both["id"]) == {"INBOX", "UNREAD", "STARRED"}
    assert labels_of(google, neither["id"]) == {"INBOX", "UNREAD"}


def test_a_filter_that_deletes_takes_the_mail_out_of_the_inbox(
    google: Google, settings: Any
) -> None:
    """Trash and inbox exclude each other."""
    add_filter(settings, {"from": "maya"}, {"addLabelIds": ["TRASH"]})
    made = google.deliver(ADA, letter("Bill"))
    assert labels_of(google, made["id"]) == {"UNREAD", "TRASH"}


def test_mail_between_mailboxes_and_to_oneself_is_sorted_too(google: Google, settings: Any) -> None:
    """Whichever way mail arrives, the filters see it."""
    add_filter(settings, {"subject": "tea"}, {"addLabelIds": ["STARRED"]})
    for sender in (BEN, ADA):
        raw = b64(letter("Tea", sender=sender, to=ADA))
        google.client(sender).messages().send(userId="me", body={"raw": raw}).execute()
    assert all("STARRED" in one["labelIds"] for one in google.held(ADA))
    assert len(google.held(ADA)) == 2


def verified(google: Google, settings: Any, address: str) -> Any:
    """Add a forwarding address, and verify it by the link its owner is mailed."""
    body = {"forwardingEmail": address}
    made = settings.forwardingAddresses().create(userId="me", body=body).execute()
    if made["verificationStatus"] == "pending":
        follow_link(google, address)
    found = settings.forwardingAddresses().get(userId="me", forwardingEmail=address).execute()
    assert found["verificationStatus"] == "accepted"


def follow_link(google: Google, address: str) -> None:
    (asking, *_) = google.held(address)
    raw = google.call(address, "GET", f"me/messages/{asking['id']}").json()["snippet"]
    path = "/mail/vf-" + raw.partition("/mail/vf-")[2].split()[0]
    assert google.http.get(path).status_code == 200
    assert google.http.get(f"{path}x").status_code == 404


DISPOSITIONS = [
    ("leaveInInbox", {"INBOX", "UNREAD"}),
    ("archive", {"UNREAD"}),
    ("trash", {"UNREAD", "TRASH"}),
    ("markRead", {"INBOX"}),
]


@pytest.mark.parametrize(("disposition", "left"), DISPOSITIONS)
def test_all_mail_is_forwarded_to_a_verified_address(
    google: Google, settings: Any, disposition: str, left: set[str]
) -> None:
    """The copy keeps its sender; what stays is treated as the disposition says."""
    verified(google, settings, BEN)
    body = {"enabled": True, "emailAddress": BEN, "disposition": disposition}
    settings.updateAutoForwarding(userId="me", body=body).execute()
    made = google.deliver(ADA, letter("Bill"))
    (copy,) = google.held(BEN)
    whole = google.client(BEN).messages().get(userId="me", id=copy["id"]).execute()
    assert labels_of(google, made["id"]) == left
    assert "maya@harbourlight.example" in header(whole, "From")
    assert header(whole, "X-Forwarded-To") == BEN


def test_nothing_is_forwarded_to_whom_has_not_agreed(google: Google, settings: Any) -> None:
    """Pending and unknown addresses are refused alike, for all mail and for a filter."""
    body = {"forwardingEmail": CYD}
    made = settings.forwardingAddresses().create(userId="me", body=body).execute()
    assert made == {"forwardingEmail": CYD, "verificationStatus": "pending"}
    headers = {"Authorization": f"Bearer {google.token(ADA, SCOPES)}"}
    filtering = {"criteria": {"from": "maya"}, "action": {"forward": CYD}}
    for verb, path, asked in (
        ("PUT", "autoForwarding", {"enabled": True, "emailAddress": CYD}),
        ("POST", "filters", filtering),
    ):
        url = f"/gmail/v1/users/me/settings/{path}"
        error = error_of(google.http.request(verb, url, headers=headers, json=asked))
        assert (error["code"], error["status"]) == (400, "FAILED_PRECONDITION")
        assert error["message"] == "Unrecognized forwarding address"


def test_a_filter_forwards_what_fits_and_mail_goes_in_no_circle(
    google: Google, settings: Any
) -> None:
    """Two accounts that forward to each other hold one copy each."""
    verified(google, settings, CYD)
    add_filter(settings, {"from": "maya"}, {"forward": CYD})
    theirs = google.client(CYD, SCOPES).settings()
    theirs.forwardingAddresses().create(userId="me", body={"forwardingEmail": ADA}).execute()
    follow_link(google, ADA)
    held = len(google.held(ADA))
    add_filter(theirs, {"from": "maya"}, {"forward": ADA})
    google.deliver(ADA, letter("Bill"))
    google.deliver(ADA, letter("Tea", sender="zoe@x.example"))
    assert subjects(google, CYD).count("Bill") == 1
    assert "Tea" not in subjects(google, CYD)
    assert len(google.held(ADA)) == held + 2


@pytest.mark.parametrize("label", ["SNOOZED", "SCHEDULED"])
def test_snoozed_and_scheduled_mail_is_found_by_searching_only(
    google: Google, ada: str, label: str
) -> None:
    """The label cannot be listed, nor put on or taken off (gauteh/lieer#291)."""
    path = f"/mailboxes/{ADA}/messages?labelIds={label}"
    made = google.control("POST", path, content=letter("Later").as_bytes())
    google.deliver(ADA, letter("Now"))
    client = google.client(ADA)
    found = client.messages().list(userId="me", q=f"in:{label.lower()}").execute()
    names = {one["name"] for one in client.labels().list(userId="me").execute()["labels"]}
    change = {"removeLabelIds": [label]}
    refused = google.call(ADA, "POST", f"me/messages/{made['id']}/modify", json=change)
    assert [one["id"] for one in found["messages"]] == [made["id"]]
    assert label not in names
    assert (refused.status_code, error_of(refused)["message"]) == (400, f"Invalid label: {label}")
