"""The label filter of a watch, as loose as Gmail's own."""

from infra.local.google.mail.history import read_history
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import Kind
from infra.local.google.push.watches import Watch

LEAKS = frozenset({"DRAFT", "SENT"})  # announced whatever the filter says (FACTS 2.7)
MOST_RECORDS = 500


class LabelFilter:
    """Decides whether a change concerns a watch. Remembers how far it has looked."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._seen: dict[str, int] = {}

    def passes(self, watch: Watch, history_id: int) -> bool:
        """Look at what happened since the last change; what cannot be told is announced."""
        after = max(watch.history_id, self._seen.get(watch.email, 0))
        self._seen[watch.email] = history_id
        if not watch.label_ids:
            return True
        touched = self._changed_labels(watch.email, after)
        wanted = frozenset(watch.label_ids)
        if watch.label_filter_behavior == "exclude":
            return not touched or any(not labels & wanted for labels in touched)
        return not touched or any(labels & (wanted | LEAKS) for labels in touched)

    def forget_all(self) -> None:
        """Start over, as mailboxes do."""
        self._seen.clear()

    def _changed_labels(self, email: str, after: int) -> list[frozenset[str]]:
        """Return the labels of each changed message, those just taken away included."""
        records = read_history(self._store, email, after, list(Kind), "", MOST_RECORDS)
        return [
            frozenset(change["message"].get("labelIds", ())) | frozenset(change.get("labelIds", ()))
            for record in records
            for kind, changes in record.items()
            if kind not in {"id", "messages"}
            for change in changes
        ]
