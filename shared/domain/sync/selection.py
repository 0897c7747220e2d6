"""How far back a connection's mail is kept, which messages of that, and which of their headers.

Evaluated on our side, so that a backfill and a delta agree whatever Gmail's search does.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.ids import LabelId
from shared.domain.validation import in_utc
from shared.errors import InvalidRequestError


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


LONGEST_DAYS = 36_500
_DAYS = re.compile("([0-9]{1,5})d")


def window_start(window: str, now: datetime) -> datetime | None:
    """Return the first instant of `window`: "30d", an ISO date, or None for "all".

    Raises InvalidRequestError. The start is fixed once, when a backfill begins; it does not roll.
    """
    if window == "all":
        return None
    days = _DAYS.fullmatch(window)
    if days and 0 < int(days[1]) <= LONGEST_DAYS:
        return (now - timedelta(days=int(days[1]))).replace(microsecond=0)
    try:
        date = datetime.fromisoformat(window)
    except ValueError:
        raise InvalidRequestError(
            f"The window {window!r} is not understood: give days such as '30d', a date such as "
            "'2026-01-31', or 'all'."
        ) from None
    return in_utc(date)
