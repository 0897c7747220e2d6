"""Reply, reply-all, forward and joining a thread, built from the mailbox itself (FACTS 5.3)."""

import pytest

from infra.local.google.mail.aliases import add_alias
from shared.errors import InvalidRequestError
from tests.harness.google import ADA
from tests.harness.sending import BOB, EVE, SendHarness, mail

CROWD = mail(To=f"Ada <{ADA}>, {EVE}", Cc=f"Sales <sales@acme.example>, {BOB}, Zoë <zoe@x.example>")


async def test_a_reply_joins_the_thread_with_all_that_threading_takes(harness: SendHarness) -> None:
    parent = harness.deliver(mail(References="<q0@x.example>"))
    sending = await harness.send(reply_to_message_id=parent, body="Fine.")
    thread = harness.google.store.messages(ADA)
    assert len({one["threadId"] for one in thread}) == 1
    (received,) = harness.inbox()
    reading = harness.read(received)
    assert reading.addresses("To") == [("Bob", BOB)]
    assert reading.text("Subject") == "Re: Question"
    assert reading.header("In-Reply-To") == "<q1@x.example>"
    assert reading.header("References") == "<q0@x.example> <q1@x.example>"
    assert reading.body("plain") == "Fine.\n"
    assert sending.entry.thread_id == thread[0]["threadId"]


async def test_reply_to_is_answered_before_from(harness: SendHarness) -> None:
    parent = harness.deliver(mail(Reply_To="List <list@x.example>"))
    reading, _ = await harness.preview(reply_to_message_id=parent, body="x")
    assert reading.addresses("To") == [("List", "list@x.example")]


async def test_a_reply_to_all_goes_to_everybody_once_but_not_to_oneself(
    harness: SendHarness,
) -> None:
    add_alias(harness.google.store, ADA, "sales@acme.example", "Sales")
    parent = harness.deliver(CROWD)
    reading, _ = await harness.preview(
        reply_to_message_id=parent, reply_all=True, cc="ZOE@x.example", body="x"
    )
    assert reading.addresses("To") == [("Bob", BOB)]
    assert reading.addresses("Cc") == [("", "ZOE@x.example"), ("", EVE)]


async def test_recipients_the_caller_names_replace_the_sender(harness: SendHarness) -> None:
    parent = harness.deliver(mail())
    reading, _ = await harness.preview(reply_to_message_id=parent, to=EVE, subject="Mine", body="x")
    assert reading.addresses("To") == [("", EVE)]
    assert reading.text("Subject") == "Mine"


async def test_a_reply_to_ones_own_mail_goes_to_those_it_went_to(harness: SendHarness) -> None:
    first = await harness.send(to=[BOB, EVE], subject="Plan", body="x")
    parent = first.entry.message_id
    reading, composed = await harness.preview(reply_to_message_id=parent, body="More.")
    assert [address for _, address in reading.addresses("To")] == [BOB, EVE]
    assert composed.thread_id == first.entry.thread_id


@pytest.mark.parametrize("message_id", ["", "garbage", "<ünicode@x.example>"])
async def test_a_parent_without_a_usable_message_id_is_answered_all_the_same(
    harness: SendHarness, message_id: str
) -> None:
    parent = harness.deliver(mail(Message_ID=message_id))
    sending = await harness.send(reply_to_message_id=parent, body="Fine.")
    reading = harness.read(harness.inbox()[0])
    assert reading.old["In-Reply-To"] is None
    assert reading.old["References"] is None
    assert reading.text("Subject") == "Re: Question"
    assert sending.entry.message_id is not None


async def test_a_hostile_parent_adds_no_line_and_no_recipient(harness: SendHarness) -> None:
    parent = harness.deliver(
        mail(
            Subject="=?utf-8?q?Hi=0D=0ABcc=3A_x=40evil.example?=",
            From="=?utf-8?q?B=0D=0ATo=3A_x=40evil.example?= <bob@acme.example>",
            References="<a@b> not<an>id <c@d>\x00 " + "<e" + "x" * 2_000 + "@f>",
        )
    )
    reading, _ = await harness.preview(
        reply_to_message_id=parent, reply_all=True, quote=True, body="x"
    )
    assert reading.old["Bcc"] is None
    assert [address for _, address in reading.addresses("To")] == [BOB]
    assert "\n" not in reading.text("Subject")
    assert reading.longest_line() < 998


