"""Attachments are found by Gmail's part numbers, inline images by their Content-ID."""

from email.message import EmailMessage

from infra.local.product.parts import by_content_id, by_part_id, disposition


def letter() -> EmailMessage:
    """Answer a mixed message: 0 is text (0.0) or HTML (0.1), 1 a PDF, 2 a mail."""
    message = EmailMessage()
    message["Subject"] = "Parts"
    message.set_content("Hello")
    message.add_alternative("<img src='cid:logo@acme'>", subtype="html")
    html = list(message.iter_parts())[1]
    assert isinstance(html, EmailMessage)
    html.add_related(b"PNG", "image", "png", cid="<logo@acme>")
    html.add_related(b"<svg/>", "image", "svg+xml", cid="<drawing@acme>")
    message.add_attachment(b"%PDF", "application", "pdf", filename="Rechnung für März.pdf")
    inner = EmailMessage()
    inner["Subject"] = "Inside"
    inner.set_content("A mail within")
    message.add_attachment(inner)
    return message


def test_a_part_is_found_by_its_number() -> None:
    found = by_part_id(letter(), "1")
    assert found is not None
    assert (found.content, found.filename) == (b"%PDF", "Rechnung für März.pdf")
    text = by_part_id(letter(), "0.0")
    assert text is not None
    assert text.content == b"Hello\n"


def test_a_mail_within_is_a_file_of_its_own() -> None:
    found = by_part_id(letter(), "2")
    assert found is not None
    assert b"Subject: Inside" in found.content


def test_a_message_of_one_part_is_its_own_part() -> None:
    message = EmailMessage()
    message.set_content("Alone")
    found = by_part_id(message, "0")
    assert found is not None
    assert found.content == b"Alone\n"


def test_no_such_part_is_none() -> None:
    for number in ("9", "1.7", "x", "-1", ""):
        assert by_part_id(letter(), number) is None


def test_an_inline_image_is_found_by_its_content_id() -> None:
    found = by_content_id(letter(), "logo@acme")
    assert found is not None
    assert (found.content, found.media_type) == (b"PNG", "image/png")


def test_a_drawing_that_may_hold_scripts_is_not_shown() -> None:
    assert by_content_id(letter(), "drawing@acme") is None
    assert by_content_id(letter(), "nothing") is None


def test_any_filename_is_a_valid_header() -> None:
    named = disposition('a"b\r\nX: ü/..')
    assert named == "attachment; filename*=UTF-8''a%22b%0D%0AX%3A%20%C3%BC%2F.."
