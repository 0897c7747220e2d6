"""The bodies and attachments of a message, decoded from Gmail's payload.

Nothing here raises on any JSON; a part that does not decode costs only itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.base64url import decode_base64url
from shared.domain.mail.reading.bodies import (
    HTML,
    Choice,
    Leaf,
    body_leaves,
    children_of,
    structure_of,
)
from shared.domain.mail.reading.email_parts import (
    Attachment,
    as_object,
    as_text,
    attachment_of,
    decoded_text,
    header_of,
    is_behind_id,
    walk,
)
from shared.domain.mail.reading.markup.content_ids import shown_ids
from shared.domain.mail.reading.markup.html_text import html_to_text, text_to_html
from shared.domain.mail.reading.markup.rich_text import rich_to_text
from shared.domain.mail.reading.shown_text import without_invisible

MAX_DERIVED_CHARS: Final = 1_000_000
"""HTML of one part beyond this is not turned into text."""
_DEEPEST: Final = 20
"""Attached messages within each other whose files are listed."""


@dataclass(slots=True)
class Parts:
    """What the payload holds; both bodies are complete in themselves."""

    text: str = ""
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    unfetched: list[str] = field(default_factory=list)
    """Part ids of bodies that Gmail put behind an attachment id because of their size."""
    broken: bool = False
    """Whether a body did not decode."""


def read_parts(payload: Mapping[str, Any], fetched: Mapping[str, bytes]) -> Parts:
    """Read every part; `fetched` holds bodies, by part id, that came with a second request."""
    return _read(payload, fetched, depth=0)


def unfetched_parts(payload: Mapping[str, Any]) -> list[str]:
    """Return the part ids of bodies behind an attachment id, without decoding anything."""
    if not any(is_behind_id(part) for part, _ in walk(payload)):
        return []  # nearly every message: its parts need no sorting here
    leaves = body_leaves(structure_of(payload).shown)
    return [as_text(leaf.part.get("partId")) for leaf in leaves if is_behind_id(leaf.part)]


def _read(payload: Mapping[str, Any], fetched: Mapping[str, bytes], *, depth: int) -> Parts:
    found = Parts()
    structure = structure_of(payload)
    words: dict[Leaf, str] = {}
    for leaf in body_leaves(structure.shown):
        words[leaf] = _decode(leaf, fetched, found)
    found.text = "\n".join(_texts(structure.shown.text, words))
    markup = [words[leaf] for leaf in words if leaf.kind in HTML and words[leaf]]
    if markup:
        found.html = "\n".join(_markups(structure.shown.html, words))
    found.attachments = [_list(leaf, depth) for leaf in structure.files]
    _mark_inline(found, structure.files, markup)
    return found


def _decode(leaf: Leaf, fetched: Mapping[str, bytes], found: Parts) -> str:
    """Return a body's words as its own kind writes them, without carriage returns at line ends."""
    part_id = as_text(leaf.part.get("partId"))
    content = fetched.get(part_id)
    if content is None and is_behind_id(leaf.part):
        found.unfetched.append(part_id)
        return ""
    try:
        data = as_text(as_object(leaf.part.get("body")).get("data"))
        text = decoded_text(leaf.part, decode_base64url(data) if content is None else content)
    except ValueError:
        found.broken = True
        return ""
    if leaf.kind in HTML:
        return text
    return rich_to_text(text.replace("\r\n", "\n"), leaf.kind)


def _is_seen(words: str) -> bool:
    """Whether any of it is more than white space and what only pads it."""
    return bool(without_invisible(words).strip())


def _texts(shown: Sequence[Leaf | Choice], words: Mapping[Leaf, str]) -> list[str]:
    """Return what a text reader sees: plain parts as they are, HTML as text."""
    found: list[str] = []
    for one in shown:
        if isinstance(one, Choice):
            wanted = _texts(one.wanted, words)
            found += wanted if any(map(_is_seen, wanted)) else _texts(one.instead, words)
        elif text := words[one]:
            found.append(html_to_text(text[:MAX_DERIVED_CHARS]) if one.kind in HTML else text)
    return found


def _markups(shown: Sequence[Leaf | Choice], words: Mapping[Leaf, str]) -> list[str]:
    """Return what an HTML reader sees: HTML as it is, plain parts escaped."""
    found: list[str] = []
    for one in shown:
        if isinstance(one, Choice):
            wanted = _markups(one.wanted, words)
            found += wanted if any(map(_is_seen, wanted)) else _markups(one.instead, words)
        elif text := words[one]:
            found.append(text if one.kind in HTML else text_to_html(text))
    return found


def _list(leaf: Leaf, depth: int) -> Attachment:
    """List a part; an attached message with the files of its own."""
    one = attachment_of(leaf.part)
    if leaf.kind in {"message/rfc822", "message/global"}:
        own = {"mimeType": "multipart/mixed", "parts": children_of(leaf.part)}
        one["parts"] = _read(own, {}, depth=depth + 1).attachments if depth < _DEEPEST else []
    return one


def _mark_inline(found: Parts, files: Sequence[Leaf], markup: Sequence[str]) -> None:
    """Call an attachment inline where the HTML shows it; mailers' own word is unreliable.

    It is taken only while the HTML is not there to be asked.
    """
    if not any(one["contentId"] for one in found.attachments):
        return
    shown = shown_ids("\n".join(markup))
    for one, leaf in zip(found.attachments, files, strict=True):
        disposition = header_of(leaf.part, "content-disposition").strip().lower()
        unknown = bool(found.unfetched) and disposition.startswith("inline")
        one["inline"] = bool(one["contentId"]) and (one["contentId"] in shown or unknown)
