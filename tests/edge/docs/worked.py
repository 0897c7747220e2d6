"""Sends every worked request of the reference to a whole laptop system, in an order that works.

What is printed has stand-ins for ids and secrets; here real ones take their place on the way out,
and theirs take that of real ones in what came back.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from infra.local.system import LocalSystem
from shared.edge.table import whole_table
from shared.edge.web.openapi.requests import Asked, request_of
from shared.edge.web.routes import Route

ROUTES: Final[Mapping[str, Route]] = {one.name: one for one in whole_table() if one.documented}
JSON: Final = "application/json"
LONGEST: Final = 200
"""Characters of a text that a page prints."""
SECRETS: Final = frozenset({"access_token", "raw", "refresh_token", "secret", "ticket", "token"})
"""Fields whose values a page does not print, though they are invented."""
LONGEST_NAME: Final = 30
"""Characters of a `key` that is the name of one; a longer one is a secret."""
SEALED: Final = re.compile(r"(session_token=|/signed/attachments/).+")
UNPRINTED: Final = frozenset({"GET /openapi.json", "GET /scripts/config"})
"""Answers that are schemas themselves, and long: the page names their type."""


@dataclass(eq=False)
class Worked:
    """A system under way.

    `real` is what each stand-in stands for now, `known` the stand-ins by all that they stood for,
    `came` the answers so far.
    """

    system: LocalSystem
    browser: httpx.AsyncClient
    real: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    came: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def ask(self, name: str, **real: str) -> Any:
        """Send a worked request; `real` are further stand-ins. Return its JSON, None without."""
        self.real |= {stand.replace("_", "-"): value for stand, value in real.items()}
        answer = await self.answer(name)
        return answer.json() if _is_json(answer) and answer.content else None

    async def answer(self, name: str) -> httpx.Response:
        """Send a worked request, and note what came."""
        answer = await self.send(request_of(ROUTES[name]))
        self._note(name, answer)
        return answer

    async def send(self, asked: Asked) -> httpx.Response:
        """Send a request with real values in the place of its stand-ins."""
        self.known |= {value: stand for stand, value in self.real.items()}
        real = replace(
            asked,
            path=self._real(asked.path),
            query={name: self._real(value) for name, value in asked.query.items()},
            headers={name: self._real(value) for name, value in asked.headers.items()},
        )
        body = self._real(json.dumps(asked.body)).encode() if asked.body is not None else None
        kind = {"Content-Type": JSON} if body is not None else {}
        return await self.browser.request(
            real.method,
            self.system.url + real.target,
            headers={**kind, **real.headers},
            content=asked.text or body,
        )

    def _real(self, text: str) -> str:
        for stand, value in self.real.items():
            text = text.replace(stand, value)
        return text

    def _is_json(self, answer: httpx.Response) -> bool:
        return str(answer.headers.get("content-type", "")).partition(";")[0] == JSON

    def _note(self, name: str, answer: httpx.Response) -> None:
        told: dict[str, Any] = {"status": answer.status_code}
        if location := answer.headers.get("location"):
            told["location"] = location.partition("?")[0] + "?..."
        elif _is_json(answer) and name not in UNPRINTED:
            told["body"] = answer.json()
        else:
            told["type"] = answer.headers.get("content-type", "")
        self.came[name] = told

    def printed(self) -> Mapping[str, Mapping[str, Any]]:
        """Return all that came as pages print it, by the routes' names."""
        text = json.dumps(self.came, ensure_ascii=False)
        for value in sorted(self.known, key=len, reverse=True):  # one may be a part of another
            text = text.replace(value, self.known[value])
        text = text.replace(self.system.url, "https://mail.example.com")
        came: Mapping[str, Mapping[str, Any]] = json.loads(text)
        return {name: shortened(came[name]) for name in sorted(came)}


def _is_json(answer: httpx.Response) -> bool:
    return str(answer.headers.get("content-type", "")).partition(";")[0] == JSON


def shortened(value: Any, name: str = "") -> Any:
    """Return JSON as a page prints it: one object of many, no secret, no long text."""
    if isinstance(value, dict):
        return {key: shortened(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        many = value if all(isinstance(one, str) for one in value) else value[:1]
        return [shortened(one, name) for one in many]
    if not isinstance(value, str):
        return value
    if value and (name in SECRETS or (name == "key" and len(value) > LONGEST_NAME)):
        return "..."
    text = SEALED.sub(r"\1...", value)
    return text[:LONGEST] + "..." if len(text) > LONGEST else text


def shape(value: Any) -> Any:
    """Return what of JSON has to be the same in two runs: names and types."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return float if type(value) is int else type(value)
