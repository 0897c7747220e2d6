"""The outside of a message: who, when, and the marks the servers on the way have left on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from infra.local.google.corpus import mime


class SeedMail(NamedTuple):
    """One message for a mailbox: RFC 822 bytes, when Gmail accepted it (aware UTC), its labels."""

    raw: bytes
    internal_date: datetime
    label_ids: tuple[str, ...]


class Person(NamedTuple):
    """A display name and an address."""

    name: str
    mailbox: str

    @property
    def first(self) -> str:
        """The name a friend would use."""
        return self.name.split(" ")[0]

    @property
    def domain(self) -> str:
        """The part after the @."""
        return self.mailbox.rpartition("@")[2]


class Written(NamedTuple):
    """What a teller hands back: the message, its category or state labels, who wrote it."""

    raw: bytes
    label_ids: tuple[str, ...] = ("CATEGORY_PERSONAL",)
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """The headers a sender writes; `more` are ready header lines, each with its line feed."""

    sender: Person
    to: bytes
    subject: str
    at: datetime
    message_id: str
    charset: str = "utf-8"
    references: tuple[str, ...] = ()
    more: bytes = b""


def owner_of(email: str) -> Person:
    """Name the mailbox's owner after the address: `ada.moor@x.example` is Ada Moor."""
    local = email.partition("@")[0].partition("+")[0]
    words = local.replace("_", ".").replace("-", ".").split(".")
    return Person(" ".join(word.capitalize() for word in words if word), email)


def new_message_id(rng: Random, domain: str) -> str:
    """Make a Message-ID without its angle brackets."""
    return f"{rng.getrandbits(80):020x}.{rng.getrandbits(24)}@{domain}"


def finish_received(rng: Random, owner: Person, letter: Letter, part: bytes) -> bytes:
    """Finish a message that came in from outside, with the trace headers of its journey."""
    at = letter.at
    stamp = {
        b"to": owner.mailbox.encode(),
        b"from": letter.sender.mailbox.encode(),
        b"domain": letter.sender.domain.encode(),
        b"date": mime.date(at - timedelta(seconds=rng.randrange(1, 5))),
        b"id": b"%016x" % rng.getrandbits(64),
        b"ip": b"192.0.2.%d" % rng.randrange(2, 250),
        b"t": b"%d" % at.timestamp(),
        b"hash": mime.base64_lines(rng.randbytes(33))[:44],
        b"sig": _signature(rng),
    }
    return mime.crlf(_TRACE % stamp + _own(letter) + part)


def finish_sent(letter: Letter, part: bytes) -> bytes:
    """Finish a message the owner wrote: it has travelled nowhere yet."""
    return mime.crlf(_own(letter) + part)


def _own(letter: Letter) -> bytes:
    lines = [
        b"From: " + mime.address(letter.sender.name, letter.sender.mailbox, letter.charset),
        b"To: " + letter.to,
        b"Subject: " + mime.words(letter.subject, letter.charset),
        b"Date: " + mime.date(letter.at - timedelta(seconds=6)),
        b"Message-ID: <%b>" % letter.message_id.encode(),
    ]
    if letter.references:
        lines.append(b"In-Reply-To: <%b>" % letter.references[-1].encode())
        known = b"\n ".join(b"<%b>" % one.encode() for one in letter.references[-12:])
        lines.append(b"References: " + known)
    return b"\n".join(lines) + b"\n" + letter.more + b"MIME-Version: 1.0\n"


def _signature(rng: Random) -> bytes:
    return mime.base64_lines(rng.randbytes(256)).rstrip().replace(b"\n", b"\n         ")


_TRACE = b"""\
Delivered-To: %(to)b
Received: by 2002:a05:6a10:%(id).4b:0:0:0:0 with SMTP id %(id).12bpxc;
        %(date)b
X-Received: by 2002:a17:902:%(id).3b with SMTP id %(id).10bplc.12.%(t)b;
        %(date)b
ARC-Seal: i=1; a=rsa-sha256; t=%(t)b; cv=none;
        d=mx.example; s=arc-20260605;
        b=%(sig)b
ARC-Authentication-Results: i=1; mx.example;
       dkim=pass header.i=@%(domain)b header.s=s1 header.b=%(hash).8b;
       spf=pass (mx.example: domain of %(from)b designates %(ip)b as permitted sender)
        smtp.mailfrom=%(from)b;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=%(domain)b
Return-Path: <%(from)b>
Received: from mail.%(domain)b (mail.%(domain)b. [%(ip)b])
        by mx.example with ESMTPS id %(id)b
        for <%(to)b> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        %(date)b
Received-SPF: pass (mx.example: domain of %(from)b designates %(ip)b as permitted sender)
        client-ip=%(ip)b;
Authentication-Results: mx.example;
       dkim=pass header.i=@%(domain)b header.s=s1 header.b=%(hash).8b;
       spf=pass (mx.example: domain of %(from)b designates %(ip)b as permitted sender)
        smtp.mailfrom=%(from)b;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=%(domain)b
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%(domain)b; s=s1; t=%(t)b;
        h=from:to:subject:date:message-id:mime-version;
        bh=%(hash)b;
        b=%(sig)b
"""
