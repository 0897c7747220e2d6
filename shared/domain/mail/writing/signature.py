"""A signature below the sender's words and above whatever is quoted."""

import re
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from shared.domain.mail.reading.markup.html_text import html_to_text
from shared.domain.mail.writing.outgoing import Outgoing

MAX_SIGNATURE: Final = 10_000
"""Characters, as many as Gmail's own settings take."""
DELIMITER: Final = "-- "
"""The line that readers know a signature in plain text by (RFC 3676, 4.3)."""
_MARKUP: Final = re.compile(
    r"<(?:/?(?:a|b|blockquote|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|small|span|strong"
    r"|table|tbody|td|tr|u|ul)(?=[\s/>])[^<>]*|!--)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signature:
    """Both forms of one signature; the text of one that is only an image is empty."""

    text: str
    html: str

    @classmethod
    def from_html(cls, html: str) -> "Signature":
        """Read what Gmail's settings hold, where a signature without a tag is HTML too."""
        return cls(html_to_text(html), html)

    @classmethod
    def from_words(cls, given: str) -> "Signature":
        """Read what a caller gives: HTML where it holds one of HTML's tags, else text."""
        if _MARKUP.search(given):
            return cls.from_html(given)
        text = given.strip("\r\n")
        return cls(text, "<br>".join(escape(line, quote=False) for line in text.splitlines()))

    def as_given(self) -> str:
        """Return words that `from_words` reads as this signature."""
        return f"<div>{self.html}</div>" if self.html.strip() else ""


def with_signature(message: Outgoing, signature: Signature) -> Outgoing:
    """Return the message with its texts signed."""
    text, html = signed_texts(message.text, message.html, signature)
    return replace(message, text=text, html=html)


def signed_texts(
    text: str | None, html: str | None, signature: Signature
) -> tuple[str | None, str | None]:
    """Return both texts of a message with the signature at their end, but never twice.

    A message without a text gets both forms as its texts.
    """
    if not signature.html.strip():
        return text, html
    bare = text is None and html is None
    text, html = ("", "") if bare else (text, html)
    if text is not None and signature.text and not _ends_with(text, signature.text):
        text = f"{text.rstrip()}\n\n{DELIMITER}\n{signature.text}".lstrip("\n")
    if html is not None and not _is_signed(html, signature):
        html = f'{html}<br><div class="gmail_signature">{signature.html}</div>'
    return text or None if bare else text, html


def _is_signed(html: str, signature: Signature) -> bool:
    if _MARKUP.search(signature.html) and signature.html in html:
        return True
    return bool(signature.text) and _ends_with(html_to_text(html), signature.text)


def _ends_with(text: str, end: str) -> bool:
    """Whether a text ends with these words, however they are broken into lines."""
    words = end.split()
    return text[-2 * len(end) - MAX_SIGNATURE :].split()[-len(words) :] == words
