"""Events out: the store wakes the delivery of each event it inserts, and what delivers them."""

# ruff: noqa: PLC0415  each function loads only the adapters and use cases it uses (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.edge.composition.google import WiredGoogle

if TYPE_CHECKING:
    from shared.domain.events.event import Event
    from shared.ports.sends import Sends
    from shared.ports.sinks import Receiver, Sink, Sinks
    from shared.usecases.events.deliver_event import Announce, DeliverEvent
    from shared.usecases.events.manage_endpoints import ManageEndpoints
    from shared.usecases.events.receivers import Receivers
    from shared.usecases.events.redeliver import Redeliver
    from shared.usecases.reconcile import WakeDeliveries


class WiredEvents(WiredGoogle):
    """What delivers events, and what wakes a delivery."""

    @cached_property
    def announce(self) -> "Announce":
        """Wakes the delivery of an event."""
        from shared.usecases.events.deliver_event import Announce

        return Announce(queue=self.queue)

    async def wake(self, event: "Event") -> None:
        """Wake the delivery of an event that was just stored."""
        await self.announce(event)

    @property
    def sends(self) -> "Sends":
        """The send ledger."""
        if self.telemetry is None:
            return self.store.sends
        from shared.adapters.telemetry.counted_ports import counted_sends

        return counted_sends(self.store.sends, self.telemetry)

    @cached_property
    def sinks(self) -> "Sinks":
        """Every technology an event may go out by."""
        return WiredSinks(self)

    @cached_property
    def receivers(self) -> "Receivers":
        """Finds who is to be told."""
        from shared.usecases.events.receivers import EventSettings, Receivers

        events = self.settings.events
        return Receivers(
            endpoints=self.webhook_endpoints,
            connections=self.connections,
            sealer=self.sealer,
            settings=EventSettings(events.secrets, events.sinks),
        )

    @cached_property
    def deliver_event(self) -> "DeliverEvent":
        """Makes one attempt."""
        from shared.usecases.events.deliver_event import DeliverEvent
        from shared.usecases.events.places import Places

        return DeliverEvent(
            outbox=self.outbox,
            receivers=self.receivers,
            operations=self.operations,
            queue=self.queue,
            sinks=self.sinks,
            places=Places(self.clock),
            clock=self.clock,
        )

    @cached_property
    def wake_deliveries(self) -> "WakeDeliveries":
        """Finds due events."""
        from shared.usecases.reconcile import WakeDeliveries

        return WakeDeliveries(outbox=self.outbox, queue=self.queue, clock=self.clock)

    @cached_property
    def redeliver(self) -> "Redeliver":
        """Sends events out again."""
        from shared.usecases.events.redeliver import Redeliver

        return Redeliver(outbox=self.outbox, announce=self.announce, clock=self.clock)

    @cached_property
    def manage_endpoints(self) -> "ManageEndpoints":
        """The /webhook-endpoints resource."""
        from shared.usecases.events.manage_endpoints import ManageEndpoints

        return ManageEndpoints(
            endpoints=self.webhook_endpoints,
            sealer=self.sealer,
            clock=self.clock,
            allowed=self.settings.events.allowed,
            sinks=self.settings.events.sink_choices,
        )

    async def close(self) -> None:
        """Give back the sinks' connections too."""
        if "sinks" in self.__dict__:
            await self.__dict__["sinks"].aclose()
        await super().close()


class WiredSinks:
    """Builds each technology when an event first goes out by it."""

    def __init__(self, wiring: WiredEvents) -> None:
        self._wiring = wiring
        self._built: dict[str, Any] = {}

    def of(self, receiver: "Receiver") -> "Sink | None":
        """Return the receiver's technology; a sink that no operator named has none."""
        scheme = "http" if receiver.scheme == "https" else receiver.scheme
        if scheme != "http" and receiver.address not in self._wiring.settings.events.reachable:
            return None
        build = {"http": self._http, "pubsub": self._pubsub, "sqs": self._sqs}.get(scheme)
        if build is None:
            return None
        if scheme not in self._built:
            self._built[scheme] = build()
        sink: Sink | None = self._built[scheme]
        return sink

    async def aclose(self) -> None:
        """Give back what was built."""
        for sink in self._built.values():
            if hasattr(sink, "aclose"):
                await sink.aclose()

    def _http(self) -> Any:
        from shared.adapters.sinks.webhook import WebhookHttp

        return WebhookHttp(self._wiring.settings.events.allowed)

    def _pubsub(self) -> Any:
        from shared.adapters.sinks.pubsub import PubsubSink

        return PubsubSink()

    def _sqs(self) -> Any:
        """Return None where boto3, an optional extra, is not installed: a visible failure."""
        try:
            from shared.adapters.sinks.sqs import SqsSink
        except ImportError:
            return None
        from shared.adapters.google.credentials import id_token

        events = self._wiring.settings.events
        return SqsSink(events.sqs_role or "", id_token, self._wiring.clock, endpoint=events.aws_url)
