"""What a waiting call says and answers, sealed with the connection's data key.

Disconnecting shreds the key, and with it what was asked, shown and answered.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps, loads
from typing import Any, Literal
from zlib import compress, decompress

from shared.domain.ids import ConnectionId
from shared.domain.keys.approval import Approval
from shared.errors import TooLargeError
from shared.ports.connections import Grants
from shared.ports.google.oauth import Sealer
from shared.usecases.send.kept import MAX_KEPT, SealedRequests

What = Literal["request", "answer"]
MAX_ANSWER = 200_000
"""Bytes of an answer worth keeping: of a larger one only that it came."""


@dataclass(frozen=True, slots=True)
class ApprovalSeal:
    """Seals JSON of one approval, each part for its own purpose."""

    grants: Grants
    sealer: Sealer

    async def request(
        self, id: str, connection_id: ConnectionId, content: Mapping[str, Any]
    ) -> bytes:
        """Return the request sealed. Raises TooLargeError, UnknownConnectionError."""
        packed = _pack(content)
        if len(packed) > MAX_KEPT:
            raise TooLargeError(
                "A call that waits for approval may have about 400 kB with its attachments, and so "
                "may a draft: leave them out, name parts of messages that are in the mailbox, or "
                "have a person send the draft."
            )
        return await self._seal(id, connection_id, packed, "request")

    async def answer(self, approval: Approval, content: Any) -> bytes:
        """Return what the run answered, sealed. Raises UnknownConnectionError."""
        packed = _pack(content)
        if len(packed) > MAX_ANSWER:
            packed = _pack({"truncated": True})
        return await self._seal(approval.id, approval.connection_id, packed, "answer")

    async def open_request(self, approval: Approval) -> Mapping[str, Any]:
        """Return what is asked, empty where nothing was kept.

        Raises UnknownConnectionError once the connection is gone, CorruptStateError.
        """
        content: Mapping[str, Any] = loads(await self._open(approval, approval.request, "request"))
        return content or {}

    async def open_answer(self, approval: Approval) -> object:
        """Return the JSON that the run came to, None where there is none yet.

        Raises UnknownConnectionError once the connection is gone, CorruptStateError.
        """
        answer: object = loads(await self._open(approval, approval.answer, "answer"))
        return answer

    async def _open(self, approval: Approval, sealed: bytes | None, what: What) -> bytes:
        if not sealed:
            return b"null"
        packed = await self.sealer.open(
            sealed,
            data_key=await self._data_key(approval.connection_id),
            connection_id=approval.connection_id,
            purpose=_purpose(approval.id, what),
        )
        return decompress(b64decode(packed))

    async def _seal(self, id: str, connection_id: ConnectionId, packed: str, what: What) -> bytes:
        return await self.sealer.seal(
            packed,
            data_key=await self._data_key(connection_id),
            connection_id=connection_id,
            purpose=_purpose(id, what),
        )

    async def _data_key(self, connection_id: ConnectionId) -> bytes:
        return await SealedRequests(self.grants, self.sealer).data_key(connection_id)


def _pack(content: Any) -> str:
    return b64encode(compress(dumps(content).encode(), level=1)).decode()


def _purpose(id: str, what: What) -> str:
    return f"approval-{what}:{id}"
