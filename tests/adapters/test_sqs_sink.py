"""Events to Amazon SQS, standard and FIFO, over real HTTP, without a static key."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from shared.adapters.sinks.sqs import SqsSink
from shared.domain.events.delivery import Attempted, Failure
from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import OperationState, OperationType
from shared.errors import ConfigurationError, GoogleOAuthUnavailableError
from shared.ports.sinks import EventSettings, OutgoingEvent, Receiver
from tests.harness.delivering import DeliveryHarness

ROLE = "arn:aws:iam::123456789012:role/postroom-events"
PARCEL = OutgoingEvent(
    EventId("evt_1"), ConnectionId("c-1"), "sync", '{"ü":1}'.encode(), datetime.now(UTC), "ab" * 16
)
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass
class Clock:
    current: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.current

    async def sleep(self, duration: timedelta) -> None:
        self.current += duration


@dataclass
class Identity:
    """Google's metadata server: answers a token for an audience, and counts."""

    asked: list[str] = field(default_factory=list)
    fails: Exception | None = None

    def __call__(self, audience: str) -> str:
        self.asked.append(audience)
        if self.fails is not None:
            raise self.fails
        return "header.payload.signature"


@pytest.fixture
def sqs(aws: str) -> Any:
    return boto3.client("sqs", endpoint_url=aws, **KEYS)


@pytest.fixture
def queue(sqs: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return a queue's URL; the test's parameter says of which kind."""
    fifo = getattr(request, "param", "standard") == "fifo"
    attributes = {"FifoQueue": "true"} if fifo else {}
    name = "events.fifo" if fifo else "events"
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@dataclass
class Only:
    """Sinks of which there is one."""

    sink: SqsSink

    def of(self, _: Receiver) -> SqsSink:
        return self.sink


def _sink(aws: str, identity: Identity | None = None, clock: Clock | None = None) -> SqsSink:
    return SqsSink(ROLE, identity or Identity(), clock or Clock(), endpoint=aws)


def _receiver(url: str) -> Receiver:
    return Receiver(f"sqs:{url}", f"sqs:{url}")


def _received(sqs: Any, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        AttributeNames=["All"],
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


async def test_a_standard_queue_gets_the_event_and_its_name(aws: str, sqs: Any, queue: str) -> None:
    assert await _sink(aws)(_receiver(queue), PARCEL) == Attempted()
    (message,) = _received(sqs, queue)
    assert message["Body"].encode() == PARCEL.body
    named = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert named == {
        "event_id": "evt_1",
        "type": "sync",
        "connection_id": "c-1",
        "trace_id": "ab" * 16,
    }


@pytest.mark.parametrize("queue", ["fifo"], indirect=True)
async def test_a_fifo_queue_groups_by_connection_and_drops_a_repeated_event(
    aws: str, sqs: Any, queue: str
) -> None:
    sink = _sink(aws)
    for outgoing in (PARCEL, PARCEL, replace(PARCEL, event_id=EventId("evt_2"))):
        assert await sink(_receiver(queue), outgoing) == Attempted()
    first, second = _received(sqs, queue)
    assert first["Attributes"]["MessageGroupId"] == "c-1"
    assert first["Attributes"]["MessageDeduplicationId"] == "evt_1"
    assert second["Attributes"]["MessageDeduplicationId"] == "evt_2"


async def test_credentials_are_borrowed_for_the_role_and_renewed_before_they_end(
    aws: str, queue: str
) -> None:
    identity, clock = Identity(), Clock()
    sink = _sink(aws, identity, clock)
    for _ in range(3):
        await sink(_receiver(queue), PARCEL)
    assert identity.asked == [ROLE]
    clock.current += timedelta(minutes=14)
    assert await sink(_receiver(queue), PARCEL) == Attempted()
    assert identity.asked == [ROLE, ROLE]


async def test_a_queue_that_is_gone_is_a_failure_with_a_name(aws: str) -> None:
    gone = _receiver(f"{aws}/123456789012/gone")
    attempted = await _sink(aws)(gone, PARCEL)
    assert attempted == Attempted(Failure.SINK_GONE, 400)


async def test_while_the_queue_is_gone_events_wait_and_the_log_says_why(
    aws: str, sqs: Any, tmp_path: Path
) -> None:
    url = f"{aws}/123456789012/back-tomorrow"
    harness = DeliveryHarness(tmp_path / "office", EventSettings(sinks=(f"sqs:{url}",)))
    harness.deliver = replace(harness.deliver, sinks=Only(_sink(aws)))
    written = {await harness.write(number) for number in (1, 2)}
    await harness.work()
    pending = await harness.store.outbox.list(state=EventState.PENDING, connection_id=None, limit=9)
    assert {(one.id, one.last_error) for one in pending} == {(id, "sink_gone") for id in written}
    logged = await harness.store.operations.list(
        connection_id=None, type=OperationType.DELIVERY, state=OperationState.FAILED, limit=9
    )
    assert [one.error for one in logged] == ["sink_gone"] * 2
    sqs.create_queue(QueueName="back-tomorrow")
    await harness.pass_time(timedelta(days=1))
    received = [one["MessageAttributes"] for one in _received(sqs, url)]
    assert sorted(one["event_id"]["StringValue"] for one in received) == sorted(written)
    for id in written:
        assert (await harness.event(id)).state is EventState.DELIVERED
    await harness.store.close()


async def test_an_aws_that_is_down_is_unreachable() -> None:
    down = "http://127.0.0.1:1"
    attempted = await _sink(down)(_receiver(f"{down}/123456789012/events"), PARCEL)
    assert attempted == Attempted(Failure.UNREACHABLE)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ConfigurationError("no identity"), Failure.MISCONFIGURED),
        (GoogleOAuthUnavailableError("not now"), Failure.UNREACHABLE),
    ],
)
async def test_without_an_identity_nothing_is_sent(
    aws: str, sqs: Any, queue: str, error: Exception, failure: Failure
) -> None:
    identity = Identity(fails=error)
    assert await _sink(aws, identity)(_receiver(queue), PARCEL) == Attempted(failure)
    assert _received(sqs, queue) == []
