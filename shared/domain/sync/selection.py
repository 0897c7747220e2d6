"""Which messages of the window a connection keeps, by label and by sender, and which headers.

Evaluated on our side, so that a backfill and a delta agree whatever Gmail's search does.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from shared.domain.ids import LabelId


@dataclass(frozen=True, slots=True)
class Selection:
    """Any of `labels` and any of `senders` must fit, and none of `exclude`; an empty one fits all.

    A sender is an address or a domain written `@example.com`. `headers` are lower-case names that
    records keep besides those of every record; they choose no message.
    """

    labels: tuple[LabelId, ...] = ()
    senders: tuple[str, ...] = ()
    exclude: tuple[LabelId, ...] = ()
    headers: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.labels and not self.senders and not self.exclude

    def fits_labels(self, label_ids: AbstractSet[LabelId]) -> bool:
        """Whether a message under these labels is kept."""
        wanted = not self.labels or not label_ids.isdisjoint(self.labels)
        return wanted and not self.leaves_out(label_ids)

    def leaves_out(self, label_ids: AbstractSet[LabelId]) -> bool:
        """Whether one of these labels alone keeps a message out."""
        return not label_ids.isdisjoint(self.exclude)

    def fits_sender(self, address: str) -> bool:
        """Whether a message from this address is kept."""
        address = address.lower()
        domain = address[address.rfind("@") :]
        return not self.senders or address in self.senders or domain in self.senders

    def gains(self, put_on: AbstractSet[LabelId], taken_off: AbstractSet[LabelId]) -> bool:
        """Whether a message whose labels change so may have to be kept from now on."""
        return not put_on.isdisjoint(self.labels) or not taken_off.isdisjoint(self.exclude)


def selection(
    labels: Sequence[str],
    senders: Sequence[str],
    exclude: Sequence[str] = (),
    headers: Sequence[str] = (),
) -> Selection:
    """Return the selection that a connection's settings describe."""
    return Selection(_label_ids(labels), _fold(senders), _label_ids(exclude), _fold(headers))


def _fold(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({name.strip().lower() for name in names}))


def _label_ids(labels: Sequence[str]) -> tuple[LabelId, ...]:
    return tuple(LabelId(label) for label in sorted(set(labels)))
