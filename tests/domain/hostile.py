"""Texts that have cost some parser of mail more than their length, as families by size."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count, islice
from typing import Any, Final

from shared.domain.mail.reading.address_list import Address
from shared.domain.mail.reading.email_message import EmailMessage, read_message

Text = Callable[[int], str]


def repeated(unit: str, before: str = "", after: str = "") -> Text:
    """Return a family: the unit again and again."""
    return lambda size: before + unit * (size // len(unit)) + after


def numbered(pattern: str) -> Text:
    """Return a family whose pieces are all different."""

    def text(size: int) -> str:
        length = len(pattern.format(0)) + 4
        return "".join(map(pattern.format, islice(count(), size // length)))

    return text


_UNITS: Final = (
    *("a@b:", "@a:", "a@b,", "<a@b>, ", "a <", "<", "<<>", "(", "((a)", "()", "[", ")", ">"),
    *('"', '\\"', '"\\', '"a" ', "'", ",", ", ", ";", "; ", ":", " ", "\t", "\r\n ", "\n", " \n"),
    *(
        "a ",
        "a.",
        ".",
        "-",
        "_",
        "@",
        "a@",
        "\\",
        "\u00e9",
        "\0",
        "9",
        "x",
        "Re: ",
        "[1] ",
        "Mon, ",
    ),
    *(
        "=?",
        "=?utf-8?q?",
        "=?utf-8?q?a?= ",
        "=?utf-8?b?QQ==?= ",
        "=?x?q?a?=",
        "=?utf-8*en?q?=28?=,",
    ),
    *(
        "a=b; ",
        'a="b; ',
        "a*0*=utf-8''%41; ",
        "=",
        "%",
        "--b\r\n",
        "QUJD",
        "cid:",
        'src="cid:',
        "<a>",
    ),
    *(
        "<div>",
        "<ul><li>",
        "<b><p>x",
        "<a ",
        "<a",
        "</a",
        '<a b="',
        "<a href=http://x>y",
        "<!--",
        "<!",
    ),
    *(
        "<script>",
        "<svg>",
        "<object>",
        "<table><tr><td>",
        "<a b='\"",
        "&",
        "&amp;",
        "&#1;",
        "&#x",
        "&a",
    ),
    *("> ", "1.", "::", "To: a@b\r\n", "X\r\n", "Action: failed\n\n", "Re[2]:", "\ud83d\ude00"[:1]),
)
TEXTS: Final[Mapping[str, Text]] = {
    **{repr(unit): repeated(unit) for unit in _UNITS},
    **{f"unclosed, then {unit!r}": repeated(unit, '"') for unit in ("a@b,", "\\", " ", "<a>", ":")},
    "comment, then colons": repeated(":", "("),
    "endless number": repeated("9", "&#", ";"),
    "attributes": lambda size: f"<a {numbered('a{}=1 ')(size)}>x</a>",
    "formatting opened again": numbered("<p><font a={}>x"),
    "charsets that are none": numbered("=?x{}?q?a?= "),
    "parameters": numbered("a{}=b; "),
    "message ids": numbered("<{}@x.example> "),
    "dates": repeated("Mon, 1 Jan 2024 10:00:00 +0000 "),
    "spaces before an address": repeated(" ", "a@b.example", "a@b.example"),
}
_REPLY_UNITS: Final = (
    *(
        "> a\nb\n",
        ">>> a\n",
        "> 5\n\n",
        "```\n",
        "-- \n",
        "--\n",
        "____________________\n",
        "---\n",
    ),
    *("Ada wrote:\n", "On 4.5.26 10:12\n", "On Mon, May 4, 2026 at 10:12 Ada <a@b> wrote:\n"),
    *("On 2026 at 10:12 ", "2026-05-04 10:12 ", "\n\nwrote:", "wrote wrote ", "wrote: > "),
    *("From: a@b\n", "From: a\nTo: b\n", "Date: x\n\n", "Subject: x\n", "*From*", "-----a-----\n"),
    *("Thanks,\nMira\n", "Kind regards,\n", "Kind regards ", "PS\n", "Sent from my phone\n"),
    *("Sent from https://a.example ", "DISCLAIMER\n", "not the intended recipient\n\n"),
    *("confidential ", "this message is confidential\n\n", "to unsubscribe: http://a\n\n"),
    *(
        "virus-free\n\n",
        "this message virus",
        "----------------------------------------\nMessage: ",
    ),
)
REPLIES: Final[Mapping[str, Text]] = {
    **TEXTS,
    "spaces in the last line": repeated(" ", "Yes.\nKind regards,\nMira", "Patel"),
    **{repr(unit): repeated(unit) for unit in _REPLY_UNITS},
    **{f"words, then {unit!r}": repeated(unit, "Yes.\n\n") for unit in _REPLY_UNITS},
}
"""Texts of mail that quotes and is signed, again and again."""


def message(text: str, **payload: Any) -> dict[str, Any]:
    """Return a message of Gmail's with the text wherever a sender may put one."""
    names = (
        *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To"),
        *("References", "List-Unsubscribe", "X-Failed-Recipients"),
    )
    kind = {"name": "Content-Type", "value": f"multipart/report; delivery-status; {text}"}
    headers = [kind, *({"name": name, "value": text} for name in names)]
    parts = [part("text/plain", text), part("text/html", text), _file(text), _report(text)]
    return {
        "id": "m1",
        "threadId": "t1",
        "historyId": "1",
        "internalDate": "1",
        "labelIds": [],
        "snippet": text,
        "payload": {"mimeType": "multipart/mixed", "headers": headers, "parts": parts, **payload},
    }


