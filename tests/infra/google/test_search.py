"""The search operators, against an expectation written out by hand."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from tests.infra.google.emulator import Google, b64, letter

ADA = "ada@demo.example"
DAY = timedelta(days=1)
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def mail(name: str, days_ago: float, **made: Any) -> EmailMessage:
    """Compose a mail with a subject ending in its name, dated by its Date header."""
    subject = made.pop("subject", "Note")
    found = letter(f"{subject} {name}", **made)
    del found["Date"]
    found["Date"] = NOON - days_ago * DAY
    return found


def pdf(made: EmailMessage, filename: str) -> EmailMessage:
    made.add_attachment(b"%PDF", "application", "pdf", filename=filename)
    return made


MAIL: dict[str, tuple[EmailMessage, list[str]]] = {
    "offer": (
        pdf(
            mail(
                "offer",
                2,
                subject="Spring offer for",
                text="The quick brown fox and the red apple.\n",
                Message_ID="<offer-1@quillandco.example>",
                sender="Fiona Marsh <fiona@quillandco.example>",
            ),
            "calder-rail.pdf",
        ),
        ["INBOX", "UNREAD"],
    ),
    "hike": (
        mail(
            "hike",
            5,
            subject="Saturday walk",
            text="Red shoes; the apple is brown.\n",
            sender="Ben Carver <ben.carver@post.example>",
            cc="leila@post.example",
        ),
        ["INBOX", "STARRED"],
    ),
    "sent": (
        mail("sent", 6, text="Thanks!\n", sender=ADA, to="Fiona <fiona@quillandco.example>"),
        ["SENT"],
    ),
    "archived": (mail("archived", 12, subject="Rechnung März", text="Größe: 3\n"), ["IMPORTANT"]),
    "spam": (mail("spam", 3, subject="Spring sale", text="red apple cheap\n"), ["SPAM"]),
    "trash": (mail("trash", 4, text="Nothing.\n", sender="fiona@other.example"), ["TRASH"]),
    "old": (
        pdf(mail("old", 40, text="Long ago.\n", sender="leila@post.example"), "notes.txt"),
        ["INBOX"],
    ),
    "promo": (
        mail("promo", 1, subject="Weekly letter", text="Coffee.\n", sender="shop@tide.example"),
        ["INBOX", "CATEGORY_PROMOTIONS", "UNREAD"],
    ),
}
EVERYTHING = set(MAIL)
VISIBLE = EVERYTHING - {"spam", "trash"}


@pytest.fixture
def finder(google: Google, ada: str) -> Any:
    """Fill Ada's mailbox; return a function from a query to the names it finds, latest first."""
    messages = google.client(ada).messages()
    names = {}
    for name, (made, labels) in MAIL.items():
        body = {"raw": b64(made), "labelIds": labels}
        answer = messages.insert(userId="me", body=body, internalDateSource="dateHeader").execute()
        names[answer["id"]] = name

    def find(q: str, **more: Any) -> list[str]:
        answer = messages.list(userId="me", q=q, **more).execute()
        return [names[one["id"]] for one in answer.get("messages", [])]

    return find


def epoch(days_ago: float) -> int:
    return int((NOON - days_ago * DAY).timestamp())


