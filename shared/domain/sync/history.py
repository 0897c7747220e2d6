"""Gmail's history records, folded to what they mean for stored records (FACTS 3.5, 3.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.domain.ids import HistoryId, LabelId, MessageId, ThreadId
from shared.domain.sync.records.record import CHAT


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """A message as a history record mentions it; labels are absent in some answers."""

    id: MessageId
    thread_id: ThreadId
    label_ids: frozenset[LabelId] | None = None


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Labels put on or taken off one message."""

    message: HistoryMessage
    label_ids: frozenset[LabelId]


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One entry of history.list; ids grow with random gaps."""

    id: HistoryId
    added: tuple[HistoryMessage, ...] = ()
    deleted: tuple[HistoryMessage, ...] = ()
    labels_added: tuple[LabelChange, ...] = ()
    labels_removed: tuple[LabelChange, ...] = ()


@dataclass(slots=True)
class NetChange:
    """What a run of history records means for one message."""

    message_id: MessageId
    thread_id: ThreadId
    added: bool = False
    deleted: bool = False
    chat: bool = False
    last_history_id: HistoryId = HistoryId(0)  # noqa: RUF009  a NewType call is its argument
    label_ops: dict[LabelId, tuple[HistoryId, bool]] = field(default_factory=dict)
    """Per label the last operation: at which history ID, and whether it put the label on."""
    mentioned: frozenset[LabelId] = frozenset()
    """The labels that history named last; it may name none."""

    @property
    def labels_put_on(self) -> frozenset[LabelId]:
        """Labels that the last operation on each put on."""
        return frozenset(label for label, (_, on) in self.label_ops.items() if on)

    @property
    def labels_taken_off(self) -> frozenset[LabelId]:
        """Labels that the last operation on each took off."""
        return frozenset(label for label, (_, on) in self.label_ops.items() if not on)

    @property
    def known_labels(self) -> frozenset[LabelId]:
        """Labels that it has for certain by what history says: it may have others as well."""
        return (self.mentioned | self.labels_put_on) - self.labels_taken_off

    def labels_after(
        self, label_ids: frozenset[LabelId], fetched_at: HistoryId
    ) -> frozenset[LabelId]:
        """Return the labels once every operation newer than the fetch is applied.

        Listing from an older checkpoint again is harmless: the last operation per label wins.
        """
        newer = {label: on for label, (at, on) in self.label_ops.items() if at > fetched_at}
        put_on = {label for label, on in newer.items() if on}
        taken_off = newer.keys() - put_on
        return (label_ids | put_on) - taken_off


def fold(records: Iterable[HistoryRecord]) -> Mapping[MessageId, NetChange]:
    """Fold history records, oldest first, to one net change a message."""
    changes: dict[MessageId, NetChange] = {}
    for record in records:
        for message in record.added:
            _change(changes, message, record.id).added = True
        for change in record.labels_added:
            _relabel(changes, change, record.id, on=True)
        for change in record.labels_removed:
            _relabel(changes, change, record.id, on=False)
        for message in record.deleted:
            _change(changes, message, record.id).deleted = True
    return changes


def _change(
    changes: dict[MessageId, NetChange], message: HistoryMessage, at: HistoryId
) -> NetChange:
    net = changes.setdefault(message.id, NetChange(message.id, message.thread_id))
    net.last_history_id = HistoryId(max(net.last_history_id, at))
    net.chat = net.chat or CHAT in (message.label_ids or ())
    net.mentioned = net.mentioned if message.label_ids is None else message.label_ids
    return net


def _relabel(
    changes: dict[MessageId, NetChange], change: LabelChange, at: HistoryId, *, on: bool
) -> None:
    net = _change(changes, change.message, at)
    for label in change.label_ids:
        net.label_ops[label] = (at, on)
