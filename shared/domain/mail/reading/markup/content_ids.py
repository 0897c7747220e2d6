"""The Content-IDs that HTML shows (RFC 2392), found in one pass over its tags."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from shared.domain.mail.reading.markup.html_text import ATTRIBUTE, RAW_END, TAG, decoded_references

WHOLE: Final = re.compile(r"\s*+cid:(.+)", re.IGNORECASE | re.DOTALL)
WITHIN: Final = re.compile(r"""(?:(?<=[\s,("'])|^)cid:([^\s,()"'>]++)""", re.IGNORECASE)
"""In a style's `url()` and among the sources of `srcset`."""
_MENTION: Final = re.compile("cid|&", re.IGNORECASE)


def shown_ids(html: str) -> frozenset[str]:
    """Return the ids that images and styles name; a link is a way to a file, and shows none."""
    named = [one.strip(" \t\r\n<>") for one in _name(html)]
    return frozenset((*named, *(unquote(one) for one in named if "%" in one)))


def _name(html: str) -> Iterator[str]:
    place = 0
    while (tag := TAG.search(html, place)) is not None:
        place = tag.end()
        name = (tag["open"] or "").lower()
        if name and _MENTION.search(tag["attributes"]):
            yield from _in_attributes(name, tag["attributes"])
        if name in RAW_END:
            end = RAW_END[name].search(html, place)
            raw_end = len(html) if end is None else end.start()
            if name == "style":
                yield from WITHIN.findall(html, place, raw_end)
            place = raw_end


def _in_attributes(name: str, attributes: str) -> Iterator[str]:
    for one in ATTRIBUTE.finditer(attributes):
        value = decoded_references(one[2] or one[3] or one[4] or "")
        if name in {"a", "area"} and one[1].lower() == "href":
            continue
        if found := WHOLE.fullmatch(value):
            yield found[1]
        yield from WITHIN.findall(value)
