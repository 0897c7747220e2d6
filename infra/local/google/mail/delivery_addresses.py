"""To whom a mail server delivers: the addresses of a header's raw value, character by character.

Written apart from Postroom's reader on purpose, so that each can be held against the other. It
reads as servers do: encoded words are plain atoms here, and where a mailbox is malformed every
address in it is delivered to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

CLOSING = {'"': '"', "[": "]"}


@dataclass
class _Mailbox:
    """What stands between two commas: text outside brackets, and what the brackets hold."""

    outside: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)

    def addresses(self) -> Iterator[str]:
        """Yield the address in brackets, or every word that is one."""
        if self.angles:
            yield from filter(None, map(_without_route, self.angles))
            return
        yield from (word for word in _words("".join(self.outside)) if _is_address(word))


def delivery_addresses(value: str) -> list[str]:
    """Return the addresses of a To, Cc or Bcc value in lower case, in order."""
    found: list[str] = []
    box = _Mailbox()
    position = 0
    while position < len(value):
        character = value[position]
        end = position + 1
        if character == "(":
            end = _comment_end(value, position)
        elif character == "<":
            end = _angle_end(value, position)
            box.angles.append(_strip_comments(value[position + 1 : end - 1]))
        elif character in CLOSING:
            end = _closing(value, position, CLOSING[character])
            box.outside.append(value[position:end])
        elif character in ",;":
            found += box.addresses()
            box = _Mailbox()
        elif character == ":" and not _is_address("".join(box.outside).strip()):
            box = _Mailbox()  # it was a group's name
        else:
            box.outside.append(character)
        position = end
    return [address.lower() for address in (*found, *box.addresses())]


def _closing(value: str, start: int, mark: str) -> int:
    """Return where a quoted string or domain literal ends; one without an end takes the rest."""
    position = start + 1
    while position < len(value):
        if value[position] == "\\":
            position += 1
        elif value[position] == mark:
            return position + 1
        position += 1
    return len(value)


def _comment_end(value: str, start: int) -> int:
    """Return where a comment ends, its inner ones included; without an end it is one character."""
    depth, position = 0, start
    while position < len(value):
        if value[position] == "\\":
            position += 1
        elif value[position] in "()":
            depth += 1 if value[position] == "(" else -1
            if depth == 0:
                return position + 1
        position += 1
    return start + 1


def _angle_end(value: str, start: int) -> int:
    position = start + 1
    while position < len(value) and value[position] != ">":
        position = _closing(value, position, '"') if value[position] == '"' else position + 1
    return position + 1


def _strip_comments(text: str) -> str:
    kept, position = "", 0
    while position < len(text):
        if text[position] == "(":
            position = _comment_end(text, position)
            continue
        kept += text[position]
        position += 1
    return "".join(kept.split()) if '"' not in kept else kept.strip()


def _without_route(text: str) -> str:
    """Return an address without the hosts it would be sent by."""
    if text.startswith("@") and ":" in text:
        return text.rpartition(":")[2]
    return text if "@" in text else ""


def _words(text: str) -> list[str]:
    """Split at white space outside of quotes."""
    words, position, held = [], 0, ""
    while position < len(text):
        end = _closing(text, position, '"') if text[position] == '"' else position + 1
        if text[position].isspace():
            words.append(held)
            held = ""
        else:
            held += text[position:end]
        position = end
    return [word for word in (*words, held) if word]


def _is_address(word: str) -> bool:
    local, at, domain = word.rpartition("@")
    quoted = local.startswith('"') and local.endswith('"') and len(local) > 1
    return bool(at and domain) and (quoted or bool(local)) and '"' not in domain
