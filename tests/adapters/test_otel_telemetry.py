"""What OpenTelemetry's SDK is told: spans at the times of the work, metrics by code and count."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from requests.adapters import BaseAdapter

from infra.archives import ROOT
from shared.adapters.telemetry.export import ExportedTelemetry, _span_exporter
from shared.adapters.telemetry.otel import REST_S, OtelTelemetry
from shared.domain.ids import ConnectionId, OperationId
from shared.domain.operation import Operation, OperationState, OperationStep, OperationType
from shared.domain.trace_context import TraceContext, enter, parse_traceparent
from shared.ports.telemetry import GAUGES, Served
from tests.adapters.listener import Listener, listening

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
CALLER = TraceContext("ab" * 16, "cd" * 8)
SYNC = Operation(
    id=OperationId("op_1"),
    connection_id=ConnectionId("c-1"),
    type=OperationType.SYNC,
    name="push",
    state=OperationState.OK,
    started_at=NOW,
    finished_at=NOW + timedelta(seconds=2),
    expires_at=NOW + timedelta(days=15),
    steps=(OperationStep("delta", NOW, 500.0, {"added": 1, "ids": ["x"]}),),
    trace_id=CALLER.trace_id,
    detail={"added": 3, "updated": 1, "deleted": 0, "units": 62, "lateness_ms": 750},
)


@dataclass
class Watched:
    telemetry: OtelTelemetry
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def metrics(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        scopes = data.resource_metrics[0].scope_metrics if data else []
        return {one.name: list(one.data.data_points) for s in scopes for one in s.metrics}


@pytest.fixture
def watched() -> Iterator[Watched]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry = OtelTelemetry(traces, MeterProvider([reader]))
    yield Watched(telemetry, exporter, reader)
    telemetry.close()


def a_request(**changes: Any) -> Served:
    return replace(Served("api", "GET", "/records", 200, 0.02, "c-1"), **changes)


def test_a_request_is_a_span_of_its_callers_trace(watched: Watched):
    span = watched.telemetry.begin("api", CALLER)
    span.end(a_request())
    [(name, kept)] = watched.spans().items()
    assert (name, kept.parent and kept.parent.span_id) == ("GET /records", int(CALLER.span_id, 16))
    assert (span.context.trace_id, span.context.sampled) == (CALLER.trace_id, True)
    assert span.context.span_id == f"{kept.context.span_id:016x}"
    assert dict(kept.attributes or {})["postroom.connection"] == "c-1"


def test_a_caller_that_records_nothing_is_heeded(watched: Watched):
    span = watched.telemetry.begin("api", replace(CALLER, sampled=False))
    span.end(a_request())
    assert (watched.spans(), span.context.sampled) == ({}, False)
    assert watched.metrics()["http.server.request.duration"][0].count == 1


def test_only_a_failure_of_ours_is_marked_as_one(watched: Watched):
    for status in (404, 503):
        watched.telemetry.begin("api", None).end(a_request(status=status, route=f"/{status}"))
    marks = {name: span.status.status_code for name, span in watched.spans().items()}
    assert marks == {"GET /404": StatusCode.UNSET, "GET /503": StatusCode.ERROR}


def test_methods_that_callers_make_up_are_one_label(watched: Watched):
    for method in ("BREW", "WHEN", "GET"):
        watched.telemetry.begin("api", None).end(a_request(method=method))
    points = watched.metrics()["http.server.request.duration"]
    counted = {one.attributes["http.request.method"]: one.count for one in points}
    assert counted == {"_OTHER": 2, "GET": 1}


def test_an_operation_is_a_span_with_its_steps_at_the_times_they_had(watched: Watched):
    watched.telemetry.record_operation(SYNC)
    spans = watched.spans()
    whole, step = spans["sync push"], spans["delta"]
    assert whole.start_time == int(NOW.timestamp()) * 10**9
    assert ((whole.end_time or 0) - (whole.start_time or 0)) == 2 * 10**9
    assert ((step.end_time or 0) - (step.start_time or 0)) == 10**9 // 2
    assert step.parent
    assert step.parent.span_id == whole.context.span_id
    assert f"{whole.context.trace_id:032x}" == CALLER.trace_id
    assert dict(step.attributes or {}) == {"postroom.added": 1}


async def test_an_operation_hangs_under_the_request_that_made_it(watched: Watched):
    span = watched.telemetry.begin("gmail_push", CALLER)
    enter(span.context)
    watched.telemetry.record_operation(SYNC)
    whole = watched.spans()["sync push"]
    assert whole.parent
    assert f"{whole.parent.span_id:016x}" == span.context.span_id


async def test_an_operation_of_another_trace_stays_in_its_own(watched: Watched):
    span = watched.telemetry.begin("reconcile", None)
    enter(span.context)
    watched.telemetry.record_operation(SYNC)
    assert f"{watched.spans()['sync push'].context.trace_id:032x}" == CALLER.trace_id


def test_a_sync_is_counted_by_units_records_and_lateness(watched: Watched):
    watched.telemetry.record_operation(SYNC)
    metrics = watched.metrics()
    assert metrics["postroom.gmail.units"][0].value == 62
    records = {p.attributes["change"]: p.value for p in metrics["postroom.records"]}
    assert records == {"added": 3, "updated": 1, "deleted": 0}
    assert metrics["postroom.mail.lateness"][0].sum == 0.75


def test_a_failure_is_counted_by_its_code_and_a_dead_letter_as_one(watched: Watched):
    dead = replace(
        SYNC,
        type=OperationType.DELIVERY,
        state=OperationState.FAILED,
        error="status_500",
        detail={"event_state": "dead"},
    )
    watched.telemetry.record_operation(dead)
    metrics = watched.metrics()
    [duration] = metrics["postroom.operation.duration"]
    assert duration.attributes["error"] == "status_500"
    assert metrics["postroom.dead_letters"][0].value == 1
    assert watched.spans()["delivery push"].status.description == "status_500"


def test_watches_refreshes_and_sends_are_counted_and_every_gauge_is_known(watched: Watched):
    telemetry = watched.telemetry
    telemetry.count_renewals(armed=2, failed=1)
    telemetry.count_refresh("invalid_grant")
    telemetry.count_send("unknown")
    for name in GAUGES:
        telemetry.gauge(name, 7)
    metrics = watched.metrics()
    renewals = {p.attributes["outcome"]: p.value for p in metrics["postroom.watch.renewals"]}
    assert renewals == {"armed": 2, "failed": 1}
    assert metrics["postroom.token.refreshes"][0].attributes == {"outcome": "invalid_grant"}
    assert metrics["postroom.sends"][0].attributes == {"state": "unknown"}
    assert {metrics[name][0].value for name in GAUGES} == {7}


def test_telling_never_breaks_the_work(watched: Watched):
    watched.telemetry.record_operation(replace(SYNC, detail={"units": "many"}))


def test_prometheus_reads_text_and_opens_no_spans():
    telemetry = ExportedTelemetry({"prometheus"}, environment="dev", project=None)
    span = telemetry.begin("api", CALLER)
    span.end(a_request())
    telemetry.record_operation(SYNC)
    text = (telemetry.prometheus_text() or b"").decode()
    telemetry.close()
    assert (span.context.trace_id, span.context.sampled) == (CALLER.trace_id, True)
    assert 'http_route="/records"' in text
    assert "postroom_gmail_units_total 62.0" in text


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (CALLER.traceparent, CALLER),
        (f"cc-{'ab' * 16}-{'cd' * 8}-00-later", replace(CALLER, sampled=False)),
        (f"00-{'ab' * 16}-{'cd' * 8}-01-more", None),
        (f"ff-{'ab' * 16}-{'cd' * 8}-01", None),
        (f"00-{'00' * 16}-{'cd' * 8}-01", None),
        (f"00-{'ab' * 16}-{'00' * 8}-01", None),
        (f"00-{'AB' * 16}-{'cd' * 8}-01", None),
        ("", None),
    ],
)
def test_the_header_is_read_as_the_recommendation_says(header: str, read: TraceContext | None):
    assert parse_traceparent(header) == read


async def test_a_collector_is_told_over_otlp(monkeypatch: pytest.MonkeyPatch):
    collector = Listener(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    async with listening(collector):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
        telemetry = ExportedTelemetry({"otlp"}, environment="prod", project="acme-mail")
        telemetry.begin("api", CALLER).end(a_request())
        telemetry.record_operation(SYNC)
        await asyncio.to_thread(telemetry.close)
    parts = [one.split(b"\r\n\r\n", 1) for one in collector.requests]
    bodies = {head.split(b" ")[1].decode(): body for head, body in parts}
    traces = ExportTraceServiceRequest.FromString(bodies["/v1/traces"])
    [told] = traces.resource_spans
    named = {one.key: one.value.string_value for one in told.resource.attributes}
    assert (named["service.name"], named["gcp.project_id"]) == ("postroom", "acme-mail")
    assert {s.name for scope in told.scope_spans for s in scope.spans} == {
        "GET /records", "sync push", "delta",
    }  # fmt: skip
    metrics = ExportMetricsServiceRequest.FromString(bodies["/v1/metrics"])
    names = {m.name for s in metrics.resource_metrics[0].scope_metrics for m in s.metrics}
    assert {"postroom.gmail.units", "http.server.request.duration"} <= names


async def test_a_collector_that_takes_nothing_is_given_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
):
    """The SDK's own ten would be waited for before an answer: it tries four times in them."""
    collector = Listener(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    async with listening(collector):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
        telemetry = ExportedTelemetry({"otlp"}, environment="prod", project=None)
        telemetry.begin("api", CALLER).end(a_request())
        await asyncio.to_thread(telemetry.flush)
        tried = [one.split(b" ")[1] for one in collector.requests]
        await asyncio.to_thread(telemetry.close)
    assert {tried.count(b"/v1/traces"), tried.count(b"/v1/metrics")} <= {1, 2}


class Slow(SpanProcessor):
    """Takes its seconds of a clock to hand over."""

    def __init__(self, takes_s: float) -> None:
        self.takes_s, self.now, self.asked = takes_s, 0.0, 0

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        self.asked += 1
        self.now += self.takes_s
        return True


@pytest.mark.parametrize(("takes_s", "asked"), [(0.1, 4), (2.0, 2)])
def test_no_answer_waits_for_a_taker_that_was_slow_a_moment_ago(takes_s: float, asked: int):
    slow, traces = Slow(takes_s), TracerProvider()
    traces.add_span_processor(slow)
    telemetry = OtelTelemetry(traces, MeterProvider(), monotonic=lambda: slow.now)
    for _ in range(3):
        telemetry.flush()
    slow.now += REST_S
    telemetry.flush()
    assert slow.asked == asked
    telemetry.close()


class Recorder(BaseAdapter):
    """Answers 200 to every request of a session, and keeps its address."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> Any:
        self.asked.append(str(request.url))
        answer = requests.Response()
        answer.status_code, answer.raw, answer.request = 200, BytesIO(), request
        return answer

    def close(self) -> None:
        """Hold nothing open."""


def test_google_is_told_at_its_own_address_by_the_session_of_our_credentials(watched: Watched):
    watched.telemetry.record_operation(SYNC)
    session, recorder = requests.Session(), Recorder()
    session.mount("https://", recorder)
    exporter = _span_exporter(session)
    exporter.export(watched.exporter.get_finished_spans())
    exporter.shutdown()
    assert recorder.asked == ["https://telemetry.googleapis.com/v1/traces"]


def test_the_operators_guide_names_every_metric_and_no_other(watched: Watched):
    telemetry = watched.telemetry
    telemetry.record_operation(SYNC)
    telemetry.record_operation(
        replace(SYNC, type=OperationType.DELIVERY, detail={"event_state": "dead"})
    )
    telemetry.begin("api", None).end(a_request())
    telemetry.count_renewals(armed=1, failed=0)
    telemetry.count_refresh("ok")
    telemetry.count_send("submitted")
    telemetry.count_surprise("key", "GET/profile")
    for name in GAUGES:
        telemetry.gauge(name, 0)
    guide = (ROOT / "infra" / "OPERATING.md").read_text()
    named = re.findall(r"^\| `([a-z_.]+)` \|", guide, re.MULTILINE)
    assert {*named} == {*watched.metrics()}
