"""ApiKeys port on SQLite."""

from collections.abc import Sequence

from shared.adapters.document_codec import API_KEYS
from shared.adapters.sqlite_database import SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite_documents import Columns, SqliteDocuments
from shared.domain.api_key import ApiKey
from shared.ports.clock import Clock


def _columns(value: ApiKey) -> Columns:
    return {
        "created_us": to_us(value.created_at),
        "expires_us": optional_us(value.expires_at),
        "parent": value.parent,
    }


class SqliteApiKeys(SqliteDocuments[ApiKey]):
    """ApiKeys port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, API_KEYS, clock, _columns)

    async def list(self, limit: int) -> Sequence[ApiKey]:
        """Answer keys, newest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM api_keys ORDER BY created_us DESC, id LIMIT ?",
            (limit,),
        )
        return [versioned.value for versioned in self.listed(rows)]

    async def children(self, parent: str, limit: int) -> Sequence[ApiKey]:
        """Return keys that this one made. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM api_keys WHERE parent = ? LIMIT ?", (parent, limit)
        )
        return [versioned.value for versioned in self.listed(rows)]
