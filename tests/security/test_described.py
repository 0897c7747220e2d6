"""Every operation described, asked with whatever its description allows and with what it forbids.

Schemathesis makes the requests and judges the answers: never a failure of ours, never an answer
that the description does not know. Few examples each, the same in every run; `make test-deep`
asks more of them.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.actions.loading import ready_sync
from shared.actions.present import READY
from shared.domain.ids import ConnectionId
from shared.domain.models.sync import OwnSyncs
from shared.edge.table import whole_table
from shared.edge.web.app import build_app
from shared.usecases.sync.models.run_sync import RunSync
from tests.harness.connecting import ADA, PUBLIC, ConnectHarness
from tests.security.described import DESCRIPTION

EXAMPLES = int(os.environ.get("POSTROOM_FUZZ_EXAMPLES", "6"))
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
JSON = [one for one in OPERATIONS if not one.path.startswith(("/connect-ui", "/oauth"))]
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Whole:
    """A deployment with one connection, on an event loop of its own."""

    runner: asyncio.Runner
    harness: ConnectHarness
    client: httpx.AsyncClient
    connection_id: str

    def ask(self, case: Any) -> httpx.Response:
        """Send what schemathesis made, as it is."""
        sent = case.as_transport_kwargs(base_url=PUBLIC)
        allowed = {"method", "url", "params", "content", "json", "data", "cookies"}
        headers = [(n, str(v).encode("latin-1", "replace")) for n, v in sent["headers"].items()]
        chosen = {name: sent[name] for name in allowed & sent.keys()}
        try:
            request = self.client.build_request(headers=headers, **chosen)
        except httpx.InvalidURL:
            reject()  # longer than any client or server takes: it would never arrive
        return self.runner.run(self.client.send(request))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder: Path = tmp_path_factory.mktemp("described")
    with asyncio.Runner() as runner:
        harness = ConnectHarness(folder)
        connection_id = runner.run(harness.connect(ADA))
        runner.run(own_syncs_on(harness, connection_id))
        client = harness.browser(build_app("api", whole_table(), harness.container))
        client.follow_redirects = False
        client.headers["Authorization"] = "Bearer postroom-local-key"
        yield Whole(runner, harness, client, connection_id)
        runner.run(harness.close())


async def own_syncs_on(harness: ConnectHarness, connection_id: str) -> None:
    """Serve every ready sync, each run once: records, a status and a failure are there to ask."""
    rows = tuple(map(ready_sync, READY))
    harness.container.bind(OwnSyncs, OwnSyncs(rows))
    for row in rows:
        await harness.container.use(RunSync)(
            ConnectionId(connection_id), row.name, budget=timedelta(minutes=1), wake=True
        )


@pytest.mark.parametrize("model", ["GmailLabel", "GmailThread", "GmailSendAsAlias"])
def test_records_of_own_syncs_are_as_described(whole: Whole, model: str) -> None:
    """Their answers, and those about their syncs, hold what the description says."""
    headers = {"Connection-Id": whole.connection_id, "Provider-Config-Key": "google-mail"}
    for path, query in (("/records", {"model": model}), ("/sync/status", {"syncs": "*"})):
        (operation,) = (one for one in JSON if (one.path, one.method) == (path, "get"))
        case = operation.Case(query=query, headers=headers)
        answer = whole.ask(case)
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code == 200
    assert len(answer.json()["syncs"]) >= len(READY)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", JSON, ids=lambda one: one.label)
def test_every_answer_is_one_the_description_knows(whole: Whole, operation: Any, mode: Any) -> None:
    headers = {"Connection-Id": whole.connection_id}

    @few
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode, headers=headers))
        case.validate_response(whole.ask(case), checks=CHECKS)

    with suppress(Unsatisfiable):  # some operations have nothing that could be wrong
        ask()
