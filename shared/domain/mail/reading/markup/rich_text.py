"""The words of text/enriched (RFC 1896) and text/richtext (RFC 1341), which a few mailers write."""

import re
from typing import Final

_COMMAND: Final = re.compile(r"<<|</?[A-Za-z0-9-]{1,60}>")
_BREAKS: Final = re.compile(r"\n+")
_UNSEEN: Final = {"text/enriched": "param", "text/richtext": "comment"}
_SAID: Final = {
    "text/enriched": {"<<": "<"},
    "text/richtext": {"<lt>": "<", "<nl>": "\n", "<np>": "\n", "</paragraph>": "\n"},
}


def rich_to_text(text: str, kind: str) -> str:
    """Return the words of a text of that MIME type; one of another kind is its own words."""
    if kind not in _UNSEEN:
        return text
    filled = _BREAKS.sub(lambda run: run[0][1:] or " ", text)
    return _words(filled, _UNSEEN[kind], _SAID[kind]).strip() + "\n"


def _words(text: str, unseen: str, said: dict[str, str]) -> str:
    pieces: list[str] = []
    place, hidden = 0, False
    for command in _COMMAND.finditer(text):
        name = command[0].lower()
        if not hidden:
            pieces += (text[place : command.start()], said.get(name, ""))
        hidden = name == f"<{unseen}>" or (hidden and name != f"</{unseen}>")
        place = command.end()
    return "".join(pieces if hidden else [*pieces, text[place:]])