def part(kind: str, text: str, **more: Any) -> dict[str, Any]:
    """Return a leaf of a payload."""
    data = urlsafe_b64encode(text.encode("utf-8", "replace")).decode()
    headers = [{"name": "Content-Type", "value": f"{kind}; charset={text[:100]}"}]
    return {"partId": "1", "mimeType": kind, "headers": headers, "body": {"data": data}, **more}


def _file(text: str) -> dict[str, Any]:
    names = ("Content-ID", "Content-Disposition")
    headers = [{"name": name, "value": text} for name in names]
    return part("image/png", "", filename=text, headers=headers)


def _report(text: str) -> dict[str, Any]:
    return part("message/delivery-status", f"Final-Recipient: rfc822; {text}\nAction: failed\n")


def _nested(kind: str, leaf: str) -> Callable[[int], dict[str, Any]]:
    def payload(size: int) -> dict[str, Any]:
        inner = part("text/plain", "deep")
        for _ in range(size // 64):
            inner = {**part(kind, leaf), "parts": [inner]}
        return message("x", parts=[inner])

    return payload


def _pictures(size: int) -> dict[str, Any]:
    ids = [f"c{number}" for number in range(size // 64)]
    pictures = [
        part("image/png", "x", headers=[{"name": "Content-ID", "value": f"<{id}>"}]) for id in ids
    ]
    html = "".join(f'<img src="cid:{id}x">' for id in ids)
    return message("x", parts=[part("text/html", html), *pictures])


def _listed(size: int) -> dict[str, Any]:
    many = [{"name": f"X-{number}", "value": "x"} for number in range(size // 16)]
    return message("x", headers=many)


def _message_of(text: Text) -> Callable[[int], dict[str, Any]]:
    return lambda size: message(text(size))


MESSAGES: Final[Mapping[str, Callable[[int], dict[str, Any]]]] = {
    **{name: _message_of(of) for name, of in TEXTS.items()},
    "nested multiparts": _nested("multipart/mixed", ""),
    "nested messages": _nested("message/rfc822", "x"),
    "nested reports": _nested("message/delivery-status", "x" * 64),
    "many Content-IDs": _pictures,
    "many headers": _listed,
    "many parts": lambda size: message("x", parts=[part("text/plain", "x")] * (size // 64)),
    "punycode": lambda size: message(
        "x",
        parts=[
            part(
                "text/plain",
                "",
                headers=[{"name": "Content-Type", "value": "text/plain; charset=punycode"}],
                body={"data": urlsafe_b64encode(b"\xff" + b"z9" * (size // 2)).decode()},
            )
        ],
    ),
}


SMALL: Final = 16 * 1024
"""Up to this size what is read once is kept: several parsers begin with the read message."""


def _read(of: Callable[[int], dict[str, Any]]) -> Callable[[int], EmailMessage]:
    kept = cache(lambda size: read_message(of(size // 8)))
    return lambda size: kept(size) if size <= SMALL else read_message(of(size // 8))


READ: Final[Mapping[str, Callable[[int], EmailMessage]]] = {
    name: _read(of) for name, of in MESSAGES.items()
}
"""The same messages an eighth as long, read: reading one takes far longer than what follows."""


def parent(text: str) -> EmailMessage:
    """Return a message to be answered that consists of the text."""
    read = read_message(message("x"))
    person = Address(name=text, email=text)
    people = [Address(name=word, email=word) for word in text.split()] or [person]
    read.update({"from": person, "to": people, "cc": people, "replyTo": people, "subject": text})
    read.update({"text": text, "html": text, "references": text.split(" "), "messageId": text})
    return read
