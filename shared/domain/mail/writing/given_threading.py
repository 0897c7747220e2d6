"""In-Reply-To and References that a caller gives as headers."""

from dataclasses import replace
from typing import Final

from shared.domain.mail.writing.header_lines import LONGEST_TOKEN
from shared.domain.mail.writing.outgoing import Outgoing

IN_REPLY_TO: Final = "in-reply-to"
REFERENCES: Final = "references"


def with_given_threading(message: Outgoing) -> Outgoing:
    """Return the message with both moved from its headers to where it answers.

    They stay headers, which `check` refuses, where they are no message ids, are given twice, or
    name another message than the one that is answered.
    """
    named = [name for name in message.headers if name.lower() in {IN_REPLY_TO, REFERENCES}]
    given = {name.lower(): message.headers[name].split() for name in named}
    answered = given.get(IN_REPLY_TO, given.get(REFERENCES, [])[-1:])
    references = given.get(REFERENCES, answered)
    if len(given) < len(named) or len(answered) != 1 or not references:
        return message
    if not all(map(_is_id, (*answered, *references))):
        return message
    headers = {name: value for name, value in message.headers.items() if name not in named}
    if message.in_reply_to is None:
        found = replace(message, in_reply_to=answered[0], references=tuple(references))
        return replace(found, headers=headers)
    if {answered[0], references[-1]} != {message.in_reply_to}:
        return message
    return replace(message, headers=headers)


def _is_id(word: str) -> bool:
    inner = word[1:-1]
    bracketed = word.startswith("<") and word.endswith(">") and len(word) <= LONGEST_TOKEN
    return bracketed and "@" in inner and inner.isprintable() and not {*"<>"} & {*inner}
