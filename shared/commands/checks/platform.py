"""Active probes of the platform: what comes of a message, a task and a log line of ours.

The documentation leaves open what a private function is given: whose headers, which claims, a
signature or none, CPU after an answer or none. So one is sent, and the function that it reaches
notes how it came. On Google none of this was ever run: what is expected here is what documents and
others' recordings say.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

import orjson

from shared.commands.checks.context import Check, CheckContext
from shared.commands.checks.finding import Finding, NotCheckedError, failure, ok, warning
from shared.domain.google.observations import Duration, Kinds, Observed
from shared.errors import QueueUnavailableError
from shared.ports.clock import Clock
from shared.ports.queue import Queue, Task
from shared.usecases.probe import PROBE_ATTRIBUTE, PROBE_TASK, ProbeId, Probes

T = TypeVar("T")
PAUSE: Final = timedelta(milliseconds=500)
TIMEOUT: Final = timedelta(seconds=30)
STILL: Final = timedelta(seconds=20)
"""How long after the first task a second one comes, to the same process if there is but one."""
SILENT_ADDRESS: Final = "probe@postroom.invalid"
"""No mailbox has it: a release that knows no probes acknowledges it as unknown."""
PUSH_HEADERS: Final = frozenset({"authorization", "content-type", "from", "user-agent"})
TASK_HEADERS: Final = frozenset({
    "authorization", "content-type", "user-agent", "x-cloudtasks-queuename",
    "x-cloudtasks-taskexecutioncount", "x-cloudtasks-taskname", "x-cloudtasks-taskretrycount",
    "x-cloudtasks-tasketa",
})  # fmt: skip
CLAIMS: Final = frozenset({"iss", "aud", "email", "email_verified", "exp", "iat"})
REPORT: Final = "Open an issue with this line: Postroom assumes otherwise."


async def pubsub_brings_a_message(context: CheckContext) -> Finding:
    """Publish to Gmail's topic, and look how the push of it came (FACTS 7.1, 7.3, 7.5)."""
    context.require_topic()
    id, topic = new_probe(), context.settings.gmail_topic
    told = orjson.dumps({"emailAddress": SILENT_ADDRESS, "historyId": 1})
    message = {"data": b64encode(told).decode(), "attributes": {PROBE_ATTRIBUTE: id}}
    published = {"messages": [message]}
    await context.post("pubsub", f"v1/{topic}:publish", published, needs="pubsub.topics.publish")
    found = await wait_for(context, lambda: context.container.use(Probes).take(id))
    if found is None:
        return failure(
            f"A message published to {topic} did not reach gmail_push within {TIMEOUT.seconds} s.",
            "The checks of topic, subscription and push authentication say which link is broken; "
            "gmail_push logs a push that it refuses.",
        )
    return how_it_came(found, PUSH_HEADERS, Duration.PUSH_DELAY)


async def a_task_comes(context: CheckContext) -> Finding:
    """Enqueue a task for a private function, and look how it came (FACTS 7.3, 8.10)."""
    id = new_probe()
    await _enqueue(context, id, timedelta())
    found = await wait_for(context, lambda: context.container.use(Probes).take(id))
    if found is None:
        return _lost_task()
    return how_it_came(found, TASK_HEADERS, Duration.TASK_LATENESS)


async def a_function_stands_still(context: CheckContext) -> Finding:
    """Send two tasks, and look for how long the process had no CPU between (FACTS 8.1)."""
    first, second = new_probe(), new_probe()
    await _enqueue(context, first, timedelta())
    await _enqueue(context, second, STILL)
    probes = context.container.use(Probes)
    came = await wait_for(context, lambda: probes.take(first))
    found = await wait_for(context, lambda: probes.take(second), STILL + TIMEOUT)
    if came is None or found is None:
        return _lost_task()
    still = found.duration(Duration.STANDSTILL)
    if not still.count:
        return ok("the two tasks came to different processes: nothing can be said, try again")
    words = f"no CPU for {still.most:.1f} of {STILL.seconds} s after an answer"
    return ok(f"{words} (assumed: none at all)")


async def lines_reach_cloud_logging(context: CheckContext) -> Finding:
    """Have a line logged, and look what Cloud Logging made of its fields (FACTS 18.1)."""
    project = context.settings.google_project
    if project is None:
        raise NotCheckedError("Here lines go to a file; Cloud Logging has those of a deployment.")
    return await look_for_line(context, project)


