"""Events to a topic of Google's official Pub/Sub emulator."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.pubsub_v1.services.publisher import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from shared.adapters.sinks.pubsub import PubsubSink
from shared.domain.events.delivery import Attempted, Failure
from shared.domain.ids import ConnectionId, EventId
from shared.ports.sinks import OutgoingEvent, Receiver

TOPIC = "projects/demo/topics/of-the-sink-alone"
SUBSCRIPTION = "projects/demo/subscriptions/of-the-sink-alone"
RECEIVER = Receiver(f"pubsub:{TOPIC}", f"pubsub:{TOPIC}")
PARCEL = OutgoingEvent(
    EventId("evt_1"), ConnectionId("c-1"), "sync", b'{"a":1}', datetime.now(UTC), "ab" * 16
)

pytestmark = pytest.mark.emulators


@pytest.fixture
async def subscriber(pubsub_emulator: str) -> AsyncIterator[Any]:
    """Return a client with an ordered subscription to the topic."""
    channel = grpc.aio.insecure_channel(pubsub_emulator)
    publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
    subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
    await publisher.create_topic(name=TOPIC)
    await subscriber.create_subscription(
        request={"name": SUBSCRIPTION, "topic": TOPIC, "enable_message_ordering": True}
    )
    yield subscriber
    await subscriber.delete_subscription(subscription=SUBSCRIPTION)
    await publisher.delete_topic(topic=TOPIC)
    await channel.close()


@pytest.fixture
async def sink(pubsub_emulator: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PubsubSink]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    made = PubsubSink()
    yield made
    await made.aclose()


async def test_a_subscriber_pulls_the_event_with_its_name_and_order(
    sink: PubsubSink, subscriber: Any
) -> None:
    assert await sink(RECEIVER, PARCEL) == Attempted()
    pulled = await subscriber.pull(subscription=SUBSCRIPTION, max_messages=9)
    (message,) = [one.message for one in pulled.received_messages]
    assert message.data == PARCEL.body
    assert dict(message.attributes) == {
        "event_id": "evt_1",
        "type": "sync",
        "connection_id": "c-1",
        "trace_id": "ab" * 16,
    }
    assert message.ordering_key == "c-1"


async def test_a_topic_that_is_gone_is_a_failure_with_a_name(
    sink: PubsubSink, pubsub_emulator: str
) -> None:
    gone = Receiver("x", "pubsub:projects/demo/topics/gone")
    assert await sink(gone, PARCEL) == Attempted(Failure.SINK_GONE)


async def test_a_pubsub_that_is_down_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    sink = PubsubSink()
    assert await sink(RECEIVER, PARCEL) == Attempted(Failure.UNREACHABLE)
    await sink.aclose()
