"""Firestore's commit, batch read and query, with our errors and explicit time limits.

The low-level asynchronous client of google-cloud-firestore, one for each event loop (FACTS 9.8).
Reads are tried again where the connection broke; a commit never is, because whether it happened
is then unknown and its preconditions would blame another writer for our own success.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import grpc
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    GoogleAPIError,
    NotFound,
    ServiceUnavailable,
)
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from google.cloud.firestore_v1.types import firestore as requests

from shared.adapters.firestore.values import document_key
from shared.adapters.system_clock import SystemClock
from shared.domain.google.trouble import StoreIndexMissingError
from shared.domain.trouble_board import TroubleNotes
from shared.errors import (
    AlreadyExistsError,
    ConflictError,
    StoreUnavailableError,
)
from shared.ports.clock import Clock, Retries

T = TypeVar("T")

COMMIT_TIMEOUT_S = 20.0
READ_TIMEOUT_S = 20.0
QUERY_TIMEOUT_S = 50.0
READ_RETRIES = Retries(
    ServiceUnavailable, (timedelta(milliseconds=50), timedelta(milliseconds=300))
)
GET_BATCH = 300

_HOST = "firestore.googleapis.com"
_CHANNEL = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)
_ERRORS = (GoogleAPIError, GoogleAuthError)


@dataclass
class _Gathering:
    """Documents that are read by one call: those asked for in one turn of the event loop."""

    names: dict[str, None] = field(default_factory=dict)
    read: "asyncio.Task[Mapping[str, Any]] | None" = None


class FirestoreRpc:
    """One database; nothing connects before the first call."""

    clock: Clock = SystemClock()

    def __init__(
        self, project: str, database: str = "(default)", *, notes: TroubleNotes | None = None
    ) -> None:
        self._notes = notes
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents"
        self._emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
        self._metadata: tuple[tuple[str, str], ...] = (
            ("google-cloud-resource-prefix", self._database),
            *((("authorization", "Bearer owner"),) if self._emulator else ()),
        )
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, FirestoreAsyncClient] = (
            WeakKeyDictionary()
        )
        self._gatherings: dict[tuple[object, ...], _Gathering] = {}
        self._closed = False

    def name(self, *path: str) -> str:
        """Return the full name of a document, or of the parent of a subcollection.

        Collections and ids alternate; ids are made fit to be names.
        """
        parts = [part if index % 2 == 0 else document_key(part) for index, part in enumerate(path)]
        return "/".join((self._root, *parts))

    async def get(
        self, names: Iterable[str], fields: Sequence[str] | None = None
    ) -> Mapping[str, Any]:
        """Return the documents that exist, by name, at most these fields of each.

        Callers that ask at once share a call, and what they both ask for is read once.
        """
        wanted = list(dict.fromkeys(names))
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), GET_BATCH):
            batch = wanted[start : start + GET_BATCH]
            # One caller giving up must not take the answer from the others.
            answer = await asyncio.shield(self._join(batch, fields))
            found |= {name: answer[name] for name in batch if name in answer}
        return found

    def _join(
        self, names: Sequence[str], fields: Sequence[str] | None
    ) -> "asyncio.Task[Mapping[str, Any]]":
        """Return the read that will bring them, with others' where they fit."""
        key = (asyncio.get_running_loop(), None if fields is None else tuple(fields))
        gathering = self._gatherings.get(key)
        if gathering is None or len(gathering.names) + len(names) > GET_BATCH:
            gathering = self._gatherings[key] = _Gathering()
        gathering.names.update(dict.fromkeys(names))
        if gathering.read is None:
            gathering.read = asyncio.create_task(self._read(key, gathering, fields))
        return gathering.read

    async def _read(
        self, key: tuple[object, ...], gathering: _Gathering, fields: Sequence[str] | None
    ) -> Mapping[str, Any]:
        """Read what was gathered by the end of this turn."""
        await asyncio.sleep(0)
        if self._gatherings.get(key) is gathering:
            del self._gatherings[key]
        return await self.reading(lambda: self._get(list(gathering.names), fields))

    async def commit(self, writes: Sequence[Any]) -> Sequence[Any]:
        """Apply all writes or none; return their results.

        Raises ConflictError, AlreadyExistsError, StoreUnavailableError.
        """
        request = requests.CommitRequest.pb()(database=self._database, writes=writes)
        try:
            answer = await self._client().commit(
                requests.CommitRequest.wrap(request),
                retry=None,
                timeout=COMMIT_TIMEOUT_S,
                metadata=self._metadata,
            )
        except AlreadyExists as error:
            raise AlreadyExistsError("A document to create is there already.") from error
        except (FailedPrecondition, Aborted, NotFound) as error:
            raise ConflictError("A document changed since it was read.") from error
        except _ERRORS as error:
            raise _unavailable(error) from error
        return list(requests.CommitResponse.pb(answer).write_results)

    async def query(self, structured: Any, parent: str | None = None) -> Sequence[Any]:
        """Return the documents of a query, below `parent` or at the root."""

        async def run() -> Sequence[Any]:
            return [document async for document in self.stream(structured, parent)]

        return await self.reading(run)

    async def stream(self, structured: Any, parent: str | None = None) -> AsyncIterator[Any]:
        """Yield the documents of a query; run it inside `reading`."""
        request = requests.RunQueryRequest.pb()(
            parent=parent or self._root, structured_query=structured
        )
        answers = await self._client().run_query(
            requests.RunQueryRequest.wrap(request),
            retry=None,
            timeout=QUERY_TIMEOUT_S,
            metadata=self._metadata,
        )
        async for answer in answers:
            message = requests.RunQueryResponse.pb(answer)
            if message.HasField("document"):
                yield message.document

    async def reading(self, read: Callable[[], Awaitable[T]]) -> T:
        """Run a read, again where the connection broke. Raises StoreUnavailableError."""
        try:
            return await READ_RETRIES.run(read, self.clock)
        except _ERRORS as error:
            raise self._unread(error) from error

    def _unread(self, error: Exception) -> StoreUnavailableError:
        """Return the failure of a read: Firestore refuses a query that has no index by this."""
        if not isinstance(error, FailedPrecondition):
            return _unavailable(error)
        missing = StoreIndexMissingError()
        if self._notes is not None:
            self._notes.note_trouble(missing.code, self.clock.now())
        return missing

    async def close(self) -> None:
        """Close this loop's connection; every later call raises StoreUnavailableError."""
        self._closed = True
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.transport.close()  # type: ignore[no-untyped-call]

    async def _get(self, names: Sequence[str], fields: Sequence[str] | None) -> Mapping[str, Any]:
        request = requests.BatchGetDocumentsRequest.pb()(database=self._database, documents=names)
        if fields is not None:
            request.mask.field_paths.extend(fields)
        answers = await self._client().batch_get_documents(
            requests.BatchGetDocumentsRequest.wrap(request),
            retry=None,
            timeout=READ_TIMEOUT_S,
            metadata=self._metadata,
        )
        messages = [requests.BatchGetDocumentsResponse.pb(answer) async for answer in answers]
        return {message.found.name: message.found for message in messages if message.found.name}

    def _client(self) -> FirestoreAsyncClient:
        if self._closed:
            raise StoreUnavailableError("The store is closed.")
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._connect()
        return client

    def _connect(self) -> FirestoreAsyncClient:
        try:
            if self._emulator:
                channel = grpc.aio.insecure_channel(self._emulator, options=_CHANNEL)
            else:
                channel = FirestoreGrpcAsyncIOTransport.create_channel(_HOST, options=_CHANNEL)
        except GoogleAuthError as error:
            raise _unavailable(error) from error
        transport = FirestoreGrpcAsyncIOTransport(host=self._emulator or _HOST, channel=channel)
        return FirestoreAsyncClient(transport=transport)


def _unavailable(error: Exception) -> StoreUnavailableError:
    # The vendor's text may name documents, and so mail addresses: only its kind is repeated.
    kind = error.grpc_status_code if isinstance(error, GoogleAPICallError) else None
    return StoreUnavailableError(f"Firestore did not answer: {kind or type(error).__name__}.")
