"""The use cases of syncing, composed from the ports."""

# ruff: noqa: PLC0415  each function loads only the use cases it serves (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.composition.events import WiredEvents

if TYPE_CHECKING:
    from shared.edge.triggers.push import PushDeduplication
    from shared.usecases.connect.update_connection import (
        ChangeConnection,
        ChangeSelection,
        ChangeWindow,
    )
    from shared.usecases.reconcile import Reconcile
    from shared.usecases.send.record_bounces import RecordBounces
    from shared.usecases.sync.attachment_links import AttachmentLinks
    from shared.usecases.sync.control import ControlSync
    from shared.usecases.sync.explain import Explain
    from shared.usecases.sync.handle_push import NotifyPush
    from shared.usecases.sync.pace import QuotaGovernor
    from shared.usecases.sync.quarantine import RetryQuarantined
    from shared.usecases.sync.stop_watch import StopWatch
    from shared.usecases.sync.sync_mailbox import SyncMailbox
    from shared.usecases.sync.watch import RenewWatches, StartWatch


class WiredSyncs(WiredEvents):
    """Syncing, watching."""

    @cached_property
    def sync_mailbox(self) -> "SyncMailbox":
        """Syncs one mailbox."""
        from shared.usecases.sync.sync_mailbox import SyncMailbox

        return SyncMailbox(
            states=self.sync_states,
            records=self.records,
            quarantine=self.quarantine,
            outbox=self.outbox,
            operations=self.operations,
            gmail=self.gmail,
            queue=self.queue,
            clock=self.clock,
            start_watch=self.start_watch,
            governor=self.governor,
            record_bounces=self.record_bounces,
        )

    @cached_property
    def record_bounces(self) -> "RecordBounces":
        """Ties delivery-status messages to sends."""
        from shared.usecases.send.record_bounces import RecordBounces

        return RecordBounces(sends=self.sends, gmail=self.gmail, clock=self.clock)

    @cached_property
    def governor(self) -> "QuotaGovernor":
        """Paces by an in-memory bucket a connection."""
        from shared.usecases.sync.pace import QuotaGovernor

        return QuotaGovernor(
            connections=self.connections,
            google_users=self.google_users,
            states=self.sync_states,
            clock=self.clock,
            units_per_minute=self.settings.units_per_minute,
        )

    @cached_property
    def notify_push(self) -> "NotifyPush":
        """Takes a push notification."""
        from shared.usecases.sync.handle_push import NotifyPush

        return NotifyPush(mailboxes=self.mailboxes, sync=self.sync_mailbox, clock=self.clock)

    @cached_property
    def push_deduplication(self) -> "PushDeduplication":
        """Remembers what this instance has acted on."""
        from shared.edge.triggers.push import PushDeduplication

        return PushDeduplication()

    @cached_property
    def start_watch(self) -> "StartWatch":
        """Arms the watch of a mailbox."""
        from shared.usecases.sync.watch import StartWatch

        return StartWatch(
            mailboxes=self.mailboxes,
            connections=self.connections,
            gmail=self.gmail,
            clock=self.clock,
            topic=self.settings.gmail_topic,
        )

    @cached_property
    def stop_watch(self) -> "StopWatch":
        """Stops the watch of a mailbox for a while."""
        from shared.usecases.sync.stop_watch import StopWatch

        return StopWatch(mailboxes=self.mailboxes, gmail=self.gmail, clock=self.clock)

    @cached_property
    def renew_watches(self) -> "RenewWatches":
        """Renews what expires soon."""
        from shared.usecases.sync.watch import RenewWatches

        return RenewWatches(
            mailboxes=self.mailboxes,
            connections=self.connections,
            outbox=self.outbox,
            start_watch=self.start_watch,
            clock=self.clock,
        )

    @cached_property
    def reconcile(self) -> "Reconcile":
        """Wakes what is due."""
        from shared.usecases.reconcile import Reconcile

        return Reconcile(
            states=self.sync_states,
            sends=self.sends,
            bulk_sends=self.bulk_sends,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def control_sync(self) -> "ControlSync":
        """Triggers, pauses and starts."""
        from shared.usecases.sync.control import ControlSync

        return ControlSync(states=self.sync_states, queue=self.queue, clock=self.clock)

    @cached_property
    def retry_quarantined(self) -> "RetryQuarantined":
        """Makes a quarantined message due."""
        from shared.usecases.sync.quarantine import RetryQuarantined

        return RetryQuarantined(
            states=self.sync_states,
            quarantine=self.quarantine,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def explain(self) -> "Explain":
        """Says why a message is here, or is not."""
        from shared.usecases.sync.explain import Explain

        return Explain(
            states=self.sync_states,
            records=self.records,
            quarantine=self.quarantine,
            gmail=self.gmail,
            clock=self.clock,
        )

    @cached_property
    def attachment_links(self) -> "AttachmentLinks":
        """Makes and reads links to attachments."""
        from shared.usecases.sync.attachment_links import AttachmentLinks

        return AttachmentLinks(grants=self.grants, sealer=self.sealer, clock=self.clock)

    @cached_property
    def change_connection(self) -> "ChangeConnection":
        """Changes a connection by compare-and-set."""
        from shared.usecases.connect.update_connection import ChangeConnection

        return ChangeConnection(connections=self.connections, clock=self.clock)

    @cached_property
    def change_window(self) -> "ChangeWindow":
        """Gives a connection another window."""
        from shared.usecases.connect.update_connection import ChangeWindow

        return ChangeWindow(states=self.sync_states, control=self.control_sync, clock=self.clock)

    @cached_property
    def change_selection(self) -> "ChangeSelection":
        """Gives a connection another selection."""
        from shared.usecases.connect.update_connection import ChangeSelection

        return ChangeSelection(states=self.sync_states, control=self.control_sync)
