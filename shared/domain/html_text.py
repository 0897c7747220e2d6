"""The text of an HTML body, for readers who want no markup."""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

_LINE: Final = "\0"  # <br>
_BLOCK: Final = "\1"
_PARAGRAPH: Final = "\2"
_UNSEEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "object", "iframe"}
)
_BREAKS_OF: Final = {
    **dict.fromkeys(
        "address article aside body center dd div dl dt fieldset figure footer form header hr"  # noqa: SIM905  thirty lines as a list
        " li main nav section table tr".split(),
        _BLOCK,
    ),
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), _PARAGRAPH),
    **dict.fromkeys(("blockquote", "pre", "ul", "ol"), _PARAGRAPH),
}
_CELLS: Final = frozenset({"td", "th"})
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200d\u2060\ufeff]")
_BREAKS: Final = re.compile(" ?[\0\1\2][\0\1\2 ]*")
MAX_LINK: Final = 2_000
"""Characters of a link's address worth repeating in text."""


def html_to_text(html: str) -> str:
    """Answer the visible text: blocks on lines of their own, links as `words (address)`.

    Scripts, styles and the head vanish; any text is accepted, however broken the markup. About
    10 us a kilobyte.
    """
    tree = LexborHTMLParser(html)
    pieces: list[str] = []
    if tree.body is not None:
        _write(tree.body, pieces)
    text = " ".join(_INVISIBLE.sub("", "".join(pieces)).split())
    return _BREAKS.sub(_lines, text).strip()


def _lines(breaks: re.Match[str]) -> str:
    run = breaks[0].replace(" ", "")
    blank = _PARAGRAPH in run or run.count(_LINE) > 1 or _BLOCK + _LINE in run
    return "\n\n" if blank else "\n"


def _write(top: LexborNode, pieces: list[str]) -> None:
    """Walk without recursion: mail nests tables deeper than a stack is."""
    node: LexborNode | None = top.first_child
    while node is not None:
        tag = node.tag or ""
        _open(node, tag, pieces)
        child = None if tag in _UNSEEN else node.first_child
        if child is not None:
            node = child
            continue
        node = _after(node, tag, top, pieces)


def _after(node: LexborNode, tag: str, top: LexborNode, pieces: list[str]) -> LexborNode | None:
    """Close the node, and every parent that ends with it; answer what comes next."""
    while True:
        _close(node, tag, pieces)
        if node.next is not None:
            return node.next
        parent = node.parent
        if parent is None or parent.mem_id == top.mem_id:
            return None
        node, tag = parent, parent.tag or ""


def _open(node: LexborNode, tag: str, pieces: list[str]) -> None:
    if tag == "-text":
        pieces.append(node.text_content or "")
    elif tag == "br":
        pieces.append(_LINE)
    elif tag in _BREAKS_OF:
        pieces.append(_BREAKS_OF[tag])
        if tag == "li":
            pieces.append("- ")


def _close(node: LexborNode, tag: str, pieces: list[str]) -> None:
    if tag in _BREAKS_OF:
        pieces.append(_BREAKS_OF[tag])
    elif tag in _CELLS:
        pieces.append(" ")
    elif tag == "a":
        address = (node.attributes.get("href") or "").strip()
        if _worth_showing(address, node):
            pieces.append(f" ({address})")


def _worth_showing(address: str, node: LexborNode) -> bool:
    """Whether the address says more than the link's own words."""
    if len(address) > MAX_LINK or not address.startswith(("http://", "https://", "mailto:")):
        return False
    words = node.text(strip=True)
    return bool(words) and words not in {address, address.removeprefix("mailto:")}