async def look_for_line(context: CheckContext, project: str) -> Finding:
    """Send a task, and look in the project's logs for the line that it leads to."""
    id = new_probe()
    await _enqueue(context, id, timedelta())
    if await wait_for(context, lambda: context.container.use(Probes).take(id)) is None:
        return _lost_task()
    asked = {
        "resourceNames": [f"projects/{project}"],
        "filter": f'jsonPayload.probe="{id}"',
        "pageSize": 1,
    }

    async def look() -> Mapping[str, Any] | None:
        needs = "logging.logEntries.list"
        answer = await context.post("logging", "v2/entries:list", asked, needs=needs)
        return next(iter(answer.get("entries", ())), None)

    entry = await wait_for(context, look)
    if entry is None:
        return failure(
            f"A line that sync_mailbox wrote is not in Cloud Logging after {TIMEOUT.seconds} s: "
            "what alerts and dashboards count may not be there either.",
            "Is LOG_EXECUTION_ID=false among the function's variables (`make deploy` sets it)? "
            "gcloud run services logs read shows what it writes at all.",
        )
    return _fields_of(entry)


def _fields_of(entry: Mapping[str, Any]) -> Finding:
    """Say which fields of the line Cloud Logging took for its own."""
    payload = entry.get("jsonPayload", {})
    left = [name for name in ("severity", "time") if name in payload]
    lost = [name for name in ("severity", "trace", "timestamp") if not entry.get(name)]
    if left or lost or entry.get("severity") == "DEFAULT":
        return warning(
            f"Cloud Logging has the line, without {', '.join(lost) or 'nothing'}, and takes "
            f"{', '.join(left) or 'nothing'} for words of ours; severity {entry.get('severity')}.",
            REPORT,
        )
    labels = ", ".join(sorted(entry.get("labels", {}))) or "none"
    return ok(f"severity {entry['severity']}, trace and time are fields; labels: {labels}")


def how_it_came(found: Observed, expected: frozenset[str], late: Duration) -> Finding:
    """Say whose agent, which signature, claims and headers; warn of what is not there."""
    names = found.kind(Kinds.PROBED)
    told = {kind: _of_kind(names, kind) for kind in ("agent", "signature", "claim", "header")}
    lacking = sorted((expected - told["header"]) | (CLAIMS - told["claim"]))
    more = ", ".join(sorted(told["header"] - expected)) or "none"
    took = found.duration(late)
    words = f"as {', '.join(told['agent'])}, signature {', '.join(told['signature'])}"
    words += f", after {took.most:.1f} s" if took.count else ""
    words += f"; headers beside those expected: {more}"
    return warning(f"{words}; without {', '.join(lacking)}", REPORT) if lacking else ok(words)


def _of_kind(names: Mapping[str, int], kind: str) -> frozenset[str]:
    start = f"{kind}."
    return frozenset(one.removeprefix(start) for one in names if one.startswith(start))


def new_probe() -> ProbeId:
    """Return the id of a probe."""
    return ProbeId(uuid4().hex)


async def wait_for(
    context: CheckContext,
    look: Callable[[], Awaitable[T | None]],
    longest: timedelta = TIMEOUT,
) -> T | None:
    """Look again and again; None where nothing came in time."""
    clock = context.container.use(Clock)
    ends = clock.now() + longest
    while (found := await look()) is None and clock.now() < ends:
        await clock.sleep(PAUSE)
    return found


async def _enqueue(context: CheckContext, id: ProbeId, after: timedelta) -> None:
    task = Task(PROBE_TASK, {"probe_id": id}, not_before=context.now + after if after else None)
    try:
        await context.container.use(Queue).enqueue(task)
    except QueueUnavailableError as error:
        raise NotCheckedError(
            f"{error} It takes cloudtasks.tasks.create, and iam.serviceAccounts.actAs on "
            f"{context.settings.tasks_service_account}."
        ) from error


def _lost_task() -> Finding:
    return failure(
        f"A task for sync_mailbox did not reach it within {TIMEOUT.seconds} s.",
        "The checks of queues and push authentication, and sync_mailbox's log, say why: a task "
        "that is refused with 401 or 403 is tried again and again.",
    )


LEVELS: Final[Mapping[str, tuple[Check, ...]]] = {
    "pubsub": (Check("probe: Pub/Sub", pubsub_brings_a_message),),
    "tasks": (Check("probe: Cloud Tasks", a_task_comes),),
    "functions": (
        Check("probe: standstill", a_function_stands_still, timeout_s=90.0),
        Check("probe: log fields", lines_reach_cloud_logging, timeout_s=90.0),
    ),
}
"""What `LEVEL=` of the doctor adds."""
