"""A signature stands below the sender's words, in the forms the message has, once."""

import pytest

from shared.domain.mail.writing.outgoing import Outgoing
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.mail.writing.signature import Signature, with_signature

ADA = Mailbox("ada@acme.example")
HTML = '<div dir="ltr">Ada<br>ACME &amp; Co</div>'
IMAGE = '<img src="https://acme.example/logo.png">'


def signed(signature: Signature, **texts: str) -> Outgoing:
    """Sign a message with these texts."""
    return with_signature(Outgoing(ADA, **texts), signature)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (HTML, "Ada\nACME & Co"),
        ("Ada\nACME & Co", "Ada\nACME & Co"),
        ("Ada <ada@acme.example>\n1 < 2", "Ada <ada@acme.example>\n1 < 2"),
        ("<b>Ada</b>", "Ada"),
        ("Ada<BR>ACME", "Ada\nACME"),
        ("\r\nAda\r\n", "Ada"),
    ],
)
def test_a_signature_is_html_where_it_holds_a_tag_of_html(given: str, text: str) -> None:
    assert Signature.from_words(given).text == text


def test_a_text_becomes_html_that_shows_the_same_words() -> None:
    assert (
        Signature.from_words("Ada & Bob\n<x@y.example>").html
        == "Ada &amp; Bob<br>&lt;x@y.example&gt;"
    )


def test_each_text_of_a_message_is_signed_in_its_form() -> None:
    both = signed(Signature.from_html(HTML), text="Hi.\n", html="<p>Hi.</p>")
    assert both.text == "Hi.\n\n-- \nAda\nACME & Co"
    assert both.html == f'<p>Hi.</p><br><div class="gmail_signature">{HTML}</div>'
    assert signed(Signature.from_html(HTML), text="Hi.").html is None
    assert signed(Signature.from_html(HTML), html="<p>Hi.</p>").text is None


def test_a_message_without_a_text_gets_both() -> None:
    bare = signed(Signature.from_html(HTML))
    assert bare.text == "-- \nAda\nACME & Co"
    assert bare.html == f'<br><div class="gmail_signature">{HTML}</div>'


@pytest.mark.parametrize("given", [HTML, "Ada\nACME & Co", IMAGE])
def test_what_is_signed_already_is_not_signed_again(given: str) -> None:
    signature = Signature.from_words(given)
    once = signed(signature, text="Hi.", html="<p>Hi.</p>")
    assert with_signature(once, signature) == once


def test_the_same_words_on_other_lines_are_the_signature_too() -> None:
    ended = signed(
        Signature.from_words("Ada\nACME"), text="Hi.\n\nAda  ACME\n", html="<p>Ada</p>ACME"
    )
    assert (ended.text, ended.html) == ("Hi.\n\nAda  ACME\n", "<p>Ada</p>ACME")


def test_words_that_only_stand_earlier_are_no_signature() -> None:
    said = signed(Signature.from_words("Ada"), text="Ada is away.", html="<b>Ada</b> is away.")
    assert said.text == "Ada is away.\n\n-- \nAda"
    assert (said.html or "").endswith('<div class="gmail_signature">Ada</div>')


@pytest.mark.parametrize("given", ["", "  \n"])
def test_an_empty_signature_changes_nothing(given: str) -> None:
    message = Outgoing(ADA, text="Hi.")
    assert with_signature(message, Signature.from_words(given)) == message


@pytest.mark.parametrize("given", [HTML, "Ada &amp; Co", "A < B", IMAGE])
def test_settings_given_as_words_are_the_same_signature(given: str) -> None:
    settings = Signature.from_html(given)
    assert Signature.from_words(settings.as_given()).text == settings.text
