"""Calls gcloud: one command, its answer as JSON, a refusal by what it means."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

TIMEOUT_S: Final = 60
AT_ONCE: Final = 4
"""Each gcloud is a Python process of its own."""


class Kind(StrEnum):
    """What a refusal means."""

    API_OFF = "the API is off"
    SIGNED_OUT = "no account is signed in"
    ABSENT = "it does not exist"
    DENIED = "the caller lacks a right"
    OTHER = "gcloud failed"


SIGNS: Final[Mapping[Kind, str]] = {
    Kind.API_OFF: r"SERVICE_DISABLED|has not been used in project|API \[.*\] (is )?not enabled",
    Kind.SIGNED_OUT: r"active account selected|[Rr]eauthenticat|auth (application-default )?login",
    Kind.ABSENT: r"NOT_FOUND|not found: 404|HTTPError 404|does not exist|matched no objects",
    Kind.DENIED: r"PERMISSION_DENIED|HTTPError 403|does not have permission",
}
"""The words of each in gcloud's error output; the first that is found counts."""


class GcloudError(Exception):
    """gcloud refused: `kind` says what that means, the message is gcloud's own first line."""

    def __init__(self, kind: Kind, said: str) -> None:
        super().__init__(said)
        self.kind = kind


class Gcloud:
    """Runs commands that only read; each distinct one once, a few at the same time."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._places = asyncio.Semaphore(AT_ONCE)
        self._asked: dict[tuple[str, ...], asyncio.Task[Any]] = {}

    async def ask(self, *words: str) -> Any:
        """Return the JSON answer of a command. Raises GcloudError."""
        if words not in self._asked:
            self._asked[words] = asyncio.ensure_future(self._ask(*words))
        return await self._asked[words]

    async def exists(self, *words: str) -> bool:
        """Whether a `describe` finds something; where its API is off there can be nothing."""
        try:
            await self.ask(*words)
        except GcloudError as error:
            if error.kind in {Kind.ABSENT, Kind.API_OFF}:
                return False
            raise
        return True

    async def _ask(self, *words: str) -> Any:
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *(*words, "--format=json"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
            )
            try:
                out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise GcloudError(Kind.OTHER, f"no answer within {TIMEOUT_S} s") from None
        if process.returncode:
            raise refusal(err.decode(errors="replace"))
        return json.loads(out or b"null")


def refusal(said: str) -> GcloudError:
    """Return what gcloud's error output means."""
    kind = next((kind for kind, signs in SIGNS.items() if re.search(signs, said)), Kind.OTHER)
    first = next((line for line in said.splitlines() if line.startswith("ERROR")), said.strip())
    return GcloudError(kind, first[:300])
