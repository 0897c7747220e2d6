"""The XML inside Office files, told event by event; document types, and so entities, refused."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from xml.parsers import expat

from shared.domain.mail.files.zipped import UnreadableFileError

MOST_CHARS: Final = 2_000_000
"""Characters of text after which reading ends."""


class Bounded:
    """Counts characters, so that no file becomes more text than is read."""

    def __init__(self) -> None:
        self._left = MOST_CHARS

    def take(self, text: str) -> str:
        """Return as much of the text as there is room for."""
        kept = text[: self._left]
        self._left -= len(kept)
        return kept


def read_xml(
    data: bytes,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] = lambda _: None,
) -> None:
    """Tell elements and attributes by their local names. Raises UnreadableFileError."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, given: start(
        _local(name), {_local(key): value for key, value in given.items()}
    )
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)  # noqa: FBT003  the C function takes no name
    except expat.ExpatError:
        raise UnreadableFileError("The XML of this file cannot be read.") from None


def is_on(given: Mapping[str, str]) -> bool:
    """Whether a switch such as `<w:vanish/>` is on: it may say that it is off."""
    return given.get("val", "true") not in {"0", "false", "off"}


def _refuse(*_: Any) -> None:
    raise UnreadableFileError("The XML of this file declares a document type.")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
