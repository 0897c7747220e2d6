"""Mail as the real world breaks it. Every writer below makes one mistake, on purpose."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from infra.local.google.corpus import files, mime
from infra.local.google.corpus.letter import Person, Written, new_message_id

Damage = Callable[[Random, Person, datetime], bytes]


def write_malformed(rng: Random, owner: Person, at: datetime) -> Written:
    """Write one damaged message; each kind of damage is as likely as the others."""
    return Written(mime.crlf(rng.choice(DAMAGES)(rng, owner, at)))


def _head(rng: Random, owner: Person, at: datetime, subject: bytes, *, skip: str = "") -> bytes:
    lines = {
        "From": b"Kiosk Scanner <scanner@oldoffice.example>",
        "To": owner.mailbox.encode(),
        "Subject": subject,
        "Date": mime.date(at),
        "Message-ID": b"<%b>" % new_message_id(rng, "oldoffice.example").encode(),
        "MIME-Version": b"1.0",
    }
    return b"".join(b"%b: %b\n" % (k.encode(), v) for k, v in lines.items() if k != skip)


_PLAIN = b"Content-Type: text/plain; charset=utf-8\n\n"
_HELLO = "Guten Tag, Ihr Scan liegt bei. Größe: 2 Seiten.\n"


def _no_closing_boundary(rng: Random, owner: Person, at: datetime) -> bytes:
    whole = mime.multipart("mixed", "cut-here", (mime.text_part(_HELLO), _scan()))
    return _head(rng, owner, at, b"Scan 0017") + whole.replace(b"\n--cut-here--", b"")


def _scan() -> bytes:
    return mime.attachment("image/png", "scan.png", files.inline_image())


def _lying_charset(rng: Random, owner: Person, at: datetime) -> bytes:
    declared, real = rng.choice(
        ((b"us-ascii", "utf-8"), (b"utf-8", "iso-8859-1"), (b"iso-8859-1", "utf-8"))
    )
    body = b'Content-Type: text/plain; charset="%b"\nContent-Transfer-Encoding: 8bit\n\n'
    return (
        _head(rng, owner, at, b"Statement (wrong charset)") + body % declared + _HELLO.encode(real)
    )


def _unknown_charset(rng: Random, owner: Person, at: datetime) -> bytes:
    name = rng.choice((b"x-user-defined", b"unknown-8bit", b"utf-8;", b"cp-850", b""))
    body = b"Content-Type: text/html; charset=%b\nContent-Transfer-Encoding: 8bit\n\n" % name
    return _head(rng, owner, at, b"Menu of the week") + body + "<p>Käsespätzle 8 €</p>\n".encode()


def _eight_bit_headers(rng: Random, owner: Person, at: datetime) -> bytes:
    text, charset = rng.choice(
        (
            ("Übersicht für März", "iso-8859-1"),
            ("Счёт за апрель", "koi8-r"),
            ("請求書のご案内", "utf-8"),
        )
    )
    sender = b"From: %b <buero@oldoffice.example>\n" % "Büro".encode(charset, "replace")
    head = _head(rng, owner, at, text.encode(charset), skip="From")
    return sender + head + _PLAIN + _HELLO.encode()


def _no_message_id(rng: Random, owner: Person, at: datetime) -> bytes:
    head = _head(rng, owner, at, b"Counter reading without an id", skip="Message-ID")
    return head + _PLAIN + b"Reading: 004211\n"


def _doubled_headers(rng: Random, owner: Person, at: datetime) -> bytes:
    head = _head(rng, owner, at, b"First subject")
    more = b"Subject: Second subject\nFrom: other@oldoffice.example\nTo: team@oldoffice.example\n"
    return head + more + b"Message-ID: <again@oldoffice.example>\n" + _PLAIN + b"Which one?\n"


def _absurd_date(rng: Random, owner: Person, at: datetime) -> bytes:
    wrong = rng.choice(
        (
            b"Thu, 32 Foo 1902 25:61:00 +9999",
            b"Thu, 01 Jan 1970 00:00:00 +0000",
            b"Fri, 31 Dec 2099 23:59:59 -0000",
            b"yesterday",
            b"",
            b"Mon, 5 Jan 26 9:05 EST",
        )
    )
    head = _head(rng, owner, at, b"Clock of the fax machine", skip="Date")
    return head + b"Date: %b\n" % wrong + _PLAIN + b"The battery of the clock is empty.\n"


def _nothing_inside(rng: Random, owner: Person, at: datetime) -> bytes:
    head = _head(rng, owner, at, rng.choice((b"", b"(no text)")))
    return head + rng.choice((b"", b"\n", _PLAIN, b"Content-Type: multipart/mixed\n\n"))


def _nested_message(rng: Random, owner: Person, at: datetime) -> bytes:
    inner = _eight_bit_headers(rng, owner, at)
    for depth in range(rng.randint(1, 3)):
        carried = b"Content-Type: message/rfc822\nContent-Disposition: attachment\n\n" + inner
        note = mime.text_part("Forwarding, see below. Grüße\n")
        whole = mime.multipart("mixed", f"nest-{depth}", (note, carried))
        inner = _head(rng, owner, at, b"Fwd: the scan again") + whole
    return inner


def _torn_base64(rng: Random, owner: Person, at: datetime) -> bytes:
    torn = mime.attachment("image/png", "half.png", files.inline_image()[:501] + b"!%=\n")
    whole = mime.multipart("mixed", "torn", (mime.text_part("Half an image.\n"), torn))
    return _head(rng, owner, at, b"Picture, transfer interrupted") + whole


def _torn_quoted_printable(rng: Random, owner: Person, at: datetime) -> bytes:
    head = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n"
    body = b"\nGr=C3=BC=C3=9Fe =ZZ from 100% =\n=3D end with a cut sequence =C3"
    return _head(rng, owner, at, b"Sensor 9") + head + body


def _no_boundary_parameter(rng: Random, owner: Person, at: datetime) -> bytes:
    whole = mime.multipart("mixed", "lost", (mime.text_part(_HELLO), _scan()))
    return _head(rng, owner, at, b"Scan 0018") + whole.replace(b'; boundary="lost"', b"")


def _odd_content_type(rng: Random, owner: Person, at: datetime) -> bytes:
    kind = rng.choice((b"text", b"text/plain/flowed", b"; charset=utf-8", b'text/"plain'))
    return _head(rng, owner, at, b"Odd content type") + b"Content-Type: %b\n\n" % kind + b"Hello.\n"


def _broken_words(rng: Random, owner: Person, at: datetime) -> bytes:
    subject = rng.choice(
        (
            b"=?utf-8?B?R3LDvMOf?= =?utf-8?B?ZSBhdXM=?=_M=?utf-8?Q?=C3?= =?utf-8?Q?=BCnchen?=",
            b"=?utf-8?B?w4RuZGVydW5n",
            b"=?x-unknown?Q?caf=E9?= menu",
            b"=?iso-8859-1?Q?R=E9union du matin?=",
        )
    )
    return _head(rng, owner, at, subject) + _PLAIN + b"The subject was cut by a gateway.\n"


def _no_recipients(rng: Random, owner: Person, at: datetime) -> bytes:
    to = rng.choice((b"undisclosed-recipients:;", b"", b'"Team, the" <>', b"a@@b, <c"))
    head = _head(rng, owner, at, b"To whom it may concern", skip="To")
    return head + b"To: %b\nFrom:\n" % to + _PLAIN + b"You know who you are.\n"


def _odd_file_names(rng: Random, owner: Person, at: datetime) -> bytes:
    data = b"Content-Transfer-Encoding: base64\n\n" + mime.base64_lines(b"%PDF-1.4 tiny")
    parts = (
        mime.text_part("Four files.\n"),
        b"Content-Type: application/pdf\nContent-Disposition: attachment\n" + data,
        b'Content-Type: application/pdf; name="..\\..\\boot.pdf"\n' + data,
        b"Content-Type: application/pdf\nContent-Disposition: attachment; "
        b"filename=" + "Prüfbericht Mai.pdf".encode() + b"\n" + data,
        b'Content-Type: application/ms-tnef; name="winmail.dat"\n' + data,
    )
    return _head(rng, owner, at, b"Four odd file names") + mime.multipart("mixed", "f", parts)


def _deep_nesting(rng: Random, owner: Person, at: datetime) -> bytes:
    part = mime.text_part("At the bottom.\n")
    for depth in range(12):
        part = mime.multipart("mixed", "b" * (depth + 1), (part,))
    return _head(rng, owner, at, b"Twelve boxes in each other") + part


def _long_lines(rng: Random, owner: Person, at: datetime) -> bytes:
    trace = b"".join(b" <%020x@oldoffice.example>\n" % rng.getrandbits(80) for _ in range(120))
    head = _head(rng, owner, at, b"One very long line") + b"References:\n" + trace
    return head + b"Content-Type: text/html; charset=utf-8\n\n<p>" + b"word " * 4000 + b"</p>"


def _header_junk(rng: Random, owner: Person, at: datetime) -> bytes:
    head = _head(rng, owner, at, b"Headers from 1994")
    return head + b"This line is no header\n: neither is this\nX-Tab:\tvalue\n" + _PLAIN + b"Hm.\n"


DAMAGES: tuple[Damage, ...] = (
    _no_closing_boundary,
    _lying_charset,
    _unknown_charset,
    _eight_bit_headers,
    _no_message_id,
    _doubled_headers,
    _absurd_date,
    _nothing_inside,
    _nested_message,
    _torn_base64,
    _torn_quoted_printable,
    _no_boundary_parameter,
    _odd_content_type,
    _broken_words,
    _no_recipients,
    _odd_file_names,
    _deep_nesting,
    _long_lines,
    _header_junk,
)
