"""Log lines in the field names of Cloud Logging, and the trace that connects them."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.trace_context import traceparent_for
from shared.edge.web.logs import (
    JsonLines,
    caller_of,
    note,
    noted_text,
    request_context,
    use_context,
)

TRACE, SPAN = "ab" * 16, "00000000000000cd"


async def line(headers: Mapping[str, str], project: str | None, level: int = 20) -> dict[str, Any]:
    """Return what one line of a request says."""
    use_context(request_context(headers, function="api"))
    record = logging.LogRecord("postroom", level, "", 0, "request", None, None)
    written: dict[str, Any] = json.loads(JsonLines(project).format(record))
    return written


async def test_in_a_project_a_line_names_its_trace_as_cloud_trace_does():
    written = await line({"traceparent": f"00-{TRACE}-{SPAN}-01"}, "acme-mail")
    assert written["logging.googleapis.com/trace"] == f"projects/acme-mail/traces/{TRACE}"
    assert written["logging.googleapis.com/trace_sampled"] is True
    own = written["logging.googleapis.com/spanId"]
    assert (len(own), own == SPAN, written["trace"]) == (16, False, TRACE)


async def test_on_a_laptop_a_line_has_no_field_that_nobody_reads():
    written = await line({}, None)
    assert not [name for name in written if name.startswith("logging.googleapis.com")]
    assert len(written["trace"]) == 32


async def test_an_unexpected_error_is_one_that_error_reporting_groups():
    record = logging.LogRecord("postroom", 40, "", 0, "request failed", None, None)
    record.fields = {"error": "ValueError", "frames": ["/app/shared/a.py:7 read", "main.py:3 api"]}
    written = json.loads(JsonLines("acme-mail").format(record))
    assert written["@type"].endswith("v1beta1.ReportedErrorEvent")
    assert written["stack_trace"].splitlines() == [
        "Traceback (most recent call last):",
        '  File "/app/shared/a.py", line 7, in read',
        '  File "main.py", line 3, in api',
        "ValueError",
    ]


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
async def test_severities_are_cloud_loggings_own_words(level: str):
    written = await line({}, "acme-mail", getattr(logging, level))
    assert (written["severity"], written["message"]) == (level, "request")


@pytest.mark.parametrize(
    ("header", "span", "sampled"),
    [
        (f"{TRACE}/205;o=1", SPAN, True),
        (f"{TRACE.upper()}/205;o=0", SPAN, False),
        (f"{TRACE}/205", SPAN, True),
        (TRACE, None, True),
        (f"{TRACE}/0;o=1", None, True),
    ],
)
def test_googles_older_header_names_the_caller_too(header: str, span: str | None, sampled: bool):
    found = caller_of({"x-cloud-trace-context": header})
    assert found is not None
    assert (found.trace_id, found.sampled) == (TRACE, sampled)
    assert span in {None, found.span_id}


async def test_what_is_called_on_is_a_child_only_within_its_own_trace():
    use_context(request_context({"traceparent": f"00-{TRACE}-{SPAN}-00"}, function="api"))
    own, other = traceparent_for(TRACE), traceparent_for("ef" * 16)
    assert own is not None
    assert (own.startswith(f"00-{TRACE}-"), SPAN in own, own.endswith("-00")) == (True, False, True)
    assert other is not None
    assert own.split("-")[2] not in other
    assert (traceparent_for(None), traceparent_for("of no form")) == (None, None)


async def test_a_field_noted_in_one_request_is_not_in_another():
    async def request(connection: str | None) -> object:
        use_context(request_context({}, function="api"))
        if connection is not None:
            note(connection=connection)
        await asyncio.sleep(0)
        return noted_text("connection")

    assert [*await asyncio.gather(request("c-1"), request(None))] == ["c-1", None]