async def test_a_quotation_repeats_text_and_html(harness: SendHarness) -> None:
    html = mail(Content_Type="text/html; charset=utf-8").replace(
        b"What do you think?", "<p>What do <b>you</b> think, Zoë?</p>".encode()
    )
    parent = harness.deliver(html)
    reading, _ = await harness.preview(
        reply_to_message_id=parent, quote=True, text="Fine.", html="<p>Fine.</p>"
    )
    plain, marked_up = reading.body("plain") or "", reading.body("html") or ""
    assert plain.startswith("Fine.\n\nOn 20")
    assert "wrote:\n\n> What do you think, Zoë?" in plain
    assert marked_up.startswith("<p>Fine.</p>")
    assert "<b>you</b> think, Zoë?" in marked_up
    without, _ = await harness.preview(reply_to_message_id=parent, body="Fine.")
    assert without.body("plain") == "Fine.\n"


FILES = (
    b"From: Bob <bob@acme.example>\r\nTo: ada@acme.example\r\nSubject: WG: Bilder\r\n"
    b"Message-ID: <f1@x.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="o"\r\n\r\n'
    b'--o\r\nContent-Type: multipart/related; boundary="i"\r\n\r\n'
    b'--i\r\nContent-Type: text/html\r\n\r\n<img src="cid:pic@x">Seen\r\n'
    b"--i\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Disposition: inline;"
    b' filename="pic.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--i--\r\n'
    b"--o\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment;\r\n"
    b" filename*=utf-8''%C3%9Cber.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"JVBERg==\r\n--o--\r\n"
)


async def test_a_forwarded_message_takes_its_text_its_images_and_its_files_along(
    harness: SendHarness,
) -> None:
    parent = harness.deliver(FILES)
    await harness.send(to=EVE, forward_message_id=parent, body="See below.")
    (received,) = harness.inbox(EVE)
    reading = harness.read(received, EVE)
    assert reading.text("Subject") == "WG: Bilder"
    plain, marked_up = reading.body("plain") or "", reading.body("html") or ""
    assert plain.startswith("See below.\n\n---------- Forwarded message ---------\nFrom: Bob <")
    assert "Seen" in plain
    (content_id,) = (one.content_id for one in reading.files() if one.content_id)
    assert f'<img src="cid:{content_id.strip("<>")}">Seen' in marked_up
    assert "See below." in marked_up
    files = {one.filename: (one.content, one.disposition) for one in reading.files()}
    assert files == {
        "pic.png": (b"\x89PNG", "inline"),
        "Über.pdf": (b"%PDF", "attachment"),
    }
    assert reading.header("References") == "<f1@x.example>"


async def test_a_quotation_shows_the_images_of_the_message_answered(harness: SendHarness) -> None:
    parent = harness.deliver(FILES)
    reading, _ = await harness.preview(
        reply_to_message_id=parent, quote=True, html='<p>See <img src="cid:pic@x"></p>',
        attachments=[{"filename": "own.png", "content_base64": "b3du", "content_id": "pic@x"}],
    )  # fmt: skip
    images = {one.filename: (one.content, one.content_id or "") for one in reading.files()}
    assert {name: content for name, (content, _) in images.items()} == {
        "own.png": b"own",
        "pic.png": b"\x89PNG",
    }
    marked_up = reading.body("html") or ""
    assert '<img src="cid:pic@x"></p>' in marked_up, "the caller's own image stays as it was named"
    assert f'<img src="cid:{images["pic.png"][1].strip("<>")}">Seen' in marked_up
    plain, _ = await harness.preview(reply_to_message_id=parent, quote=True, text="x")
    assert plain.files() == []


