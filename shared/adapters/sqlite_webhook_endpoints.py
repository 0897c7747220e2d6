"""WebhookEndpoints port on SQLite."""

from collections.abc import Sequence

from shared.adapters.document_codec import WEBHOOK_ENDPOINTS
from shared.adapters.sqlite_database import SqliteDatabase, to_us
from shared.adapters.sqlite_documents import Columns, SqliteDocuments
from shared.domain.webhook_endpoint import WebhookEndpoint
from shared.ports.clock import Clock
from shared.ports.versioned import Versioned


def _columns(value: WebhookEndpoint) -> Columns:
    return {"created_us": to_us(value.created_at)}


class SqliteWebhookEndpoints(SqliteDocuments[WebhookEndpoint]):
    """WebhookEndpoints port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, WEBHOOK_ENDPOINTS, clock, _columns)

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Answer all of them, oldest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM webhook_endpoints ORDER BY created_us, id"
        )
        return self.listed(rows)
