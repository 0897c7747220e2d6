"""Domain objects for store contracts, and every collection of documents with one of its own."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.connect.connect_session import ConnectSession, ConnectTicket, OAuthState
from shared.domain.connect.connection import Connection, ConnectionStatus, SyncSettings
from shared.domain.connect.grant import Grant
from shared.domain.connect.receipt import DeletionReceipt
from shared.domain.events.endpoint import Content, SigningSecret, WebhookEndpoint
from shared.domain.events.event import Delivery, DeliveryState, Event, EventType
from shared.domain.events.flavour import Flavour
from shared.domain.google.observations import Measure, Observed, Surprise
from shared.domain.ids import (
    LARGEST_HISTORY_ID,
    CommitId,
    ConnectionId,
    EventId,
    GoogleSub,
    HistoryId,
    LabelId,
    LeaseToken,
    MailboxId,
    MessageId,
    OperationId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.keys.api_key import ApiKey
from shared.domain.keys.approval import Approval, ApprovalState
from shared.domain.keys.console_session import ConsoleSession
from shared.domain.models.state import Adoption, ModelSyncState
from shared.domain.operation import Operation, OperationState, OperationStep, OperationType
from shared.domain.send.bulk import BulkSend
from shared.domain.send.count import SendCount
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState
from shared.domain.sync.mailbox import GoogleUser, Mailbox, MailboxName
from shared.domain.sync.records.record import Origin, QuarantineEntry, Record, RecordHead
from shared.domain.sync.state import Backfill, Lease, SyncState
from shared.domain.trouble_board import BOARD, Trouble, TroubleBoard
from shared.ports.sends import ActionResult
from tests.harness.clock import START

C1 = ConnectionId("3f0e8a52-6a3b-4a55-9c0a-1d5f3f0a7b11")
C2 = ConnectionId("8c1d2b7e-0f44-4d7a-8f2f-5e2f9a6b3c22")
NESTED = {"": [[1, 2], [{"__x__": None}]], "a.b`c": {"ключ": [True, 1.5, "é"]}}
"""JSON that a store with rules about names and nesting must keep all the same."""


def connection(id: str = C1, email: str = "Ann.Lee@Example.com", **changes: Any) -> Connection:
    made = Connection(
        id=ConnectionId(id),
        email=email,
        sub=GoogleSub("110169484474386276334"),
        scopes=frozenset({"openid", "https://www.googleapis.com/auth/gmail.modify"}),
        status=ConnectionStatus.ACTIVE,
        created_at=START,
        updated_at=START,
        tags={"end_user_id": "user-1", "plan": "pro"},
        end_user={"id": "user-1", "organization": {"id": "org-1"}},
        metadata=NESTED,
        sync=SyncSettings(
            "all", (LabelId("INBOX"),), timedelta(minutes=5), ("@x.example",), (), ("x-a",)
        ),
    )
    return replace(made, **changes)


def grant(connection_id: str = C1) -> Grant:
    return Grant(
        connection_id=ConnectionId(connection_id),
        refresh_token=bytes(range(256)),
        access_token=b"",
        access_expires_at=START + timedelta(hours=1, microseconds=1),
        scopes=frozenset({"openid"}),
        data_key=b"\x00\xff",
    )


def google_user(sub: str = "110169484474386276334") -> GoogleUser:
    return GoogleUser(GoogleSub(sub), frozenset({C1, C2}))


def mailbox(address: str = "ann@example.com", **changes: Any) -> Mailbox:
    return replace(Mailbox(MailboxId(address), frozenset({C1})), **changes)


def mailbox_name(name: str = "address:ann@example.com") -> MailboxName:
    return MailboxName(name, MailboxId("ann@example.com"))


def sync_state(connection_id: str = C1, **changes: Any) -> SyncState:
    made = SyncState(
        ConnectionId(connection_id),
        checkpoint=HistoryId(2**62),
        hint=LARGEST_HISTORY_ID,
        lease=Lease(LeaseToken("t1"), START + timedelta(seconds=60)),
        commit_id=CommitId("c0"),
        backfill=Backfill(START - timedelta(days=30), START, paced=timedelta(seconds=2.5)),
        failing_since=START,
    )
    return replace(made, **changes)


def event(id: str = "e1", connection_id: str = C1, **changes: Any) -> Event:
    made = Event(
        EventId(id),
        ConnectionId(connection_id),
        EventType.SYNC,
        NESTED,
        START,
        START,
        deliveries={"sqs:https://a.b/c.d": Delivery(DeliveryState.WAITING, 2, START, error="gone")},
    )
    return replace(made, **changes)


def webhook_endpoint(id: str = "w1", **changes: Any) -> WebhookEndpoint:
    made = WebhookEndpoint(
        id=id,
        url="https://product.example/hooks",
        created_at=START,
        updated_at=START,
        secrets=(
            SigningSecret(b"\x00\xffnew", START),
            SigningSecret(b"old", START, START + timedelta(days=1)),
        ),
        types=frozenset({EventType.SYNC, EventType.AUTH}),
        connection_ids=frozenset({C1}),
        flavour=Flavour.NANGO,
        content=Content.SUMMARY,
    )
    return replace(made, **changes)


def bulk_send(id: str = "b1", connection_id: str = C1, **changes: Any) -> BulkSend:
    made = BulkSend(
        id=id,
        connection_id=ConnectionId(connection_id),
        sends=("l1", "l2"),
        created_at=START,
        updated_at=START,
        next_due_at=START,
        expires_at=START + timedelta(days=14),
        position=1,
        claimed_until=START,
        claim="c",
    )
    return replace(made, **changes)


def operation(id: str = "o1", connection_id: str | None = C1, **changes: Any) -> Operation:
    made = Operation(
        id=OperationId(id),
        connection_id=ConnectionId(connection_id) if connection_id else None,
        type=OperationType.SYNC,
        name="delta",
        state=OperationState.OK,
        started_at=START,
        finished_at=START,
        expires_at=START + timedelta(days=15),
        steps=(OperationStep("list", START, 1.5, {"units": 2, "nested": [[1]]}),),
    )
    return replace(made, **changes)


def connect_session(id: str = "s1") -> ConnectSession:
    return ConnectSession(
        id,
        START,
        START + timedelta(minutes=30),
        tags={"end_user_id": "u"},
        overrides=NESTED,
        return_url="https://app.example.com/done",
    )


def connect_ticket(id: str = "t1") -> ConnectTicket:
    return ConnectTicket(id, "s1", START + timedelta(seconds=60))


def oauth_state(id: str = "x1") -> OAuthState:
    return OAuthState(id, "s1", b"\xfe", "nonce", "cookie", START + timedelta(minutes=15))


def send(id: str = "l1", connection_id: str = C1, **changes: Any) -> SendEntry:
    made = SendEntry(
        id=id,
        connection_id=ConnectionId(connection_id),
        request_hash="h",
        marker="m",
        mode=DeliveryMode.EXACTLY_ONCE,
        state=SendState.ACCEPTED,
        created_at=START,
        updated_at=START,
        request=b"\x80sealed",
        expires_at=START + timedelta(days=7),
    )
    return replace(made, **changes)


def action_result(id: str = "a1") -> ActionResult:
    return ActionResult(
        id, C1, "get-message", "h", START, START + timedelta(days=7), output=NESTED, error=[]
    )


def approval(id: str = "p1", connection_id: str = C1, **changes: Any) -> Approval:
    made = Approval(
        id=id,
        connection_id=ConnectionId(connection_id),
        key="key-1",
        action="send-email",
        does="send",
        request_hash="h",
        state=ApprovalState.PENDING,
        created_at=START,
        waits_until=START + timedelta(days=3),
        expires_at=START + timedelta(days=18),
        next_due_at=START + timedelta(days=3),
        request=b"\x80sealed",
    )
    return replace(made, **changes)


def send_count(id: str = "key-1:2026-11-22", **changes: Any) -> SendCount:
    made = SendCount(id, "key-1", "2026-11-22", ("a", "b"), START + timedelta(days=3))
    return replace(made, **changes)


def api_key(id: str = "k1", **changes: Any) -> ApiKey:
    made = ApiKey(
        id,
        "backend",
        "0" * 64,
        frozenset({"send", "records:read"}),
        START,
        connections=frozenset({C1, C2}),
        policy=NESTED,
        tools="triage",
    )
    return replace(made, **changes)


def console_session(id: str = "s1", **changes: Any) -> ConsoleSession:
    made = ConsoleSession(id, "olga@ops.example", START, START, START + timedelta(hours=1))
    return replace(made, **changes)


def trouble_board(id: str = BOARD) -> TroubleBoard:
    return TroubleBoard(id, {"topic_forbidden": Trouble(START, START, C1, "forbidden")})


def observed(id: str = "0") -> Observed:
    measure = Measure().with_one(0.3).with_one(700_000.0)
    return Observed(
        id,
        START,
        {"never_found": 2},
        {"refusals": {"403.rateLimitExceeded.rate": 1}},
        {"push_delay": measure},
        (Surprise("key", "GET/history", "newField", START),),
        amounts={"units_at_refusal": Measure().with_one(6_000)},
    )


def receipt(connection_id: str = C1) -> DeletionReceipt:
    return DeletionReceipt(
        ConnectionId(connection_id), START, START + timedelta(days=9), {"watch": "stopped"}
    )


def head(number: int = 1, sequence: int = 1, **changes: Any) -> RecordHead:
    """Return the head of message `number`: the higher, the older."""
    made = RecordHead(
        message_id=MessageId(f"{number:016x}"),
        thread_id=ThreadId(f"{number // 2:016x}"),
        label_ids=frozenset({LabelId("INBOX"), LabelId("UNREAD")}),
        history_id=HistoryId(1000 + number),
        fetched_at_history=HistoryId(1000 + number),
        internal_date=START - timedelta(minutes=number),
        sequence=SequenceNumber(sequence),
        origin=Origin.LIVE,
        first_seen_at=START,
        last_modified_at=START,
    )
    return replace(made, **changes)


def record(number: int = 1, sequence: int = 1, *, payload: bytes = b"p", **changes: Any) -> Record:
    return Record(head(number, sequence, **changes), payload)


def tombstone(number: int = 1, sequence: int = 1) -> Record:
    return Record(head(number, 0).tombstone(SequenceNumber(sequence), START), b"p")


def entry(number: int = 1, **changes: Any) -> QuarantineEntry:
    made = QuarantineEntry(MessageId(f"{number:016x}"), "fresh_404", 1, START, START, Origin.LIVE)
    return replace(made, **changes)


def model_sync(id: str) -> ModelSyncState:
    """Return the state of an own sync of a connection of that id."""
    return ModelSyncState(ConnectionId(id), "sync-labels", next_due_at=START)


def adoption(id: str) -> Adoption:
    """Return which syncs a deployment has looked at its connections for."""
    return Adoption(id, fingerprint="f", place="c1")
