"""Reading a stranger's text costs time and memory in proportion to its length, in every parser.

The parsers are found in the code: a function of the domain that takes text is either driven here
or named as one that meets no stranger's.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from isal import isal_zlib

import shared.domain
from shared.domain import base64url, cursor, packed, retry_after, trace_context
from shared.domain.events import addresses
from shared.domain.mail.reading import (
    address_list,
    base64_stream,
    bodies,
    bounce,
    charset_names,
    charset_text,
    email_message,
    email_parts,
    mail_headers,
    read_parts,
    rewritten_charsets,
    shown_text,
)
from shared.domain.mail.reading.markup import content_ids, html_text, rich_text
from shared.domain.mail.reply_text import extract, footers, headers
from shared.domain.mail.writing import (
    envelope,
    header_lines,
    mime,
    own_addresses,
    passed_files,
    quoted_html,
    raw_message,
    recipients,
    reply,
    scoped_css,
    signature,
)
from shared.domain.mail.writing.outgoing import Outgoing
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.sync.records import payload
from shared.errors import PostroomError
from tests.domain.costs import Family, Parse, growth, quick_growth
from tests.domain.hostile import MESSAGES, READ, REPLIES, TEXTS, message, parent
from tests.domain.no_strangers import NO_STRANGERS
from tests.domain.text_parsers import TEXT_PARSERS

TAKES_TEXT: Final = ("str", "bytes", "Any", "EmailMessage", "Outgoing", "Address")
ISO_2022_JP: Final = {"name": "Content-Type", "value": "text/plain; charset=iso-2022-jp"}
SENDER: Final = Mailbox("ada@acme.example")
EARLY: Final = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Driven:
    """A parser as it is called, and what it is given."""

    parse: Parse
    families: Mapping[str, Callable[[int], Any]]


def of_text(parse: Parse) -> Driven:
    """Drive a parser with each family of texts."""
    return Driven(parse, TEXTS)


def of_bytes(parse: Parse) -> Driven:
    """Drive a parser with each family of texts as they travel."""
    return of_text(lambda text: parse(text.encode("utf-8", "replace")))


def of_message(parse: Parse) -> Driven:
    """Drive a parser with each family of messages as Gmail answers them."""
    return Driven(parse, MESSAGES)


def _headed(text: str) -> bytes:
    folded = text.replace("\r", "").replace("\n", " ")
    return f"From: {folded}\r\nTo: {folded}\r\nX: {folded}\r\n\r\n".encode("utf-8", "replace")


def _fed(data: bytes) -> None:
    field = base64_stream.Base64Field()
    for start in range(0, len(data), 4096):
        field.feed(data[start : start + 4096])
    field.finish()


def _written(text: str) -> bytes:
    return mime.build(Outgoing(sender=SENDER, text=text, html=text, subject=text), date=EARLY)


def _reports(found: Mapping[str, Any]) -> None:
    bounce.read_bounce(found, str(found["snippet"]).encode("utf-8", "replace"))


def _places(text: str) -> Iterator[tuple[list[str], int]]:
    lines = text.split("\n")
    return ((lines, at) for at in range(len(lines)))


PARSERS: Final[Mapping[str, Driven]] = {
    **{name: of_text(parse) for name, parse in TEXT_PARSERS.items()},
    "addresses.checked_url": of_text(
        lambda text: addresses.checked_url(text, addresses.AllowedHosts())
    ),
    "addresses.is_public": of_text(addresses.is_public),
    "address_list.read_address": of_text(address_list.read_address),
    "address_list.read_addresses": of_text(lambda text: address_list.read_addresses([text])),
    "address_list.is_unmistakable": of_text(address_list.is_unmistakable),
    "address_list.tokens": of_text(lambda text: list(address_list.tokens(text))),
    "address_list.unquote": of_text(address_list.unquote),
    "address_list.format_addresses": of_text(
        lambda text: address_list.format_addresses([{"name": text, "email": text}] * 2)
    ),
    "base64_stream.Base64Field": of_bytes(lambda data: _fed(b'{"data":"' + data + b'"}')),
    "bounce.is_report": of_message(bounce.is_report),
    "bounce.read_bounce": of_message(_reports),
    "bounce.unread_part": of_message(bounce.unread_part),
    "cursor.place_of": of_text(lambda text: cursor.place_of("c", text)),  # type: ignore[arg-type]
    "cursor.sequence_of": of_text(lambda text: cursor.sequence_of("c", text)),  # type: ignore[arg-type]
    "email_message.read_message": of_message(email_message.read_message),
    "email_message.received_at": of_message(email_message.received_at),
    "email_message.unfetched_bodies": of_message(email_message.unfetched_bodies),
    "base64url.decode_base64url": of_text(base64url.decode_base64url),
    "base64url.decode_given_base64": of_text(base64url.decode_given_base64),
    "email_parts.header_of": of_message(
        lambda found: email_parts.header_of(found["payload"], "subject")
    ),
    "email_parts.headers_of": of_message(
        lambda found: list(email_parts.headers_of(found["payload"], {"subject", "to"}))
    ),
    "email_parts.part_filename": of_text(
        lambda text: email_parts.part_filename({"filename": text})
    ),
    "email_parts.decoded_text": of_bytes(
        lambda data: email_parts.decoded_text({"headers": [ISO_2022_JP]}, data)
    ),
    "email_parts.find_part": of_message(
        lambda found: email_parts.find_part(found["payload"], "none")
    ),
    "email_parts.attachment_of": of_message(
        lambda found: [
            email_parts.attachment_of(one) for one, _ in email_parts.walk(found["payload"])
        ]
    ),
    "read_parts.read_parts": of_message(lambda found: read_parts.read_parts(found["payload"], {})),
    "read_parts.unfetched_parts": of_message(
        lambda found: read_parts.unfetched_parts(found["payload"])
    ),
    "bodies.structure_of": of_message(lambda found: bodies.structure_of(found["payload"])),
    "bodies.children_of": of_message(lambda found: bodies.children_of(found["payload"])),
    "content_ids.shown_ids": of_text(content_ids.shown_ids),
    "html_text.text_to_html": of_text(html_text.text_to_html),
    "charset_names.codecs_of": of_text(charset_names.codecs_of),
    "charset_text.mostly_utf8": of_bytes(charset_text.mostly_utf8),
    "rewritten_charsets.cn_in_gb18030": of_bytes(rewritten_charsets.cn_in_gb18030),
    "rewritten_charsets.euc_in_cp932": of_bytes(rewritten_charsets.euc_in_cp932),
    "rewritten_charsets.jis_in_cp932": of_bytes(rewritten_charsets.jis_in_cp932),
    "mail_headers.read_message_id": of_text(mail_headers.read_message_id),
    "passed_files.fitted_name": of_text(passed_files.fitted_name),
    "passed_files.issued_ids": Driven(passed_files.issued_ids, READ),
    "passed_files.passed_files": Driven(
        lambda read: passed_files.passed_files(read, shown=True), READ
    ),
    "quoted_html.quoted_html": of_text(lambda text: quoted_html.quoted_html(text, "q", {"x": "y"})),
    "scoped_css.scoped_css": of_text(lambda text: scoped_css.scoped_css(text, "q")),
    "extract.reply_text": Driven(extract.reply_text, REPLIES),
    "footers.without_footers": Driven(
        lambda text: footers.without_footers(text.split("\n")), REPLIES
    ),
    "headers.attribution": Driven(
        lambda text: [headers.attribution(*one) for one in _places(text)], REPLIES
    ),
    "headers.attribution_places": Driven(
        lambda text: headers.attribution_places(text.split("\n")), REPLIES
    ),
    "headers.is_history": Driven(
        lambda text: [headers.is_history(*one) for one in _places(text)], REPLIES
    ),
    "headers.is_marked": of_text(headers.is_marked),
    "headers.is_rule": of_text(headers.is_rule),
    "rich_text.rich_to_text": of_text(lambda text: rich_text.rich_to_text(text, "text/enriched")),
    "shown_text.file_name": of_text(shown_text.file_name),
    "shown_text.one_line": of_text(shown_text.one_line),
    "shown_text.without_invisible": of_text(shown_text.without_invisible),
    "email_parts.walk": of_message(lambda found: list(email_parts.walk(found["payload"]))),
    "envelope.envelope_of": of_text(lambda text: envelope.envelope_of(_headed(text))),
    "header_lines.encoded_words": of_text(header_lines.encoded_words),
    "header_lines.parameters_line": of_text(
        lambda text: header_lines.parameters_line("X", "attachment", [("filename", text)])
    ),
    "header_lines.text_line": of_text(lambda text: header_lines.text_line("X", text)),
    "header_lines.tokens_line": of_text(lambda text: header_lines.tokens_line("X", text.split())),
    "header_lines.addresses_line": of_text(
        lambda text: header_lines.addresses_line("To", [Mailbox(text, text)])
    ),
    "html_text.decoded_references": of_text(html_text.decoded_references),
    "html_text.html_to_text": of_text(html_text.html_to_text),
    "charset_text.decode_text": of_bytes(lambda data: charset_text.decode_text(data, "gb2312")),
    "mail_headers.decode_words": of_text(mail_headers.decode_words),
    "mail_headers.read_date": of_text(mail_headers.read_date),
    "mail_headers.read_message_ids": of_text(mail_headers.read_message_ids),
    "mime.build": of_text(_written),
    "payload.make_payload": of_text(lambda text: payload.make_payload(parent(text))),
    "payload.pack": of_text(lambda text: payload.pack(parent(text))),
    "payload.unpack": of_text(
        lambda text: payload.unpack(isal_zlib.compress(f'"{text}"'.encode("utf-8", "replace")))
    ),
    "packed.pack_object": of_bytes(packed.pack_object),
    "packed.unpack_object": of_bytes(lambda data: packed.unpack_object(packed.pack_object(data))),
    "packed.unpack_open": of_bytes(lambda data: packed.unpack_open(isal_zlib.compress(data))),
    "raw_message.check_raw": of_text(lambda text: raw_message.check_raw(_headed(text))),
    "raw_message.header_addresses": of_text(
        lambda text: raw_message.header_addresses("to", [text])
    ),
    "own_addresses.written_to": of_text(lambda text: own_addresses.written_to([SENDER], [text])),
    "own_addresses.OwnAddresses": of_text(
        lambda text: own_addresses.OwnAddresses.of([text]).include(text)
    ),
    "raw_message.read_header_lines": of_text(
        lambda text: raw_message.read_header_lines(_headed(text))
    ),
    "raw_message.with_addresses_of": of_text(
        lambda text: raw_message.with_addresses_of(parent("x"), _headed(text))
    ),
    "recipients.ascii_domain": of_text(recipients.ascii_domain),
    "recipients.strict_addresses": of_text(recipients.strict_addresses),
    "recipients.checked_address": of_text(recipients.checked_address),
    "recipients.checked_name": of_text(recipients.checked_name),
    "recipients.parse_mailboxes": of_text(lambda text: recipients.parse_mailboxes(text, "to")),
    "retry_after.retry_after": of_text(lambda text: retry_after.retry_after(text, EARLY)),
    "retry_after.read_http_date": of_text(retry_after.read_http_date),
    "retry_after.retry_after_of": of_text(
        lambda text: retry_after.retry_after_of({"date": text, "retry-after": text}, EARLY)
    ),
    "reply.as_forward": of_text(
        lambda text: reply.as_forward(Outgoing(sender=SENDER, html="x"), parent(text), quote=True)
    ),
    "reply.as_reply": of_text(
        lambda text: reply.as_reply(
            Outgoing(sender=SENDER, html="x"), parent(text), [], to_all=True, quote=True
        )
    ),
    "reply.in_conversation": of_text(
        lambda text: reply.in_conversation(Outgoing(sender=SENDER), parent(text))
    ),
    "signature.signed_texts": of_text(
        lambda text: signature.signed_texts(text, text, signature.Signature.from_words(text))
    ),
    "signature.with_signature": of_text(
        lambda text: signature.with_signature(
            Outgoing(sender=SENDER, text=text, html=text), signature.Signature.from_words(text)
        )
    ),
    "raw_message.still_answering": of_text(
        lambda text: raw_message.still_answering(_headed(text), parent(text))
    ),
    "reply.forward_subject": of_text(reply.forward_subject),
    "reply.reply_subject": of_text(reply.reply_subject),
    "reply.in_thread": of_text(lambda text: reply.in_thread(Outgoing(sender=SENDER), parent(text))),
    "trace_context.parse_traceparent": of_text(trace_context.parse_traceparent),
}


def _readers() -> Iterator[str]:
    """Yield every public function of the domain that takes text, or JSON that holds some."""
    for found in pkgutil.walk_packages(shared.domain.__path__, "shared.domain."):
        module = importlib.import_module(found.name)
        for name, one in inspect.getmembers(module, inspect.isfunction):
            if one.__module__ == module.__name__ and not name.startswith("_") and _takes_text(one):
                yield f"{found.name.rpartition('.')[2]}.{name}"


def _takes_text(function: Callable[..., Any]) -> bool:
    kinds = [str(one.annotation) for one in inspect.signature(function).parameters.values()]
    return any(word in kind for kind in kinds for word in TAKES_TEXT)


def test_every_parser_of_the_domain_is_driven_or_meets_no_strangers() -> None:
    excused = {name for names in NO_STRANGERS.values() for name in names.split()}
    assert set(_readers()) - PARSERS.keys() - excused == set()
    assert not excused & PARSERS.keys()


@pytest.mark.parametrize("name", PARSERS)
def test_twice_the_input_costs_at_most_two_and_a_half_times_as_much(name: str) -> None:
    parse, families = _prepared(name)
    assert _wrong(quick_growth, parse, families) == {}


@pytest.mark.deep
@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.timeout(900)
def test_no_parser_grows_faster_than_its_input_up_to_all_that_gmail_takes(name: str) -> None:
    parse, families = _prepared(name)
    assert _wrong(growth, parse, families) == {}


def _prepared(name: str) -> tuple[Parse, Mapping[str, Family]]:
    """Return a parser that has run once, and what it is given; a refusal is an answer too."""
    driven = PARSERS[name]

    def parse(given: Any) -> None:
        with suppress(PostroomError, ValueError):
            driven.parse(given)

    warm = {id(MESSAGES): message("warm"), id(READ): parent("warm")}
    parse(warm.get(id(driven.families), "warm"))
    return parse, driven.families


def _wrong(
    measure: Callable[[Parse, Family], str | None], parse: Parse, families: Mapping[str, Family]
) -> Mapping[str, str]:
    found = {family: measure(parse, of) for family, of in families.items()}
    return {family: said for family, said in found.items() if said}
