"""Which messages of the window a connection keeps: by label and by sender (API 3.2).

Evaluated on our side, so that a backfill and a delta agree whatever Gmail's search does.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from shared.domain.ids import LabelId


@dataclass(frozen=True, slots=True)
class Selection:
    """Any of `labels` and any of `senders` must fit; an empty one fits all.

    A sender is an address or a domain written `@example.com`.
    """

    labels: tuple[LabelId, ...] = ()
    senders: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.labels and not self.senders

    def fits_labels(self, label_ids: AbstractSet[LabelId]) -> bool:
        """Whether a message under these labels is kept."""
        return not self.labels or not label_ids.isdisjoint(self.labels)

    def fits_sender(self, address: str) -> bool:
        """Whether a message from this address is kept."""
        address = address.lower()
        domain = address[address.rfind("@") :]
        return not self.senders or address in self.senders or domain in self.senders

    def gains(self, label_ids: AbstractSet[LabelId]) -> bool:
        """Whether a message that comes under these labels may have to be kept from now on."""
        return bool(self.labels) and not label_ids.isdisjoint(self.labels)


def selection(labels: tuple[str, ...], senders: tuple[str, ...]) -> Selection:
    """Return the selection that a connection's settings describe."""
    folded = tuple(sorted({sender.strip().lower() for sender in senders}))
    return Selection(tuple(LabelId(label) for label in sorted(set(labels))), folded)
