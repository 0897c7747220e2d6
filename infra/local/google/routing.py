"""Which Gmail method a path means; there is none that the emulated Gmail leaves out."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from infra.local.google.gmail.call import Method
from infra.local.google.gmail.methods import METHODS

PAGE: Final = (
    b"<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n"
    b"<p>Gmail has no method <code>%b %b</code>.\n"
)


class UnknownPathError(Exception):
    """Gmail has no such method: the front end answers, in HTML and before any token is read."""

    def __init__(self, verb: str, path: str) -> None:
        super().__init__(verb, path)
        self.page = PAGE % (escape(verb).encode(), escape(path).encode())


@dataclass(frozen=True, slots=True)
class Match:
    """A method and its path parameters."""

    method: Method
    path: Mapping[str, str]
    is_upload: bool


class Routes:
    """The method table by verb and number of segments; words win over parameters."""

    def __init__(self, methods: tuple[Method, ...] = METHODS) -> None:
        self._rows: defaultdict[tuple[str, int], list[tuple[list[str], Method, bool]]]
        self._rows = defaultdict(list)
        for method in methods:
            self._add(method, method.path, is_upload=False)
            if method.upload is not None:
                self._add(method, method.upload, is_upload=True)
        for rows in self._rows.values():
            rows.sort(key=lambda row: [segment.startswith("{") for segment in row[0]])

    def _add(self, method: Method, path: str, *, is_upload: bool) -> None:
        segments = path.split("/")
        self._rows[method.verb, len(segments)].append((segments, method, is_upload))

    def match(self, verb: str, path: str) -> Match:
        """Find the method. Raises UnknownPathError."""
        given = path.split("/")
        for segments, method, is_upload in self._rows.get((verb, len(given)), ()):
            found = _parameters(segments, given)
            if found is not None:
                return Match(method, found, is_upload)
        raise UnknownPathError(verb, path)


def _parameters(segments: list[str], given: list[str]) -> dict[str, str] | None:
    found = {}
    for segment, value in zip(segments, given, strict=True):
        if segment.startswith("{"):
            name, _, verb = segment[1:].partition("}")
            if not value.endswith(verb):
                return None
            found[name] = value.removesuffix(verb)
        elif segment != value:
            return None
    return found
