"""Ids as Gmail makes them (FACTS 14.1, 14.8)."""

import random
import secrets
from typing import Final

FIRST_SIXTEEN_DIGIT_MS: Final = 1 << 40
"""Shifted by 20 bits, a time from here on gives sixteen hexadecimal digits."""


def first_id(milliseconds: int) -> int:
    """Return the lowest id of mail that arrived in that millisecond."""
    return max(milliseconds, FIRST_SIXTEEN_DIGIT_MS) << 20


def new_message_id(milliseconds: int, last: int = 0) -> int:
    """Return a message id: the time above 20 random bits, as the real ones look.

    After `last` of the same millisecond it is a larger one: ids break ties between dates.
    """
    start = first_id(milliseconds)
    if start <= last < start + (1 << 20):
        return last + random.randint(1, 499)
    return start | random.getrandbits(19)


def hexadecimal(number: int) -> str:
    """Return the sixteen digits by which the API names a message or thread."""
    return f"{number:016x}"


def first_history_id() -> int:
    """Return where a new mailbox's history starts."""
    return random.randint(1_000, 100_000)


def history_gap() -> int:
    """Return the distance to the next history id: mostly small, never fixed."""
    return random.choice((1, 1, 2, 3, 7, 21, 58))


def new_draft_id() -> str:
    """Return a draft id such as r-4671928374650192837: 18 or 19 digits, half of them negative."""
    return f"r{random.choice((-1, 1)) * random.randint(10**17, 2**63 - 1)}"


def new_rfc822_id() -> str:
    """Return the Message-ID Gmail puts in place of the caller's (FACTS 5.4)."""
    return f"<CA+{secrets.token_urlsafe(36)}@mail.gmail.com>"
