"""/receipts: what a disconnect left as proof (DESIGN 5.6)."""

from datetime import datetime, timedelta

from shared.domain.connect.receipt import DeletionReceipt
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.reading import connection_id
from shared.edge.web.routes import Permission, ResponseModel, Route
from shared.errors import NotFoundError
from shared.ports.connections import Receipts


class Receipt(ResponseModel):
    """Proof of a disconnect. `finished_at` null means that it is under way.

    `steps`: `watch` ended or kept_for_others, `grant` revoked, kept_for_others or was_dead,
    `tokens` shredded, `records` deleted. In the store's backups all of it lives on until
    `in_backups_until`, and nowhere else; null where there are none, or while it is under way.
    """

    connection_id: str
    accepted_at: datetime
    finished_at: datetime | None
    steps: dict[str, str]
    records_deleted: int
    in_backups_until: datetime | None


async def show_receipt(call: Call) -> Receipt:
    """Return the receipt of a connection that was disconnected; it is kept for three years."""
    id = connection_id(call.path("connection_id"))
    found = await call.use(Receipts).get(id) if call.caller.sees(id) else None
    if found is None:
        raise NotFoundError("No such receipt: this connection was never disconnected.")
    receipt = found.value
    return Receipt(
        connection_id=receipt.connection_id,
        accepted_at=receipt.accepted_at,
        finished_at=receipt.finished_at,
        steps=dict(receipt.steps),
        records_deleted=receipt.records_deleted,
        in_backups_until=_in_backups_until(receipt, call.use(Deployment).backups_kept),
    )


def _in_backups_until(receipt: DeletionReceipt, kept: timedelta) -> datetime | None:
    return receipt.finished_at + kept if receipt.finished_at and kept else None


ROUTES = (
    Route(
        "GET",
        "/receipts/{connection_id}",
        Permission.CONNECTIONS_READ,
        show_receipt,
        "Look at the receipt of a disconnect",
    ),
)
