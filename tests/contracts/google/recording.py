"""Recorded answers of the real Gmail: reading the files, and what each asks.

A file dropped into `recordings/` is read, replayed and compared like the others.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.local.google.gmail.methods import METHODS

FOLDER: Final = Path(__file__).parent / "recordings"
BY_NAME: Final = {method.id.removeprefix("gmail.users."): method for method in METHODS}


@dataclass(frozen=True)
class Recording:
    """One call of somebody's and its answer; `name` is the file's, without its ending."""

    name: str
    told: Mapping[str, Any]

    @property
    def method(self) -> str:
        """The method's id below `gmail.users.`, '' where any method answers so."""
        name = str(self.told["method"]).split()[0].removeprefix("users.")
        return "" if name == "any" else name

    @property
    def status(self) -> int:
        return int(self.told["status"])

    @property
    def answer(self) -> Any:
        """The body, None for an empty one."""
        return self.told["response"] or None

    @property
    def refusal(self) -> Mapping[str, Any] | None:
        """The error object of a refusal."""
        answer = self.answer
        found: Mapping[str, Any] | None = (
            answer.get("error") if isinstance(answer, dict) and self.status >= 400 else None
        )
        return found

    @property
    def query(self) -> dict[str, str]:
        """The query, completed by what the method's words say of format and page."""
        words = str(self.told["method"]).split()[1:]
        query = dict(word.split("=", 1) for word in words if "=" in word)
        formats = [word for word in words if word in {"full", "metadata", "minimal", "raw"}]
        if formats:
            query["format"] = formats[0]
        return {**query, **self.told["request"].get("query", {})}

    @property
    def body(self) -> Any:
        return self.told["request"].get("body")

    @property
    def path_id(self) -> str:
        """The id that the recorded path names, '' for none."""
        method = BY_NAME[self.method]
        wanted = method.path.removeprefix("/").split("/")
        given = str(self.told["request"].get("path", "")).removeprefix("/").split("/")
        for part, text in zip(wanted, given, strict=False):
            if part in {"{id}", "{messageId}", "{sendAsEmail}"}:
                return text
        return ""

    @property
    def headers(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.told["headers"]
        return found


def recordings() -> Iterator[Recording]:
    """Yield every recording, by name."""
    for path in sorted(FOLDER.glob("*.json")):
        yield Recording(path.stem, json.loads(path.read_text()))
