"""Which parts of a message are its text, its HTML and its files (RFC 8621, 4.1.4).

Every leaf is in a body or a file. What RFC 8621 leaves out: parts of an attached message belong to
it, a named text that opens a message is shown and stays a file, and what is neither plain text nor
HTML is the body where there is no other. Nothing is decoded here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.mail.reading.email_parts import as_object, as_text, header_of, walk

PLAIN: Final = "text/plain"
HTML: Final = frozenset({"text/html", "text/x-amp-html", "text/watch-html"})
RENDERINGS: Final = frozenset({*HTML, PLAIN, "text/enriched", "text/richtext"})
"""Text that is written to be read; other text is data, and stays a file where it is shown."""
_STATUSES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_DEEPEST: Final = 100
"""Multiparts within each other; what lies deeper stands side by side."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A part that has no parts, or an attached message with its own."""

    part: Mapping[str, Any]
    kind: str
    """Its MIME type in lower case."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives: what is wanted, and what is read where that is blank."""

    wanted: "tuple[Leaf | Choice, ...]"
    instead: "tuple[Leaf | Choice, ...]"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a text and an HTML reader see of a part, in order; each leaf stands once in each."""

    text: tuple[Leaf | Choice, ...] = ()
    html: tuple[Leaf | Choice, ...] = ()
    is_rich: bool = False
    """Whether HTML is among it."""


@dataclass(slots=True)
class Structure:
    """A message's bodies and files."""

    shown: Shown = field(default_factory=Shown)
    files: list[Leaf] = field(default_factory=list)


def structure_of(payload: Mapping[str, Any]) -> Structure:
    """Sort the parts of a message; text of another kind is its body only where it is all."""
    found = _sort(payload, every_text=False)
    return found if found.shown.text else _sort(payload, every_text=True)


def body_leaves(shown: Shown) -> Iterator[Leaf]:
    """Yield the leaves that bodies are made of, each once, in order."""
    waiting = list(reversed(shown.text))
    while waiting:
        one = waiting.pop()
        if isinstance(one, Leaf):
            yield one
        else:
            waiting += [*reversed(one.instead), *reversed(one.wanted)]


def kind_of(part: Mapping[str, Any]) -> str:
    """Return a part's MIME type in lower case, or ""."""
    return as_text(part.get("mimeType")).strip().lower()


def children_of(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the parts of a part."""
    children = part.get("parts")
    return [as_object(child) for child in children] if isinstance(children, list) else []


def has_content(part: Mapping[str, Any]) -> bool:
    """Whether a part has bytes of its own."""
    body = as_object(part.get("body"))
    return bool(body.get("attachmentId") or body.get("data"))


def _sort(payload: Mapping[str, Any], *, every_text: bool) -> Structure:
    sorter = _Sorter(every_text)
    shown = sorter.show_part(payload, opens=True, depth=0)
    return Structure(shown, sorter.files)


@dataclass(slots=True)
class _Sorter:
    every_text: bool
    files: list[Leaf] = field(default_factory=list)

    def show_part(self, part: Mapping[str, Any], *, opens: bool, depth: int) -> Shown:
        """Return what is seen of a part; `opens` says that it is the first of its siblings."""
        kind, children = kind_of(part), children_of(part)
        if kind.startswith("message/") or not children:
            return self._leaf(Leaf(part, kind), opens=opens)
        own = (
            Shown() if kind.startswith("multipart/") else self._leaf(Leaf(part, kind), opens=opens)
        )
        if depth >= _DEEPEST:
            children = list(_leaves_within(part))
        subtype = kind.partition("/")[2]
        root = _root_of(part, children) if subtype == "related" else 0
        seen = [
            self._file(child) if subtype == "related" and place != root and _is_leaf(child)
            else self.show_part(child, opens=place == root, depth=depth + 1)
            for place, child in enumerate(children)
        ]  # fmt: skip
        return _join([own, self._one_of(seen) if subtype == "alternative" else _join(seen)])

    def _one_of(self, seen: Sequence[Shown]) -> Shown:
        plain = [one for one in seen if one.text and not one.is_rich]
        rich = [one for one in seen if one.is_rich]
        if self.every_text:
            for other in plain[1:] if not rich else plain:
                self._keep_as_files(other)
            plain = plain[:1]
            return _join(rich or plain)
        if not (plain and rich):
            return _join([*plain, *rich])
        # Alternatives within alternatives have plain words of their own, which no other part says.
        choices = [one for each in rich for one in each.text if isinstance(one, Choice)]
        others = [one for each in rich for one in each.text if isinstance(one, Leaf)]
        words = (*_join(plain).text, *choices)
        html = Choice(_join(rich).html, _join(plain).html)
        return Shown((Choice(words, tuple(others)),), (html,), is_rich=True)

    def _keep_as_files(self, shown: Shown) -> None:
        self.files += [leaf for leaf in body_leaves(shown) if leaf.kind in RENDERINGS]

    def _file(self, part: Mapping[str, Any]) -> Shown:
        leaf = Leaf(part, kind_of(part))
        if has_content(part) or part.get("filename") or leaf.kind.startswith("message/"):
            self.files.append(leaf)
        return Shown()

    def _leaf(self, leaf: Leaf, *, opens: bool) -> Shown:
        is_body = self._is_body(leaf, opens=opens)
        if not is_body or leaf.part.get("filename") or leaf.kind not in RENDERINGS:
            self._file(leaf.part)
        return Shown((leaf,), (leaf,), leaf.kind in HTML) if is_body else Shown()

    def _is_body(self, leaf: Leaf, *, opens: bool) -> bool:
        disposition = header_of(leaf.part, "content-disposition").strip().lower()
        if disposition.startswith("attachment") or not has_content(leaf.part):
            return False
        if leaf.kind in {PLAIN, "text/html"}:
            return opens or not leaf.part.get("filename")
        other = leaf.kind.startswith("text/") or leaf.kind in _STATUSES
        return self.every_text and other and not leaf.part.get("filename")


def _join(seen: Sequence[Shown]) -> Shown:
    return Shown(
        tuple(one for each in seen for one in each.text),
        tuple(one for each in seen for one in each.html),
        any(each.is_rich for each in seen),
    )


def _is_leaf(part: Mapping[str, Any]) -> bool:
    return not children_of(part) or kind_of(part).startswith("message/")


def _root_of(part: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> int:
    """Return the place of a multipart/related's root: what `start` names, else what can be read."""
    start = header_of(part, "content-type").partition("start=")[2].partition(";")[0].strip('" \t<>')
    kinds = [kind_of(child).partition("/")[0] for child in children]
    named = (
        place
        for place, child in enumerate(children)
        if start and header_of(child, "content-id").strip(" \t<>") == start
    )
    readable = (place for place, kind in enumerate(kinds) if kind in {"text", "multipart"})
    return next(named, next(readable, 0))


def _leaves_within(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for inner, attached in walk(part):
        if inner is not part and not attached and _is_leaf(inner):
            yield inner
