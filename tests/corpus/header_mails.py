"""Headers as broken mailers write them: people, dates, subjects, ids, names of files."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Final
from urllib.parse import quote

from tests.corpus.mail import File, Mail, Person, letter, multipart, part

PEOPLE: Final[tuple[tuple[str, list[Person]], ...]] = (
    ("Ann <a@x.example>", [("Ann", "a@x.example")]),
    ("<a@x.example>", [("", "a@x.example")]),
    ("a@x.example", [("", "a@x.example")]),
    ("Ann<a@x.example>", [("Ann", "a@x.example")]),
    ("  Ann   B  <a@x.example> ", [("Ann B", "a@x.example")]),
    ("a@x.example (Ann)", [("Ann", "a@x.example")]),
    ('"Doe, John" <j@x.example>', [("Doe, John", "j@x.example")]),
    ("Doe, John <j@x.example>", [("Doe, John", "j@x.example")]),
    ('"Ann \\"A\\" B" <a@x.example>', [('Ann "A" B', "a@x.example")]),
    ("Ann (Sales) <a@x.example>", [("*", "a@x.example")]),
    ("Ann <mailto:a@x.example>", [("Ann", "a@x.example")]),
    ("<@relay.example:a@x.example>", [("", "a@x.example")]),
    ('"a@x.example" <a@x.example>', [("a@x.example", "a@x.example")]),
    ("Ann\r\n <a@x.example>", [("Ann", "a@x.example")]),
    ("=?utf-8?Q?J=C3=B6rg?= <j@x.example>", [("Jörg", "j@x.example")]),
    ('"=?utf-8?Q?J=C3=B6rg?=" <j@x.example>', [("Jörg", "j@x.example")]),
    ("=?utf-8?Q?Doe=2C_John?= <j@x.example>", [("Doe, John", "j@x.example")]),
    ("=?utf-8?B?SsO2?=\r\n =?utf-8?B?cmc=?= <j@x.example>", [("Jörg", "j@x.example")]),
    ("=?utf-8?B?SsM=?= =?utf-8?B?tnJn?= <j@x.example>", [("Jörg", "j@x.example")]),
    ("J\u00f6rg <j@x.example>", [("Jörg", "j@x.example")]),
    ("a@x.example, Bob <b@x.example>", [("", "a@x.example"), ("Bob", "b@x.example")]),
    ("Ann <a@x.example>; Bob <b@x.example>", [("Ann", "a@x.example"), ("Bob", "b@x.example")]),
    ("a@x.example,, b@x.example,", [("", "a@x.example"), ("", "b@x.example")]),
    ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
    ("undisclosed-recipients:;", []),
    ('"john smith"@x.example', [("", '"john smith"@x.example')]),
    ("<taro..k@docomo.example>", [("", "taro..k@docomo.example")]),
    ("j\u00f6rg@m\u00fcller.example", [("", "jörg@müller.example")]),
    ("Ann <a+tag@x.example>", [("Ann", "a+tag@x.example")]),
    ("Ann <a@[192.0.2.1]>", [("Ann", "a@[192.0.2.1]")]),
    ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <n@x.example>", [("日本", "n@x.example")]),
    ("=?utf-8*en?Q?Ann?= <a@x.example>", [("Ann", "a@x.example")]),
)

HIDDEN: Final = (
    "=?utf-8?Q?boss=40corp.example_=3Cboss=40corp.example=3E=2C?= <attacker@evil.example>",
    '"boss@corp.example" <attacker@evil.example>',
    "=?utf-8?Q?boss=40corp.example?= <attacker@evil.example>",
)
"""Senders that would like to be somebody else."""

ZONES: Final = (
    *((f"Tue, 1 Jul 2025 10:00:00 {zone}", 8) for zone in (
        "+0200", "+02:00", "GMT+2", "GMT+02:00", "UTC+2", "CEST", "MEST", "+0200 (CEST)",
        "(CEST) +0200", "+0200 (Mitteleurop\u00e4ische Sommerzeit)", "EET", "SAST",
    )),
    *((f"Tue, 1 Jul 2025 10:00:00 {zone}", 10) for zone in (
        "+0000", "-0000", "GMT", "UTC", "UT", "Z", "+00:00", "+0000 (UTC)", "GMT+0", "WET",
    )),
    *((f"Tue, 1 Jul 2025 10:00:00 {zone}", 14) for zone in (
        "-0400", "EDT", "(EDT) -0400", "-0400 (EDT)", "-04:00", "GMT-4", "GMT-0400 (EDT)",
    )),
    *((f"Tue, 1 Jul 2025 10:00:00 {zone}", 1) for zone in ("+0900", "JST", "KST", "+0900 (JST)")),
    *((f"Tue, 1 Jul 2025 10:00:00 {zone}", 9) for zone in ("BST", "CET", "+0100", "WEST")),
    ("Tue, 1 Jul 2025 10:00:00 EST", 15),
    ("Tue, 1 Jul 2025 10:00:00 PDT", 17),
    ("Tue, 1 Jul 2025 10:00:00 PST", 18),
    ("Tue, 1 Jul 2025 10:00:00 MSK", 7),
    ("1 Jul 2025 10:00 +0200", 8),
    ("Tue, 01 Jul 25 10:00:00 +0200", 8),
    ("Tue, 01-Jul-2025 10:00:00 +0200", 8),
    ("Tue Jul  1 10:00:00 CEST 2025", 8),
    ("Di, 1 Jul 2025 10:00:00 +0200", 8),
    ("Tue, 1 July 2025 10:00:00 +0200", 8),
    ("Tue,  1 Jul 2025\r\n 10:00:00 +0200", 8),
    ("Tue, 1 Jul 2025 10:00:00 +9900", None),
    ("Tue, 31 Feb 2025 10:00:00 +0200", None),
    ("yesterday", None),
    ("", None),
)  # fmt: skip
"""A date header, and the hour of 1 July 2025 in UTC that it says; None: Gmail's own time."""

