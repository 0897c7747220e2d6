"""Whether an address is a mailbox's own, however it is written.

Gmail delivers to one mailbox what differs only by dots or by a plus part, and owns googlemail.com
beside gmail.com; in every other domain dots tell people apart. A host name is the same in letters
and in its xn-- form.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self
from unicodedata import normalize

from shared.domain.mail.writing.recipients import Mailbox, ascii_domain

GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The addresses of one mailbox: the connected one and its aliases."""

    spellings: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[str]) -> Self:
        """Return them in the forms that are compared."""
        known = list(addresses)
        return cls(frozenset(map(_spelling, known)), frozenset(map(_mailbox, known)))

    def include(self, address: str) -> bool:
        """Whether mail to this address comes to the mailbox, in whatever form it is written."""
        return _mailbox(address) in self.mailboxes

    def may_send_as(self, address: str) -> bool:
        """Whether it is one of them as it stands: Gmail rewrites other forms (FACTS 5.11)."""
        return _spelling(address) in self.spellings


def written_to(own: Sequence[Mailbox], people: Iterable[str]) -> Mailbox | None:
    """Return which of one's own a message was written to: the first that is named, as it stands
    before one that only reaches the same mailbox.
    """  # noqa: D205  one sentence
    written = list(people)
    for form in (_spelling, _mailbox):
        known = {form(one.address): one for one in reversed(own)}
        for one in written:
            if (found := known.get(form(one))) is not None:
                return found
    return None


def _spelling(address: str) -> str:
    """Return an address in one letter case, its domain in ASCII."""
    local, _, domain = normalize("NFC", address.strip()).rpartition("@")
    try:
        domain = ascii_domain(domain)
    except ValueError:
        domain = normalize("NFKC", domain)
    return f"{local.lower()}@{domain.lower()}"


def _mailbox(address: str) -> str:
    """Return what all forms of an address that reach one mailbox have in common."""
    local, _, domain = _spelling(address).rpartition("@")
    before_plus = local.partition("+")[0] or local
    if domain in GMAIL:
        return f"{before_plus.replace('.', '')}@gmail.com"
    return f"{before_plus}@{domain}"
