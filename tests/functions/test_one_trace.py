"""One trace from the push to the webhook: each hop names the span that asked it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from infra.local.environment import WEBHOOK_SECRET
from infra.local.system import LocalSystem
from shared.adapters.telemetry.otel import OtelTelemetry
from shared.domain.trace_context import TraceContext, parse_traceparent
from shared.ports.telemetry import Telemetry
from tests.adapters.listener import Listener, listening
from tests.functions.test_main_job import backfilled, connected
from tests.harness.whole import whole_system

ADA = "ada@acme.example"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Hi\r\n\r\nHello!"


@dataclass
class Traced:
    system: LocalSystem
    product: Listener
    exporter: InMemorySpanExporter

    def headers(self) -> Mapping[str, str]:
        """Return the headers of the newest webhook."""
        lines = self.product.requests[-1].split(b"\r\n\r\n", 1)[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def spans(self, trace_id: str) -> list[ReadableSpan]:
        """Return the spans of one trace."""
        wanted = int(trace_id, 16)
        return [s for s in self.exporter.get_finished_spans() if s.context.trace_id == wanted]


@pytest.fixture
async def traced(tmp_path: Path) -> AsyncIterator[Traced]:
    exporter, traces, product = InMemorySpanExporter(), TracerProvider(), Listener()
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    async with (
        listening(product),
        whole_system(tmp_path, {ADA: 3}) as system,
    ):
        system.container.bind(Telemetry, OtelTelemetry(traces, MeterProvider()))
        body = {"url": f"http://127.0.0.1:{product.port}/hooks", "secret": WEBHOOK_SECRET}
        answer = await system.client.post("/webhook-endpoints", json=body)
        assert answer.status_code == 201
        connection = await connected(system)
        await backfilled(system, connection)
        await system.settle()
        yield Traced(system, product, exporter)


def lineage(spans: list[ReadableSpan], leaf: TraceContext) -> list[str]:
    """Return the names from a span up to where its trace began."""
    by_id = {f"{span.context.span_id:016x}": span for span in spans}
    names, at = [], by_id.get(leaf.span_id)
    while at is not None:
        names.append(at.name)
        at = by_id.get(f"{at.parent.span_id:016x}") if at.parent else None
    return names


async def test_a_webhook_hangs_under_the_push_that_caused_it(traced: Traced):
    before = len(traced.product.requests)
    await traced.system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    await traced.system.settle()
    assert len(traced.product.requests) > before
    asked = parse_traceparent(traced.headers()["traceparent"])
    assert asked is not None
    spans = traced.spans(asked.trace_id)
    assert lineage(spans, asked) == ["POST /push/gmail"]
    names = {span.name for span in spans}
    assert {"delivery sync", "POST /push/gmail"} <= names
    assert "POST /tasks/deliver" not in names
    [sync] = [span for span in spans if span.name.startswith("sync ")]
    [push] = [span for span in spans if span.name == "POST /push/gmail"]
    assert sync.parent
    assert sync.parent.span_id == push.context.span_id
    steps = [s.name for s in spans if s.parent and s.parent.span_id == sync.context.span_id]
    assert any("elta" in name for name in steps), steps


async def test_an_attempt_that_is_made_again_stays_in_the_trace(traced: Traced):
    traced.product.answer = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
    await traced.system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    await traced.system.settle()
    first = parse_traceparent(traced.headers()["traceparent"])
    await traced.system.advance(10)
    await traced.system.settle()
    again = parse_traceparent(traced.headers()["traceparent"])
    assert first is not None
    assert again is not None
    assert (again.trace_id, again.span_id != first.span_id) == (first.trace_id, True)
    spans = traced.spans(again.trace_id)
    assert lineage(spans, again) == ["POST /tasks/deliver", "POST /push/gmail"]


async def test_a_request_about_a_mailbox_says_which(traced: Traced):
    [connection] = (await traced.system.client.get("/connections")).json()["connections"]
    id = connection["connection_id"]
    headers = {"Connection-Id": id}
    query = {"model": "EmailMessage"}
    await traced.system.client.get("/records", params=query, headers=headers)
    [span] = [s for s in traced.exporter.get_finished_spans() if s.name == "GET /records"]
    assert (span.attributes or {})["postroom.connection"] == id


async def test_no_span_carries_an_address_a_subject_or_a_token(traced: Traced):
    await traced.system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    await traced.system.settle()
    told = "".join(span.to_json() for span in traced.exporter.get_finished_spans())
    assert "/push/gmail" in told
    assert not [
        word for word in ("acme.example", "example.org", "Hi", "ya29", "1//") if word in told
    ]