JOINED: Final = (
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0915\u094d\u200d\u0937",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
)
"""Words that a lost joiner or non-joiner breaks: Persian, Hindi, a family."""

SUBJECTS: Final = (
    ("=?utf-8?Q?gr=C3=BC=C3=9Fe?=", "grüße"),
    ("=?UTF-8?q?gr=c3=bc=c3=9fe?=", "grüße"),
    ("=?utf-8?B?Z3LDvMOfZQ?=", "grüße"),
    ("=?utf-8?Q?gr=C3?=\r\n =?utf-8?Q?=BC=C3=9Fe?=", "grüße"),
    ("=?utf-8?Q?gr=C3=BC?= =?iso-8859-1?Q?=DFe?=", "grüße"),
    ("Re: =?utf-8?Q?gr=C3=BC=C3=9Fe?= at nine", "Re: grüße at nine"),
    ("=?utf-8*de?Q?gr=C3=BC=C3=9Fe?=", "grüße"),
    ("=?utf-8?Q?gr=C3=BC=C3=9Fe to you?=", "grüße to you"),
    ("=?x-none?Q?plain?=", "plain"),
    ("=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=", "=?utf-8?Q?x?="),
    ("gr\u00fc\u00dfe", "grüße"),
    ("a\r\n folded\r\n\tsubject", "a folded subject"),
    ("what =? is ?= this", "what =? is ?= this"),
    (JOINED[0], JOINED[0]),
    ("=?utf-8?B?8J+RqOKAjfCfkanigI3wn5Gn?=", JOINED[2]),
    (JOINED[1], JOINED[1]),
    ("", ""),
)  # fmt: skip

CONTROLS: Final = ("\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\n", "\r")
OVERRIDES: Final = ("\u202e", "\u202a", "\u2066", "\u2069")


_CONTENT_IDS: Final = (
    "logo 1@shop", "img1", "a<b>c", "\u00fc@shop", "x" * 400, "", "%41@shop", "a&b@shop",
    'q"q@shop',
)  # fmt: skip


def header_mails() -> Iterator[Mail]:
    """Yield a mail for each way of writing a header."""
    for number, (value, people) in enumerate(PEOPLE):
        for header, name in (("To", "to"), ("Cc", "cc"), ("Reply-To", "replyTo")):
            yield Mail(f"{header} {number}: {value}", letter(f"{header}: {value}"),
                       people={name: people})  # fmt: skip
        if len(people) == 1:
            yield Mail(f"From {number}: {value}", letter(f"From: {value}"), people={"from": people})
    for value in HIDDEN:
        yield Mail(f"hidden {value}", letter(f"From: {value}"),
                   people={"from": [("*", "attacker@evil.example")]})  # fmt: skip
    for value, hour in ZONES:
        date = None if hour is None else datetime(2025, 7, 1, hour, tzinfo=UTC)
        yield Mail(f"date {value}", letter(f"Date: {value}"), "s", date=date)
    for value, subject in SUBJECTS:
        yield Mail(f"subject {value}", letter(f"Subject: {value}"), subject)
    yield from _controls()
    yield from _names()
    yield from _damaged_heads()
    for word in JOINED:
        page = part("Content-Type: text/html; charset=utf-8", body=f"<p>{word}</p>".encode())
        yield Mail(f"joined {word}", letter(body=page), shown=(word,))


