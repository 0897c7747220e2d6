"""What a record can be found by: terms made of its addresses, its subject and whether it has files.

Terms are kept beside the payload, so that a search reads no mail. A term begins with the field it
is of: `f:` from, `t:` to, cc and bcc, `s:` a word of the subject.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shared.domain.mail.reading.address_list import Address

MAX_TERMS: Final = 40
MAX_TERM_CHARS: Final = 100
SUBJECT_WORDS: Final = 16
NAME_WORDS: Final = 4
RECIPIENTS: Final = 8
SEARCHED_CHARS: Final = 2_000
"""Characters of one text that words are taken from."""
WITH_ATTACHMENT: Final = "a"
FROM: Final = "f:"
TO: Final = "t:"
SUBJECT: Final = "s:"
_WORD: Final = re.compile(r"\w+")
_DOMAIN: Final = re.compile(r"@?[\w-]+(?:\.[\w-]+)+")


def terms_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the terms of an EmailMessage, sorted: at most MAX_TERMS."""
    sender = message.get("from")
    recipients = [*message.get("to", ()), *message.get("cc", ()), *message.get("bcc", ())]
    found = [
        *((WITH_ATTACHMENT,) if any(map(_is_attached, message.get("attachments", ()))) else ()),
        *(_address_terms(FROM, sender) if sender else ()),
        *(SUBJECT + word for word in _words(message.get("subject") or "", SUBJECT_WORDS)),
    ]
    for one in recipients[:RECIPIENTS]:
        found += _address_terms(TO, one)
    return tuple(sorted([*dict.fromkeys(found)][:MAX_TERMS]))


def person_terms(field: str, asked: str) -> frozenset[str]:
    """Return the terms that a search for a person in `field` goes by.

    An address is looked for as it is, `example.com` or `@example.com` as a domain, anything else
    as words of the name.
    """
    text = asked.strip().casefold()
    if _DOMAIN.fullmatch(text):
        return frozenset({_term(field, "@" + text.removeprefix("@"))})
    if "@" in text:
        return frozenset({_term(field, text)})
    return frozenset(field + word for word in _words(text, NAME_WORDS))


def subject_terms(asked: str) -> frozenset[str]:
    """Return the terms that a search for words of the subject goes by."""
    return frozenset(SUBJECT + word for word in _words(asked, SUBJECT_WORDS))


def leading_term(terms: Iterable[str]) -> str | None:
    """Return the term that the fewest records have, as far as its form tells.

    An address tells most, then a sender's domain or name, a word of the subject, a recipient's
    domain or name; of terms alike the longer one.
    """
    return max(sorted(terms), key=lambda term: (_rarity(term), len(term)), default=None)


def _rarity(term: str) -> int:
    is_address = "@" in term[len(FROM) + 1 :]
    return 4 if is_address else {FROM: 3, SUBJECT: 2, TO: 1}.get(term[: len(FROM)], 0)


def _is_attached(attachment: Mapping[str, Any]) -> bool:
    return not attachment.get("inline")


def _address_terms(field: str, address: "Address") -> Iterator[str]:
    email = address["email"].casefold()
    if email:
        yield _term(field, email)
    if "@" in email:
        yield _term(field, "@" + email.rpartition("@")[2])
    for word in _words(address["name"], NAME_WORDS):
        yield field + word


def _term(field: str, text: str) -> str:
    return (field + text)[:MAX_TERM_CHARS]


def _words(text: str, most: int) -> list[str]:
    found = (one[0][:MAX_TERM_CHARS] for one in _WORD.finditer(text[:SEARCHED_CHARS].casefold()))
    return [*islice(dict.fromkeys(found), most)]
