"""Reads an environment's variables as Terraform would: envs/NAME.tfvars over the defaults.

Of Terraform's language only what a tfvars file may hold: names, texts, numbers, lists and maps.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

TERRAFORM: Final = Path(__file__).parents[1] / "terraform"
ENVIRONMENTS: Final = TERRAFORM / "envs"
TOKEN: Final = re.compile(
    r"(?P<skipped>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)"
    r'|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)'
    r"|(?P<mark>[\[\]{},=:])",
    re.DOTALL,
)
DECLARED: Final = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
DEFAULT: Final = re.compile(r"^  default +=(.*)", re.MULTILINE | re.DOTALL)
WORDS: Final = {"true": True, "false": False, "null": None}
Token = tuple[str, str]


def read_environment(name: str) -> dict[str, Any]:
    """Return every variable of an environment. Raises FileNotFoundError, ValueError."""
    return {**defaults(), **read(ENVIRONMENTS / f"{name}.tfvars")}


def environments() -> list[str]:
    """Return the names that there is a file for."""
    return sorted(one.stem for one in ENVIRONMENTS.glob("*.tfvars"))


def defaults() -> dict[str, Any]:
    """Return what Terraform takes where an environment says nothing."""
    declared = "".join(file.read_text() for file in sorted(TERRAFORM.glob("variables*.tf")))
    found = ((name, DEFAULT.search(block)) for name, block in DECLARED.findall(declared))
    return {name: _value(_tokens(default[1])) for name, default in found if default}


def read(file: Path) -> dict[str, Any]:
    """Return what one tfvars file sets. Raises FileNotFoundError, ValueError."""
    tokens = [*_tokens(file.read_text()), ("mark", "}")]
    try:
        return _map(iter(tokens))
    except (KeyError, StopIteration) as error:
        raise ValueError(f"{file.name} is no list of NAME = VALUE") from error


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not understood: {text[at : at + 40]!r}")
        at = found.end()
        if found.lastgroup not in {None, "skipped"}:
            yield str(found.lastgroup), found[0]


def _value(tokens: Iterator[Token], token: Token | None = None) -> Any:
    kind, word = token or next(tokens)
    if kind == "text":
        return json.loads(word)
    if kind == "number":
        return float(word) if "." in word else int(word)
    if kind == "name":
        return WORDS[word]
    return {"{": _map, "[": _list}[word](tokens)


def _list(tokens: Iterator[Token]) -> list[Any]:
    found: list[Any] = []
    for token in tokens:
        if token == ("mark", "]"):
            break
        if token != ("mark", ","):
            found.append(_value(tokens, token))
    return found


def _map(tokens: Iterator[Token]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for token in tokens:
        if token == ("mark", "}"):
            break
        if token != ("mark", ","):
            next(tokens)  # = or :
            found[token[1].strip('"')] = _value(tokens)
    return found
