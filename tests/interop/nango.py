"""Nango's own Node client in a process of its own, its methods callable from here."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.interop.packages import HERE, installed
from tests.interop.schemas import Schemas, generated
from tests.interop.versions import NEWEST

TIMEOUT_S = 60
LARGEST_LINE = 64 << 20
PROXIED = frozenset({"proxy", "get", "post", "put", "patch", "delete"})
"""Methods whose refusals are Gmail's own, passed on."""
UNDEFINED: Mapping[str, bool] = {"undefined": True}
"""An argument that is left out before others."""


class NangoError(Exception):
    """What the client threw: of an answer, its status and body; else `status` is None."""

    def __init__(self, message: str, status: int | None, data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.data = data

    @property
    def code(self) -> str:
        """Postroom's error code."""
        return str(self.data["error"]["code"])


@dataclass(frozen=True)
class Nango:
    """`await nango.listRecords({...})` calls the client's method of that name.

    Every answer, and every refusal, is checked against Nango's own type before it is returned.
    """

    process: asyncio.subprocess.Process
    schemas: Schemas
    props: Mapping[str, Any]

    def using(self, **props: Any) -> "Nango":
        """Return a client that was constructed with other properties."""
        return replace(self, props={**self.props, **props})

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def called(*args: Any) -> Any:
            return self._checked(method, await self._asked(method, args))

        return called

    async def _asked(self, method: str, args: tuple[Any, ...]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        line = json.dumps({"method": method, "args": args, "props": self.props})
        self.process.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(TIMEOUT_S):
            answered = await self.process.stdout.readline()
        assert answered, "the Node process ended"
        found: dict[str, Any] = json.loads(answered)
        return found

    def _checked(self, method: str, answered: Mapping[str, Any]) -> Any:
        error = answered.get("error")
        if error is not None:
            if error.get("status") is not None and method not in PROXIED:
                self.schemas.check("refusal", error["data"])
            raise NangoError(error["message"], error.get("status"), error.get("data"))
        value = answered.get("value")
        if method in self.schemas:
            self.schemas.check(method, _body(value))
        return value


def _body(value: Any) -> Any:
    """Return the body where the client answered axios' whole response."""
    whole = isinstance(value, dict) and value.keys() == {"status", "data", "headers"}
    return value["data"] if whole else value


@asynccontextmanager
async def running_client(*, package: str = NEWEST["node"], **props: Any) -> AsyncIterator[Nango]:
    """Start the client of that package; `props` are its constructor's."""
    installed()
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        "client.mjs",
        json.dumps(props),
        package,
        cwd=HERE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LARGEST_LINE,
    )
    try:
        yield Nango(process, generated(), {})
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
