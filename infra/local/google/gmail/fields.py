"""Partial responses: `fields=a,b/c,d(e,f/g),*` (FACTS 4.7)."""

import re
from functools import lru_cache
from typing import Any, Final

from infra.local.google.gmail.errors import invalid

TOKEN: Final = re.compile(r"[A-Za-z]\w*|[*,/()]|\s+|.")
KNOWN: Final = frozenset(
    [
        "*",
        "accessWindow",
        "action",
        "addLabelIds",
        "attachmentId",
        "autoExpunge",
        "backgroundColor",
        "body",
        "classificationLabelValues",
        "color",
        "criteria",
        "data",
        "delegateEmail",
        "delegates",
        "displayLanguage",
        "displayName",
        "disposition",
        "drafts",
        "emailAddress",
        "enableAutoReply",
        "enabled",
        "encryptedKeyPassword",
        "endTime",
        "excludeChats",
        "expiration",
        "expungeBehavior",
        "fields",
        "filename",
        "filter",
        "forward",
        "forwardingAddresses",
        "forwardingEmail",
        "from",
        "hasAttachment",
        "headers",
        "history",
        "historyId",
        "host",
        "id",
        "internalDate",
        "isDefault",
        "isPrimary",
        "issuerCn",
        "labelId",
        "labelIds",
        "labelListVisibility",
        "labels",
        "labelsAdded",
        "labelsRemoved",
        "maxFolderSize",
        "message",
        "messageListVisibility",
        "messages",
        "messagesAdded",
        "messagesDeleted",
        "messagesTotal",
        "messagesUnread",
        "mimeType",
        "name",
        "negatedQuery",
        "nextPageToken",
        "partId",
        "parts",
        "password",
        "payload",
        "pem",
        "pkcs12",
        "port",
        "query",
        "raw",
        "removeLabelIds",
        "replyToAddress",
        "responseBodyHtml",
        "responseBodyPlainText",
        "responseSubject",
        "restrictToContacts",
        "restrictToDomain",
        "resultSizeEstimate",
        "securityMode",
        "sendAs",
        "sendAsEmail",
        "signature",
        "size",
        "sizeComparison",
        "sizeEstimate",
        "smimeInfo",
        "smtpMsa",
        "snippet",
        "startTime",
        "subject",
        "textColor",
        "threadId",
        "threads",
        "threadsTotal",
        "threadsUnread",
        "to",
        "treatAsAlias",
        "type",
        "username",
        "value",
        "verificationStatus",
    ]
)
"""The names of every field of the resources served here."""

Mask = dict[str, Any]
"""Field name -> mask of what is below it; an empty mask means all of it."""


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [token for token in TOKEN.findall(text) if not token.isspace()]
        self.position = 0

    def take(self) -> str:
        token = self.tokens[self.position] if self.position < len(self.tokens) else ""
        self.position += 1
        return token

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def selection(self) -> Mask:
        mask: Mask = {}
        while True:
            self.path(mask)
            if self.peek() != ",":
                return mask
            self.take()

    def path(self, mask: Mask) -> None:
        name = self.take()
        if name not in KNOWN:
            raise invalid(f"Invalid field selection {name or self.text}")
        known = name in mask
        below: Mask = {}
        if self.peek() == "/":
            self.take()
            self.path(below)
        elif self.peek() == "(":
            self.take()
            below = self.selection()
            if self.take() != ")":
                raise invalid(f"Invalid field selection {self.text}")
        mask[name] = _merge(mask[name], below) if known else below


def _merge(left: Mask, right: Mask) -> Mask:
    if not left or not right:
        return {}
    names = left.keys() | right.keys()
    return {
        name: _merge(left[name], right[name])
        if name in left and name in right
        else left.get(name, right.get(name))
        for name in names
    }


@lru_cache(maxsize=256)
def parse_fields(text: str) -> Mask:
    """Return the mask. Raise 400 `Invalid field selection ...`."""
    parser = _Parser(text)
    mask = parser.selection()
    if parser.position < len(parser.tokens):
        raise invalid(f"Invalid field selection {text}")
    return mask


def select(data: Any, mask: Mask) -> Any:
    """Return only what the mask names; lists are looked through."""
    if not mask:
        return data
    if isinstance(data, list):
        return [select(item, mask) for item in data]
    if not isinstance(data, dict):
        return data
    rest = mask.get("*")
    below = {name: mask.get(name, rest) for name in data}
    return {name: select(data[name], found) for name, found in below.items() if found is not None}
