"""The use cases of sending, composed from the ports."""

# ruff: noqa: PLC0415  each function loads only the use cases it serves (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.composition.syncs import WiredSyncs

if TYPE_CHECKING:
    from shared.actions.policy.decide_approval import DecideApproval
    from shared.actions.policy.guard import GuardedActions
    from shared.usecases.reconcile import WakeApprovals
    from shared.usecases.send.pacing import SendPaces
    from shared.usecases.send.process_bulk import DrainBulk
    from shared.usecases.send.resume_send import FinishSend
    from shared.usecases.send.rules import CancelSend
    from shared.usecases.send.send_bulk import SendBulk
    from shared.usecases.send.send_email import SendEmail


class WiredSends(WiredSyncs):
    """Sending, now, later and in bulk."""

    @cached_property
    def guarded_actions(self) -> "GuardedActions":
        """Runs actions as far as a key's policy goes."""
        from shared.actions.policy.guard import GuardedActions

        return GuardedActions(self)

    @cached_property
    def decide_approval(self) -> "DecideApproval":
        """Takes a person's word on a waiting call, and runs what was approved."""
        from shared.actions.policy.decide_approval import DecideApproval
        from shared.edge.web.status import described

        return DecideApproval(self, described)

    @cached_property
    def wake_approvals(self) -> "WakeApprovals":
        """Finds calls that nobody decided, and approved ones that were left."""
        from shared.usecases.reconcile import WakeApprovals

        return WakeApprovals(self.approvals, self.queue, self.clock)

    @cached_property
    def send_email(self) -> "SendEmail":
        """Sends one message once."""
        from shared.usecases.send.send_email import SendEmail

        return SendEmail(
            connections=self.connections,
            grants=self.grants,
            sends=self.sends,
            gmail=self.gmail,
            sealer=self.sealer,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def finish_send(self) -> "FinishSend":
        """Goes on with a send that was left."""
        from shared.usecases.send.resume_send import FinishSend

        return FinishSend(
            connections=self.connections,
            grants=self.grants,
            sends=self.sends,
            gmail=self.gmail,
            sealer=self.sealer,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def cancel_send(self) -> "CancelSend":
        """Calls off a send that has not begun."""
        from shared.usecases.send.rules import CancelSend

        return CancelSend(sends=self.sends, clock=self.clock)

    @cached_property
    def send_bulk(self) -> "SendBulk":
        """Accepts many messages at once."""
        from shared.usecases.send.send_bulk import SendBulk

        return SendBulk(
            connections=self.connections,
            grants=self.grants,
            sends=self.sends,
            bulk_sends=self.bulk_sends,
            sealer=self.sealer,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def send_paces(self) -> "SendPaces":
        """Paces bulks by an in-memory bucket a connection."""
        from shared.usecases.send.pacing import SendPaces

        return SendPaces(
            connections=self.connections,
            google_users=self.google_users,
            states=self.sync_states,
            clock=self.clock,
            units_per_minute=self.settings.units_per_minute,
        )

    @cached_property
    def drain_bulk(self) -> "DrainBulk":
        """Submits a bulk's messages one after the other."""
        from shared.usecases.send.process_bulk import DrainBulk

        return DrainBulk(
            sends=self.sends,
            bulk_sends=self.bulk_sends,
            queue=self.queue,
            clock=self.clock,
            finish_send=self.finish_send,
            paces=self.send_paces,
            governor=self.governor,
        )
