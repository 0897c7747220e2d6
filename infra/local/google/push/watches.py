"""users.watch and users.stop: who wants to be told about which mailbox, and until when."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.local.google.clock import Clock
from infra.local.google.gmail.errors import GmailError

LIFETIME = timedelta(days=7)  # FACTS 2.2
GMAIL = "serviceAccount:gmail-api-push@system.gserviceaccount.com"  # FACTS 2.8


@dataclass(frozen=True, slots=True)
class Watch:
    """One push registration. There is at most one per mailbox and project (FACTS 2.8)."""

    email: str
    topic: str
    label_ids: tuple[str, ...]
    label_filter_behavior: str
    client_id: str
    expires_at: datetime
    history_id: int


class Watches:
    """The push registrations of all mailboxes, kept in the state file.

    `on_watch` is called with (email, history ID) after each successful watch: Gmail
    announces the current state of a mailbox at once (FACTS 2.2).
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        clock: Clock,
        *,
        project: str,
        topics: Sequence[str],
        history_id: Callable[[str], int],
    ) -> None:
        self._database = database
        self._clock = clock
        self._project = project
        self._topics = frozenset(topics)
        self._history_id = history_id
        self.publishers = {GMAIL}
        """Who may publish to the topic; without Gmail among them no watch can be armed."""
        self.on_watch: list[Callable[[str, int], None]] = []

    def watch(
        self,
        email: str,
        topic: str,
        label_ids: Sequence[str] = (),
        label_filter_behavior: str = "include",
        client_id: str = "",
    ) -> tuple[int, int]:
        """Register or renew, and return (history ID, expiration in epoch milliseconds).

        Raises GmailError 400 for a topic of another project (FACTS 2.1) or while a watch
        with another topic is alive (FACTS 2.6), 404 for a topic that does not exist, 403 where
        Gmail may not publish to it (FACTS 2.8).
        """
        self._check_topic(email, topic)
        expires_at = self._clock.now() + LIFETIME
        history_id = self._history_id(email)
        self._database.execute(
            "INSERT OR REPLACE INTO watches VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                email,
                topic,
                json.dumps(list(label_ids)),
                (label_filter_behavior or "include").lower(),
                client_id,
                expires_at.timestamp(),
                history_id,
            ),
        )
        for listener in self.on_watch:
            listener(email, history_id)
        return history_id, int(expires_at.timestamp() * 1000)

    def stop(self, email: str) -> None:
        """Forget the registration. Stopping what is not watched is fine."""
        self._database.execute("DELETE FROM watches WHERE email = ?", (email,))

    def alive(self, email: str) -> Watch | None:
        """Return the mailbox's registration unless it has expired, silently (FACTS 2.3)."""
        row = self._database.execute("SELECT * FROM watches WHERE email = ?", (email,)).fetchone()
        if row is None:
            return None
        expires_at = datetime.fromtimestamp(row[5], UTC)
        if expires_at <= self._clock.now():
            return None
        labels = tuple(json.loads(row[2]))
        return Watch(row[0], row[1], labels, row[3], row[4], expires_at, row[6])

    def forget_all(self) -> None:
        """Drop every registration."""
        self._database.execute("DELETE FROM watches")

    def _check_topic(self, email: str, topic: str) -> None:
        prefix = f"projects/{self._project}/topics/"
        if not topic.startswith(prefix) or topic == prefix:
            message = f"Invalid topicName does not match {prefix}*"
            raise GmailError(400, "invalidArgument", message, "INVALID_ARGUMENT")
        held = self.alive(email)
        if held is not None and held.topic != topic:
            raise GmailError(400, "invalidArgument", WATCH_CONFLICT, "INVALID_ARGUMENT")
        if topic not in self._topics:
            message = (
                f"Error sending test message to Cloud PubSub {topic} : "
                f"Resource not found (resource={topic.removeprefix(prefix)})."
            )
            raise GmailError(404, "notFound", message, "NOT_FOUND")
        if GMAIL not in self.publishers:
            message = (
                f"Error sending test message to Cloud PubSub {topic} : "
                "User not authorized to perform this action."
            )
            raise GmailError(403, "forbidden", message, "PERMISSION_DENIED")


WATCH_CONFLICT = (
    "Only one user push notification client allowed per developer (call /stop then try again)"
)
