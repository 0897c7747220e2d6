"""`signature`: of the address a message goes out from, above the quotation, once."""

from pathlib import Path

import pytest

from infra.local.google.mail.aliases import add_alias
from shared.domain.connect.scopes import SEND
from shared.domain.send.request import SendRequest, thaw
from shared.errors import MissingScopeError
from tests.harness.google import ADA
from tests.harness.sending import BOB, SendHarness, mail, send_harness, sign

OWN = '<div dir="ltr">Ada &amp; Co</div>'


async def test_a_new_mail_ends_in_the_signature_of_the_settings(harness: SendHarness) -> None:
    sign(harness, ADA, OWN)
    sent, _ = await harness.preview(
        to=BOB, subject="S", text="Hi.", html="<p>Hi.</p>", signature=True
    )
    assert sent.body("plain") == "Hi.\n\n-- \nAda & Co\n"
    assert (sent.body("html") or "").count(OWN) == 1


async def test_a_reply_is_signed_by_the_alias_it_goes_out_from(harness: SendHarness) -> None:
    add_alias(harness.google.store, ADA, "sales@acme.example", "Sales")
    sign(harness, ADA, OWN)
    sign(harness, "sales@acme.example", "The sales team")
    parent = harness.deliver(mail("What does it cost?", To="sales@acme.example"))
    reading, _ = await harness.preview(
        reply_to_message_id=parent, body="Ten.", quote=True, signature=True
    )
    text = reading.body("plain") or ""
    assert "Ada" not in text
    assert text.index("Ten.") < text.index("-- \nThe sales team") < text.index("> ")


async def test_a_forward_is_signed_above_what_is_passed_on(harness: SendHarness) -> None:
    sign(harness, ADA, OWN)
    parent = harness.deliver(mail("What does it cost?"))
    for words in ({"body": "See below."}, {}):
        reading, _ = await harness.preview(
            forward_message_id=parent, to=BOB, signature=True, **words
        )
        text = reading.body("plain") or ""
        assert text.count("Ada & Co") == 1
        assert text.index("Ada & Co") < text.index("Forwarded message")


async def test_given_words_need_no_settings(harness: SendHarness) -> None:
    before = harness.calls().get("settings.sendAs.list", 0)
    reading, _ = await harness.preview(to=BOB, body="Hi.", signature="Ada\n+1 555 0100")
    assert reading.body("plain") == "Hi.\n\n-- \nAda\n+1 555 0100\n"
    assert harness.calls().get("settings.sendAs.list", 0) == before


async def test_no_signature_in_the_settings_signs_nothing(harness: SendHarness) -> None:
    reading, _ = await harness.preview(to=BOB, body="Hi.", signature=True)
    assert reading.body("plain") == "Hi.\n"


async def test_a_grant_that_shows_no_settings_is_told_which_scope_helps(tmp_path: Path) -> None:
    async with send_harness(tmp_path, scopes=(SEND,)) as harness:
        with pytest.raises(MissingScopeError) as caught:
            await harness.preview(to=BOB, body="Hi.", signature=True)
        assert caught.value.scope.endswith("gmail.settings.basic")
        assert (await harness.preview(to=BOB, body="Hi.", signature="Ada"))[0].body("plain")


async def test_the_settings_are_asked_once_for_many_answers(harness: SendHarness) -> None:
    parent = harness.deliver(mail())
    for _ in range(5):
        await harness.preview(reply_to_message_id=parent, body="x", signature=True)
    assert harness.calls()["settings.sendAs.list"] == 1


async def test_a_new_alias_that_is_asked_for_is_known_at_once(harness: SendHarness) -> None:
    parent = harness.deliver(mail())
    await harness.preview(reply_to_message_id=parent, body="x")
    add_alias(harness.google.store, ADA, "new@acme.example")
    reading, _ = await harness.preview(to=BOB, body="x", **{"from": "new@acme.example"})
    assert reading.addresses("From") == [("", "new@acme.example")]


def test_requests_without_a_signature_are_what_they_always_were() -> None:
    assert b"signature" not in SendRequest(text="x").freeze()
    for signature in (True, False, "Ada", None):
        request = SendRequest(text="x", signature=signature)
        assert thaw(request.freeze()) == request
