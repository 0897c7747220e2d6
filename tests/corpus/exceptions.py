"""Where another reader is known to be wrong, or to have another opinion, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

from tests.corpus.records import Read

Reader = Literal["CPython", "postal-mime"]
Field = Literal["subject", "people", "files"]
Mails = Callable[[Read], bool]


@dataclass(frozen=True)
class Exempt:
    """A disagreement that is not held against Postroom."""

    reader: Reader
    field: Field
    mails: Mails
    reason: str


def named(*patterns: str) -> Mails:
    """Return a choice of mails by name."""
    return lambda one: any(fnmatchcase(one.mail.name, pattern) for pattern in patterns)


def _has_message_without_disposition(one: Read) -> bool:
    found = (part for part in one.tree.walk() if part.mime_type == "message/rfc822")
    return any(part.disposition != "attachment" for part in found)


_ONE_COLUMN: Final = tuple(f"{header} {number}: *" for header in ("To", "Cc", "Reply-To", "From")
                           for number in ("7", "10", "21"))  # fmt: skip
_ROUTES: Final = tuple(f"{header} {number}: *" for header in ("To", "Cc", "Reply-To", "From")
                       for number in ("7", "10", "11", "25"))  # fmt: skip

EXEMPT: Final = (
    Exempt("CPython", "subject", named("charset *", "24-*"),
           "has no codec by the vendors' names, and none for the characters that vendors added"),
    Exempt("CPython", "subject", named("a line that is no header", "a space before the colon"),
           "ends the head at the first line that is no header"),
    Exempt("CPython", "subject", named("control *"),
           "hands control characters on; they leave in no record"),
    Exempt("CPython", "people", named("a line that is no header"),
           "ends the head at the first line that is no header"),
    Exempt("CPython", "people", named(*_ONE_COLUMN),
           "holds to the grammar: a name with a comma must be quoted, a semicolon ends a group"),
    Exempt("CPython", "people", named("* 27: *", "01-*"),
           "keeps an address in UTF-8 as undecoded bytes"),
    Exempt("CPython", "people", named("msg_20.txt", "msg_25.txt"),
           "shows only the first of several headers of that name"),
    Exempt("CPython", "people", named("07-*"),
           "finds an address at the end of thirty thousand characters of routes"),
    Exempt("CPython", "files", named("a boundary used again", "msg_15.txt", "msg_39.txt"),
           "ends the outer part with the inner one that has the same boundary"),
    Exempt("CPython", "files", named("related without a page first"),
           "shows all text; of a multipart/related only the root is shown (RFC 8621, 4.1.4)"),
    Exempt("CPython", "files", named("text/* alone", "11-*"),
           "takes text of a kind it does not know for a file; it is the message"),
    Exempt("postal-mime", "subject", named("charset *"),
           "decodes by names alone: no vendor's, no UTF-7, no code page 949, no HKSCS"),
    Exempt("postal-mime", "subject", named("control *"),
           "hands control characters on; they leave in no record"),
    Exempt("postal-mime", "people", named(*_ROUTES, "05-*"),
           "keeps routes and mailto:, drops the quotes of a local part, splits a name at a comma"),
    Exempt("postal-mime", "files", _has_message_without_disposition,
           "shows a message without a disposition inside the body; its files are its own"),
    Exempt("postal-mime", "files", named("related without a page first"),
           "shows all text; of a multipart/related only the root is shown (RFC 8621, 4.1.4)"),
    Exempt("postal-mime", "files", named("msg_04.txt", "msg_44.txt"),
           "shows text with a name inside the body"),
    Exempt("postal-mime", "files", named("text/* alone", "11-*", "content-type *", "msg_14.txt"),
           "takes text of a kind it does not know for a file; it is the message"),
)  # fmt: skip


def exempt(reader: Reader, field: Field, one: Read) -> Exempt | None:
    """Return why the reader may differ there."""
    fitting = (e for e in EXEMPT if (e.reader, e.field) == (reader, field) and e.mails(one))
    return next(fitting, None)
