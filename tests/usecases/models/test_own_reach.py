"""Own syncs ask the hosts and read the secrets that their rows name."""

from dataclasses import dataclass
from typing import Any

import pytest

from shared.actions.syncs import Sync, SyncContext
from shared.domain.own_reach import SecretUnavailableError
from shared.errors import InvalidRequestError
from tests.harness.models import model_harness

URL = "https://crm.example/rows"
KEY = "canary-3c0e"


@dataclass(frozen=True)
class Row:
    """One row of a CRM."""

    id: str


async def rows(context: SyncContext[None]) -> None:
    """Save as many rows as the CRM says it has."""
    found = await context.http.get(
        URL, headers={"Authorization": f"Bearer {context.secret('CRM_KEY')}"}
    )
    context.save(*(Row(f"r{place}") for place in range(found["rows"])))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the deployment a secret."""
    monkeypatch.setenv("CRM_KEY", KEY)


async def test_a_named_host_is_read_with_a_declared_secret() -> None:
    sync = Sync("crm", "Rows.", (Row,), rows, hosts=("crm.example",), secrets=("CRM_KEY",))
    async with model_harness(sync) as harness:
        crm = harness.host({"rows": 2})
        await harness.run("crm")
        assert {*await harness.rows("Row")} == {"r0", "r1"}
        assert crm.requests[0].headers["authorization"] == f"Bearer {KEY}"
        state = await harness.state("crm")
        assert state.last_error is None
        assert KEY not in str(state)


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ({"hosts": ("other.example",), "secrets": ("CRM_KEY",)}, InvalidRequestError),
        ({"hosts": ("crm.example",)}, SecretUnavailableError),
    ],
    ids=["host", "secret"],
)
async def test_what_is_not_named_is_an_error_in_the_status(
    named: dict[str, Any], error: type[Exception]
) -> None:
    raised: list[Exception] = []

    async def run(context: SyncContext[None]) -> None:
        try:
            await rows(context)
        except Exception as caught:
            raised.append(caught)
            raise

    async with model_harness(Sync("crm", "Rows.", (Row,), run, **named)) as harness:
        await harness.run("crm")
        assert (await harness.state("crm")).last_error is not None
        assert isinstance(raised[0], error)