def day(days_ago: float) -> str:
    return f"{NOON - days_ago * DAY:%Y/%m/%d}"


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", VISIBLE),
        ("from:fiona", {"offer"}),
        ("from:fiona@quillandco.example", {"offer"}),
        ("from:quillandco.example", {"offer"}),
        ("from:FIONA", {"offer"}),
        ('from:"Fiona Marsh"', {"offer"}),
        ("from:me", {"sent"}),
        ("to:fiona", {"sent"}),
        ("to:me", VISIBLE - {"sent"}),
        ("cc:leila", {"hike"}),
        ("subject:spring", {"offer"}),
        ("subject:(spring offer)", {"offer"}),
        ('subject:"spring offer"', {"offer"}),
        ("subject:märz", {"archived"}),
        ("in:inbox", {"offer", "hike", "old", "promo"}),
        ("in:sent", {"sent"}),
        ("in:spam", {"spam"}),
        ("in:trash", {"trash"}),
        ("in:anywhere", EVERYTHING),
        ("in:anywhere from:fiona", {"offer", "trash"}),
        ("is:unread", {"offer", "promo"}),
        ("is:read", VISIBLE - {"offer", "promo"}),
        ("is:starred", {"hike"}),
        ("is:important", {"archived"}),
        ("label:inbox is:unread", {"offer", "promo"}),
        ("label:starred", {"hike"}),
        ("category:promotions", {"promo"}),
        ("has:attachment", {"offer", "old"}),
        ("filename:pdf", {"offer"}),
        ("filename:calder-rail.pdf", {"offer"}),
        ("filename:notes.txt", {"old"}),
        (f"after:{epoch(5.5)}", {"offer", "hike", "promo"}),
        (f"before:{epoch(5.5)}", {"sent", "archived", "old"}),
        (f"after:{epoch(6.5)} before:{epoch(4.5)}", {"hike", "sent"}),
        ("after:0", VISIBLE),
        (f"after:{day(20)}", VISIBLE - {"old"}),
        (f"before:{day(20)}", {"old"}),
        ("newer_than:10d", {"offer", "hike", "sent", "promo"}),
        ("older_than:10d", {"archived", "old"}),
        ("newer_than:1m", VISIBLE - {"old"}),
        ("older_than:1y", set()),
        ("rfc822msgid:offer-1@quillandco.example", {"offer"}),
        ("rfc822msgid:<offer-1@quillandco.example>", {"offer"}),
        ("apple", {"offer", "hike"}),
        ("red apple", {"offer", "hike"}),
        ('"red apple"', {"offer"}),
        ("größe", {"archived"}),
        ("appl", set()),
        ("from:fiona OR from:leila", {"offer", "old"}),
        ("{from:fiona from:leila}", {"offer", "old"}),
        ("in:inbox -is:unread", {"hike", "old"}),
        ("-in:inbox", {"sent", "archived"}),
        ("apple -brown", set()),
        ('apple -"red apple"', {"hike"}),
        ("(from:fiona OR from:ben.carver) is:unread", {"offer"}),
        ("in:inbox -(from:leila OR is:unread)", {"hike"}),
        ("from:nobody", set()),
        ("from:(fiona OR leila)", {"offer", "old"}),
        ("in:drafts", set()),
        ("larger:1M", set()),
    ],
)
def test_a_query_finds_exactly(finder: Any, q: str, expected: set[str]) -> None:
    assert set(finder(q)) == expected


def test_results_come_in_the_order_of_arrival_whatever_their_dates(finder: Any) -> None:
    assert finder("in:inbox") == ["promo", "old", "hike", "offer"]


def test_spam_and_trash_are_listed_only_when_asked_for(finder: Any) -> None:
    assert set(finder("", includeSpamTrash=True)) == EVERYTHING
    assert set(finder("from:fiona", includeSpamTrash=True)) == {"offer", "trash"}


def test_label_ids_are_anded_and_go_with_a_query(finder: Any) -> None:
    assert set(finder("", labelIds=["INBOX", "UNREAD"])) == {"offer", "promo"}
    assert finder("apple", labelIds=["INBOX", "STARRED"]) == ["hike"]


def test_a_user_label_is_searched_by_name(google: Google, ada: str, finder: Any) -> None:
    users = google.client(ada)
    body = {"name": "Projects/Old Pier"}
    label = users.labels().create(userId="me", body=body).execute()
    found = users.messages().list(userId="me", q="from:fiona").execute()["messages"][0]["id"]
    change = {"addLabelIds": [label["id"]]}
    users.messages().modify(userId="me", id=found, body=change).execute()
    assert finder("label:projects-old-pier") == ["offer"]
    assert finder("label:Projects/Old-Pier") == ["offer"]
    assert finder("", labelIds=[label["id"]]) == ["offer"]


def test_threads_are_searched_the_same_way(google: Google, ada: str, finder: Any) -> None:
    threads = google.client(ada).threads()
    assert len(threads.list(userId="me", q="has:attachment").execute()["threads"]) == 2


def test_a_date_means_midnight_in_california(google: Google, ada: str) -> None:
    """FACTS 4.2: dates in a query are midnight PST, so eight (or, in summer, seven) hours late."""
    users = google.client(ada)
    made = letter("Just after midnight UTC")
    del made["Date"]
    made["Date"] = datetime(2026, 1, 15, 3, 0, tzinfo=UTC)
    body = {"raw": b64(made), "labelIds": ["INBOX"]}
    users.messages().insert(userId="me", body=body, internalDateSource="dateHeader").execute()

    def count(q: str) -> int:
        return len(users.messages().list(userId="me", q=q).execute().get("messages", []))

    assert count("after:2026/01/15") == 0
    assert count("before:2026/01/15") == 1
    assert count("after:2026/01/14") == 1


def test_a_query_is_refused_under_the_metadata_scope(google: Google, ada: str) -> None:
    scope = "https://www.googleapis.com/auth/gmail.metadata"
    headers = {"Authorization": f"Bearer {google.token(ada, (scope,))}"}
    answer = google.http.get("/gmail/v1/users/me/messages", params={"q": "x"}, headers=headers)
    assert answer.status_code == 403