async def test_a_parent_without_references_hands_on_what_it_answers(harness: SendHarness) -> None:
    parent = harness.deliver(mail(In_Reply_To="<q0@x.example>"))
    reading, _ = await harness.preview(reply_to_message_id=parent, body="x")
    assert reading.header("References") == "<q0@x.example> <q1@x.example>"


async def test_a_strangers_style_stays_with_the_strangers_words(harness: SendHarness) -> None:
    parent = harness.deliver(
        mail(Content_Type="text/html").replace(
            b"What do you think?",
            b"<!doctype html><base href='https://evil.example/'><style>* {display: none} </style>"
            b"<body style='color: red'>Sure</div></div></body><style>p {color: blue}",
        )
    )
    for asked in ({"forward_message_id": parent, "to": EVE}, {"reply_to_message_id": parent}):
        reading, _ = await harness.preview(**asked, quote=True, html="<p>Ours</p>")
        marked_up = (reading.body("html") or "").lower()
        assert marked_up.startswith("<p>ours</p>")
        assert "<base" not in marked_up
        assert "<!doctype" not in marked_up
        assert '<div style="color: red">sure</div>' in marked_up
        rules = marked_up.split("<style>")[1:]
        assert [rule.startswith(".quoted-") for rule in rules] == [True, True]
        assert marked_up.count("<div") == marked_up.count("</div")


async def test_a_forward_without_quotation_still_takes_the_files_along(
    harness: SendHarness,
) -> None:
    parent = harness.deliver(FILES)
    reading, _ = await harness.preview(to=EVE, forward_message_id=parent, quote=False, body="Mine.")
    assert reading.body("plain") == "Mine.\n"
    assert reading.body("html") is None
    assert [one.filename for one in reading.files()] == ["Über.pdf"]


async def test_a_forward_needs_recipients_of_its_own(harness: SendHarness) -> None:
    parent = harness.deliver(mail())
    with pytest.raises(InvalidRequestError) as caught:
        await harness.send(forward_message_id=parent)
    assert caught.value.code == "invalid_recipient"


async def test_a_thread_alone_is_continued_by_its_last_message(harness: SendHarness) -> None:
    harness.deliver(mail())
    harness.deliver(
        mail("Re: Question", Message_ID="<q2@x.example>", References="<q1@x.example>", From=EVE)
    )
    thread = harness.google.store.messages(ADA)[0]["threadId"]
    sending = await harness.send(thread_id=thread, body="Both of you.")
    assert sending.entry.thread_id == thread
    (received,) = harness.inbox(EVE)
    reading = harness.read(received, EVE)
    assert reading.text("Subject") == "Re: Question"
    assert reading.header("In-Reply-To") == "<q2@x.example>"
    other = await harness.send("k2", thread_id=thread, to=BOB, body="You.")
    assert other.entry.thread_id == thread
    assert len(harness.inbox()) == 1


async def test_a_parent_in_another_thread_than_named_is_refused(harness: SendHarness) -> None:
    parent = harness.deliver(mail())
    with pytest.raises(InvalidRequestError) as caught:
        await harness.send(reply_to_message_id=parent, thread_id="1234567890abcdef", body="x")
    assert caught.value.code == "unknown_thread"


HIDING = (
    "=?utf-8?q?zoe=40far=2Eexample=2C_Joerg?= <bob@acme.example>",
    "=?utf-8?q?zoe=40far=2Eexample=3B?= <bob@acme.example>",
    "=?utf-8?q?=3Czoe=40far=2Eexample=3E=2C_J?= <bob@acme.example>",
    '"=?utf-8?q?zoe=40far=2Eexample?=, Joerg" <bob@acme.example>',
    "=?utf-8?b?em9lQGZhci5leGFtcGxlLCBKw7ZyZw==?= <bob@acme.example>",
)


