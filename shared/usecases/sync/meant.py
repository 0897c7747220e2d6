"""Which messages a person means: by Gmail's id, by Message-ID, or by words of Gmail's search."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.ids import ConnectionId, MessageId
from shared.ports.google.gmail import GmailMailboxes

LONGEST: Final = 200
"""Characters of what is meant; Gmail takes about 1,500 of a query."""
MOST: Final = 10
"""Messages at once: to explain one that is absent costs 20 quota units."""
_ID: Final = re.compile(r"[0-9A-Fa-f]{10,20}")
_RFC822_ID: Final = re.compile(r"<?[^\s<>:@\"]+@[^\s<>:@\"]+>?")


def is_message_id(words: str) -> bool:
    """Whether it is an id of Gmail's, of which Gmail need not be asked."""
    return _ID.fullmatch(words) is not None


@dataclass(frozen=True, slots=True)
class MessagesMeant:
    """Asks Gmail where it is not an id: 5 quota units."""

    gmail: GmailMailboxes

    async def __call__(self, connection_id: ConnectionId, words: str) -> Sequence[MessageId]:
        """Return at most ten, newest first, also of trash and spam. Raises what Gmail raises."""
        if is_message_id(words):
            return [MessageId(words.lower())]
        query = f"rfc822msgid:{words}" if _RFC822_ID.fullmatch(words) else words
        asked = {"q": query, "maxResults": str(MOST), "includeSpamTrash": "true"}
        answer = await self.gmail.of(connection_id).call("GET", "/messages", query=asked)
        return [MessageId(str(one["id"])) for one in answer.get("messages") or ()][:MOST]