def _controls() -> Iterator[Mail]:
    for control in (*CONTROLS, *OVERRIDES):
        word = f"=?utf-8?Q?a{''.join(f'={byte:02X}' for byte in control.encode())}b?="
        raw = letter(f"Subject: {word}", f"From: {word} <a@x.example>")
        yield Mail(f"control {control!r}", raw, people={"from": [("*", "a@x.example")]})
        name = f"filename*=utf-8''a{quote(control)}b.pdf"
        yield _with_file(f"control in a file name {control!r}", name, None)


def _names() -> Iterator[Mail]:
    written = {
        "a.pdf": 'filename="a.pdf"; filename="b.pdf"',
        "b.pdf": "name=a.pdf; filename=b.pdf",
        "Prüf.pdf": "filename=Pruef.pdf; filename*=utf-8''Pr%C3%BCf.pdf",
        "two words.pdf": "filename=two words.pdf",
        "lo;ng.pdf": 'filename*0="lo;"; filename*1="ng.pdf"',
        "100%.pdf": 'filename="100%.pdf"',
        "größe.pdf": 'filename="gr\u00f6\u00dfe.pdf"',
        "open.pdf": 'filename="open.pdf',
    }
    for name, parameter in written.items():
        yield _with_file(f"file name {parameter}", parameter, name)
    for length in (255, 300, 2_000):
        yield _with_file(f"long name {length}", f'filename="{"x" * length}.pdf"', None)
    for hostile in ("../../etc/passwd", "..\\\\boot.ini", "a/b.pdf", " ", ".", "CON.pdf"):
        yield _with_file(f"file name {hostile!r}", f'filename="{hostile}"', None)
    for number, id in enumerate(_CONTENT_IDS):
        for shown in (id, f"{id}2"):
            page = part("Content-Type: text/html; charset=utf-8",
                        body=f'<img src="cid:{escape(shown)}">'.encode())  # fmt: skip
            image = part("Content-Type: image/png; name=i.png", f"Content-ID: <{id}>",
                         "Content-Disposition: inline", body=b"png")  # fmt: skip
            title = f"content id {number} {'shown' if shown == id else 'not shown'}"
            yield Mail(title, letter(body=multipart("related", "b", page, image)), "s",
                       files=(File(b"png", "i.png"),), knows_files=True)  # fmt: skip


def _with_file(title: str, parameter: str, name: str | None) -> Mail:
    text = part("Content-Type: text/plain", body=b"see")
    file = part("Content-Type: application/pdf", f"Content-Disposition: attachment; {parameter}",
                body=b"%PDF")  # fmt: skip
    return Mail(title, letter(body=multipart("mixed", "b", text, file)), "s", shown=("see",),
                files=(File(b"%PDF", name),), knows_files=True)  # fmt: skip


def _damaged_heads() -> Iterator[Mail]:
    good = letter()
    latin = "X-Old: caf\u00e9\r\n".encode("cp1252")
    cases = {
        "an 8-bit byte in another header": latin + letter("Subject: gr\u00fc\u00dfe"),
        "a line that is no header": b"this is none\r\n" + good,
        "an mbox line": b"From ann@x.example Tue Jul  1 10:00:00 2025\r\n" + good,
        "a space before the colon": good.replace(b"Subject:", b"Subject :"),
        "line feeds": good.replace(b"\r\n", b"\n"),
        "a second subject": good.replace(b"MIME-Version", b"Subject: other\r\nMIME-Version"),
        "no blank line": good.rstrip().removesuffix(b"hello").rstrip(),
        "a long header": b"X-Long: " + b"x" * 50_000 + b"\r\n" + good,
        "a NUL": b"X-Nul: a\0b\r\n" + good,
    }
    for name, raw in cases.items():
        yield Mail(name, raw, "grüße" if "8-bit" in name else "s")
    ids = ("Message-ID: <a@x.example> <b@x.example>", "In-Reply-To: Your mail <q@x.example>")
    yield Mail("two message ids", letter(*ids))
    yield Mail("a message id of words", letter("Message-ID: no id at all", "In-Reply-To: a b"))
    yield Mail("nothing", b"\r\n")
    yield Mail("no headers", b"\r\nhello\r\n", "")
    yield Mail("no sender", letter().partition(b"\r\n")[2], "s")