@pytest.mark.parametrize("hiding", HIDING)
@pytest.mark.parametrize("quote", [False, True])
async def test_no_name_of_a_recipient_becomes_a_recipient_of_a_reply(
    harness: SendHarness, hiding: str, quote: bool
) -> None:
    """Gmail shows headers decoded, where such a name is a list of two."""
    sent = harness.deliver(mail(From=ADA, To=hiding), labels=("SENT",))
    reading, _ = await harness.preview(reply_to_message_id=sent, body="More.", quote=quote)
    assert [address for _, address in reading.addresses("To")] == [BOB]
    crowd = harness.deliver(mail(From=EVE, To=ADA, Cc=hiding, Message_ID="<q9@x.example>"))
    reading, _ = await harness.preview(
        reply_to_message_id=crowd, reply_all=True, body="x", quote=quote
    )
    assert [address for _, address in reading.addresses("Cc")] == [BOB]


@pytest.mark.parametrize("hiding", HIDING)
async def test_nor_where_a_thread_alone_is_continued(harness: SendHarness, hiding: str) -> None:
    harness.deliver(mail(From=ADA, To=hiding), labels=("SENT",))
    thread = harness.google.store.messages(ADA)[0]["threadId"]
    reading, _ = await harness.preview(thread_id=thread, body="More.")
    assert [address for _, address in reading.addresses("To")] == [BOB]


async def test_a_sender_whose_name_looks_like_another_is_answered(harness: SendHarness) -> None:
    parent = harness.deliver(mail(From=HIDING[0], Reply_To=""))
    reading, _ = await harness.preview(reply_to_message_id=parent, body="x")
    assert [address for _, address in reading.addresses("To")] == [BOB]


async def test_only_a_header_that_can_be_read_in_two_ways_costs_a_second_look(
    harness: SendHarness,
) -> None:
    parent = harness.deliver(mail(From='"Doe, Bob" <bob@acme.example>'))
    before = harness.calls().get("messages.get", 0)
    await harness.preview(reply_to_message_id=parent, body="x")
    assert harness.calls()["messages.get"] == before + 1


async def test_a_reply_goes_out_from_the_alias_it_was_written_to(harness: SendHarness) -> None:
    add_alias(harness.google.store, ADA, "sales@acme.example", "Sales team")
    parent = harness.deliver(mail(To=f"Eve <{EVE}>, SALES@acme.example", Cc=ADA))
    reading, _ = await harness.preview(reply_to_message_id=parent, reply_all=True, body="x")
    assert reading.addresses("From") == [("Sales team", "sales@acme.example")]
    assert reading.addresses("Cc") == [("Eve", EVE)]
    asked, _ = await harness.preview(reply_to_message_id=parent, **{"from": ADA}, body="x")
    assert asked.addresses("From") == [("", ADA)]
    to_plus = harness.deliver(mail(To="sales+spring@acme.example"))
    reading, _ = await harness.preview(reply_to_message_id=to_plus, body="x")
    assert reading.addresses("From") == [("Sales team", "sales@acme.example")]


async def test_an_alias_that_is_not_verified_answers_nothing(harness: SendHarness) -> None:
    add_alias(harness.google.store, ADA, "new@acme.example", "New", "pending")
    parent = harness.deliver(mail(To="new@acme.example"))
    reading, _ = await harness.preview(reply_to_message_id=parent, body="x")
    assert reading.addresses("From") == [("", ADA)]


async def test_the_people_of_a_record_are_written_to_as_they_stand(harness: SendHarness) -> None:
    people = [{"name": 'Doe, "Jo"', "email": "jo@x.example"}, "Zoë <zoe@x.example>"]
    reading, _ = await harness.preview(to=people, cc={"name": "", "email": EVE}, body="x")
    assert reading.addresses("To") == [('Doe, "Jo"', "jo@x.example"), ("Zoë", "zoe@x.example")]
    assert reading.addresses("Cc") == [("", EVE)]
    with pytest.raises(InvalidRequestError) as caught:
        await harness.preview(
            to=[BOB, {"name": "x", "email": "a@x.example, b@x.example"}], body="x"
        )
    assert [one.path for one in caught.value.problems] == [("to", 1)]
