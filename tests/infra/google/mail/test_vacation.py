"""The vacation responder: whom it answers, how often, and whom it does not."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.google.settings import GoogleSettings
from tests.infra.google.emulator import FULL, SCOPE, Google, b64, letter, running

ADA, BEN, CYD = "ada@demo.example", "ben@demo.example", "cyd@far.example"
BASIC = (FULL, f"{SCOPE}settings.basic")


@pytest.fixture(scope="module")
def google_url() -> Iterator[str]:
    """Start an emulator of our own: its clock runs ahead of the others'."""
    with running(GoogleSettings(push_endpoint=None, units_per_minute=10_000_000)) as url:
        yield url


@pytest.fixture
def away(google: Google) -> Any:
    """Return what sets Ada's responder."""
    for email in (ADA, BEN, CYD):
        google.mailbox(email)

    def setting(**more: Any) -> Any:
        body = {"enableAutoReply": True, "responseSubject": "Away", **more}
        settings = google.client(ADA, BASIC).settings()
        return settings.updateVacation(userId="me", body=body).execute()

    return setting


@pytest.fixture
def google(google_url: str) -> Google:
    found = Google(google_url)
    found.reset()
    return found


def write(google: Google, sender: str, **headers: str) -> None:
    mail = letter("Tea", sender=sender, to=ADA, **headers)
    google.client(sender).messages().send(userId="me", body={"raw": b64(mail)}).execute()


def answers(google: Google, email: str) -> list[Any]:
    """Return what came into a mailbox, oldest first."""
    client = google.client(email).messages()
    inbox = [one for one in google.held(email) if "INBOX" in one["labelIds"]]
    return [client.get(userId="me", id=one["id"]).execute() for one in reversed(inbox)]


def headers_of(message: Any) -> dict[str, str]:
    return {one["name"]: one["value"] for one in message["payload"]["headers"]}


def test_each_sender_is_answered_once_until_days_have_passed(google: Google, away: Any) -> None:
    """The same sender gets the next answer after four days, or when the text changes."""
    away(responseBodyPlainText="Back on Monday.")
    counted = []
    for step in (None, None, {"days": 3}, {"days": 2}):
        if step:
            google.advance(**step)
            google.reset_tokens()
        write(google, BEN)
        counted.append(len(answers(google, BEN)))
    write(google, CYD)
    away(responseBodyPlainText="Back on Friday.")
    write(google, BEN)
    assert counted == [1, 1, 1, 2]
    assert len(answers(google, CYD)) == 1
    assert len(answers(google, BEN)) == 3


def test_the_answer_says_what_was_set_and_joins_the_conversation(google: Google, away: Any) -> None:
    """Subject in front, marked as automatic, in the sender's own thread."""
    away(responseSubject="Fort (größer)", responseBodyHtml="<b>Gone</b>", responseBodyPlainText="x")
    write(google, BEN)
    (answer,) = answers(google, BEN)
    headers = headers_of(answer)
    sent = next(one for one in google.held(BEN) if "SENT" in one["labelIds"])
    assert headers["Subject"] == "Fort (größer) Re: Tea"
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["From"] == ADA
    assert headers["In-Reply-To"]
    assert answer["payload"]["mimeType"] == "text/html"
    assert answer["snippet"] == "Gone"
    assert sent["id"] != answer["id"]


SILENT: list[tuple[dict[str, Any], str, dict[str, str]]] = [
    ({"enableAutoReply": False}, BEN, {}),
    ({"restrictToDomain": True}, CYD, {}),
    ({"restrictToContacts": True}, BEN, {}),
    ({"endTime": "1000"}, BEN, {}),
    ({"startTime": "99999999999999"}, BEN, {}),
    ({}, BEN, {"Precedence": "bulk"}),
    ({}, BEN, {"List_Id": "<tea.example>"}),
    ({}, BEN, {"Auto_Submitted": "auto-generated"}),
    ({}, ADA, {}),
]


@pytest.mark.parametrize(("setting", "sender", "headers"), SILENT)
def test_the_responder_keeps_silent(
    google: Google, away: Any, setting: dict[str, Any], sender: str, headers: dict[str, str]
) -> None:
    """Off, not yet, no more, strangers, machines, lists and oneself get no answer."""
    away(**setting)
    write(google, sender, **headers)
    mine = answers(google, sender)
    assert len(mine) == (1 if sender == ADA else 0)


def test_who_was_written_to_is_a_contact_and_two_who_are_away_do_not_answer_each_other(
    google: Google, away: Any
) -> None:
    """A responder never answers a responder."""
    away(restrictToContacts=True)
    theirs = google.client(BEN, BASIC).settings()
    body = {"enableAutoReply": True, "responseSubject": "Gone"}
    theirs.updateVacation(userId="me", body=body).execute()
    mail = letter("Hello", sender=ADA, to=BEN)
    google.client(ADA).messages().send(userId="me", body={"raw": b64(mail)}).execute()
    write(google, BEN)
    mine = [headers_of(one)["Subject"] for one in answers(google, ADA)]
    theirs = [headers_of(one)["Subject"] for one in answers(google, BEN)]
    assert (mine, theirs) == (["Gone Re: Hello", "Tea"], ["Hello", "Away Re: Tea"])
