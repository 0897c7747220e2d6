"""A mail of the corpus and what its sender meant by it."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

Person = tuple[str, str]
"""(name, address)."""

FROM: Final[Person] = ("Ann", "ann@shop.example")
TO: Final[Person] = ("", "ada@acme.example")


@dataclass(frozen=True)
class File:
    """What a sender attached; `name` None where nothing is expected of it."""

    content: bytes
    name: str | None = None


@dataclass(frozen=True)
class Mail:
    """One message; what is None or empty was not meant to be checked."""

    name: str
    raw: bytes
    subject: str | None = None
    people: Mapping[str, Sequence[Person]] = field(default_factory=dict)
    """By field of the record: from, to, cc, replyTo."""
    date: datetime | None = None
    shown: tuple[str, ...] = ()
    """Texts, each to be found in `text` or `html`."""
    files: tuple[File, ...] = ()
    knows_files: bool = False
    """Whether `files` are all there are."""


def letter(*head: str, body: bytes = b"\r\nhello\r\n", subject: str | None = "s") -> bytes:
    """Return a message from a sender to a recipient; `body` begins with its own head."""
    lines = [f"From: {FROM[0]} <{FROM[1]}>", f"To: {TO[1]}", "Message-ID: <c1@shop.example>"]
    given = {line.partition(":")[0].lower() for line in head}
    lines = [line for line in lines if line.partition(":")[0].lower() not in given]
    if subject is not None and "subject" not in given:
        lines.append(f"Subject: {subject}")
    lines += [*head, "MIME-Version: 1.0"]
    return "".join(f"{line}\r\n" for line in lines).encode() + body


def part(*head: str, body: bytes = b"") -> bytes:
    """Return a part of a multipart."""
    return "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + body


def base64_part(*head: str, content: bytes) -> bytes:
    """Return a part in base64."""
    return part(*head, "Content-Transfer-Encoding: base64", body=b64encode(content))


def multipart(subtype: str, boundary: str, *parts: bytes, params: str = "") -> bytes:
    """Return a multipart, its own head in front."""
    mark = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{params}\r\n\r\n'.encode()
    return head + b"".join(mark + b"\r\n" + one + b"\r\n" for one in parts) + mark + b"--\r\n"
