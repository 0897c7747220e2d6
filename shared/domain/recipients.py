"""Addresses that a caller gives, read strictly: what is not clearly an address is refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.errors import InvalidHeaderDefect
from email.headerregistry import Address
from email.policy import SMTP
from typing import Final

from shared.errors import InvalidRecipientError, Problem

MAX_ADDRESS: Final = 254
MAX_NAME: Final = 320
CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What would end a header line somewhere on its way, and what no UTF-8 can carry."""
LOCAL_PART: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))+"
)
AMBIGUOUS: Final = frozenset("\u00df\u03c2\u200c\u200d")
"""Letters whose domain differs between the two IDNA standards: another host might get the mail."""

NO_ADDRESS: Final = "This is no address: write 'Name <name@example.com>' or name@example.com."
BAD_LOCAL: Final = "This is no address: the part before the @ is missing, too long or not ASCII."
BAD_DOMAIN: Final = "This is no address: its domain is not a host name."
BROKEN_LINE: Final = "An address must not contain line breaks or control characters."


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name in any script, and an address in ASCII."""

    address: str
    name: str = ""


def parse_mailboxes(value: str | Iterable[str] | None, path: str) -> tuple[Mailbox, ...]:
    """Read one field of recipients: a header-like string, a list of them, "" or None.

    Raises InvalidRecipientError naming each bad one by its place, never by its text.
    """
    if value is None:
        return ()
    single = isinstance(value, str)
    texts = [value] if isinstance(value, str) else list(value)
    found: list[Mailbox] = []
    problems: list[Problem] = []
    for place, text in enumerate(texts):
        try:
            found.extend(_mailboxes(text))
        except ValueError as error:
            where = (path,) if single else (path, place)
            problems.append(Problem("invalid_recipient", str(error), where))
    if problems:
        message = f"{path}: {len(problems)} of the addresses cannot be used; see errors."
        raise InvalidRecipientError(message, problems=problems)
    return tuple(found)


def _mailboxes(text: str) -> list[Mailbox]:
    if CONTROL.search(text):
        raise ValueError(BROKEN_LINE)
    if not text.strip():
        return []
    try:
        header = SMTP.header_factory("To", text)
        addresses: Iterable[Address] = header.addresses
        bad = any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects)
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        raise ValueError(NO_ADDRESS) from None  # the parser has its own troubles with odd text
    if bad:
        raise ValueError(NO_ADDRESS)
    return [
        Mailbox(checked_address(it.addr_spec), checked_name(it.display_name)) for it in addresses
    ]


def checked_name(name: str) -> str:
    """Answer a display name with its white space folded. Raises ValueError.

    An encoded word may hide a line break, so names are checked after decoding.
    """
    if CONTROL.search(name):
        raise ValueError(BROKEN_LINE)
    folded = " ".join(name.split())
    if len(folded) > MAX_NAME:
        raise ValueError(f"A name may have {MAX_NAME} characters.")
    return folded


def checked_address(address: str) -> str:
    """Answer the address with its domain in ASCII. Raises ValueError."""
    local, at, domain = address.strip().rpartition("@")
    if not at or len(address) > MAX_ADDRESS or not LOCAL_PART.fullmatch(local):
        raise ValueError(BAD_LOCAL)
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError(BAD_LOCAL)
    if AMBIGUOUS.intersection(domain):
        raise ValueError("Give this domain in its xn-- form: its letters have two readings.")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(BAD_DOMAIN) from None
    if not DOMAIN.fullmatch(domain):
        raise ValueError(BAD_DOMAIN)
    return f"{local}@{domain}"
