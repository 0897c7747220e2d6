"""The owner's steps of a random walk."""

from datetime import timedelta

from tests.chaos.harness import ChaosHarness
from tests.chaos.owner import NOBODY, Owner

LABELS = ("STARRED", "UNREAD", "IMPORTANT", "INBOX", "SPAM")


class OwnerSteps:
    """Each `do_` method is a step, and takes two numbers that choose with what."""

    harness: ChaosHarness
    written = 0

    @property
    def owner(self) -> Owner:
        """Who acts."""
        return self.harness.owner

    def _subject(self) -> str:
        self.written += 1
        return f"mail {self.written}"

    def _some(self, a: int, count: int = 1) -> list[str]:
        """Choose messages that follow each other."""
        ids = self.owner.ids()
        start = a % len(ids) if ids else 0
        return ids[start : start + count]

    async def do_deliver(self, a: int, b: int) -> None:
        """Get one mail or a few."""
        for _ in range(1 + (a % 4 if b % 3 == 0 else 0)):
            self.owner.receive(self._subject())

    async def do_deliver_old(self, a: int, b: int) -> None:
        """Get mail with an old date, as an import brings it."""
        self.owner.receive(self._subject(), age=timedelta(days=1 + a % 60))

    async def do_reply(self, a: int, b: int) -> None:
        """Get answers in a thread that is there."""
        for id in self._some(a):
            thread = self.owner.thread_of(id)
            for _ in range(1 + b % 4):
                self.owner.receive(self._subject(), thread_id=thread)

    async def do_label(self, a: int, b: int) -> None:
        """Put a label on some messages, or take it off."""
        label = (LABELS[b % len(LABELS)],)
        ids = self._some(a, 1 + b % 6)
        if b % 2:
            self.owner.relabel(ids, add=label)
        else:
            self.owner.relabel(ids, drop=label)

    async def do_mark_all_read(self, a: int, b: int) -> None:
        """Change everything in one history record."""
        self.owner.relabel(self.owner.ids(), drop=("UNREAD",))

    async def do_trash(self, a: int, b: int) -> None:
        """Put one in the bin."""
        for id in self._some(a):
            self.owner.trash(id)

    async def do_untrash(self, a: int, b: int) -> None:
        """Take one out of the bin."""
        for id in self._some(a):
            self.owner.untrash(id)

    async def do_delete(self, a: int, b: int) -> None:
        """Delete one or some for good."""
        self.owner.delete(self._some(a, 1 + b % 3))

    async def do_write_draft(self, a: int, b: int) -> None:
        """Begin a draft."""
        self.owner.write_draft(self._subject())

    async def do_save_draft(self, a: int, b: int) -> None:
        """Save one again, a few times."""
        drafts = self.owner.drafts()
        for _ in range(1 + b % 3 if drafts else 0):
            self.owner.save_draft(drafts[a % len(drafts)], self._subject())

    async def do_send_draft(self, a: int, b: int) -> None:
        """Send one."""
        if drafts := self.owner.drafts():
            self.owner.send_draft(drafts[a % len(drafts)])

    async def do_discard_draft(self, a: int, b: int) -> None:
        """Throw one away."""
        if drafts := self.owner.drafts():
            self.owner.discard_draft(drafts[a % len(drafts)])

    async def do_send(self, a: int, b: int) -> None:
        """Send to somebody, to oneself, or to nobody there is."""
        to = ("bob@x.example", self.owner.email, NOBODY)[b % 3]
        self.owner.send(self._subject(), to)
