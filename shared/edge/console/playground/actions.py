"""The playground: any action as a form, tried dry where it can be, then for real.

What has an effect is shown first and then confirmed, and it happens once: the idempotency key of
the form stays until the effect is there.
"""

from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

import orjson
from starlette.responses import Response

from shared.actions.loading import actions
from shared.actions.run import ActionAnswer, RunAction, check_input
from shared.domain.connect.connection import ConnectionStatus
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import find_connection
from shared.edge.console.playground.dry_mail import Preview, preview
from shared.edge.console.playground.run import DRY_RUN, PlaygroundRun, resize
from shared.edge.settings.deployment import Settings
from shared.edge.web.routes import MEBIBYTE
from shared.edge.web.status import answer_to
from shared.errors import InvalidRequestError, PostroomError
from shared.pages.console.form_values import FormValues
from shared.pages.console.snippets import KEY_VARIABLE, curl, python, typescript
from shared.ports.connections import ConnectionQuery, Connections

PATH: Final = "/console/playground"
OFFERED: Final = 50
"""Connections offered to choose from; any other is named by its id or address."""
LARGEST_FORM: Final = 16 * MEBIBYTE
LARGEST_SHOWN: Final = 200_000
"""Characters of output that a page shows."""
OK: Final = 200


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a try came to. `output` is JSON; `preview` a message that was not sent."""

    title: str
    tone: str
    status: int = OK
    output: str = ""
    cut: bool = False
    took_ms: float | None = None
    preview: Preview | None = None
    others: tuple[str, ...] = ()


async def show_playground(console: ConsoleRequest) -> Response:
    """Return the choice of an action and a connection, and the form of what was chosen."""
    return await _page(console, await _chosen_run(console, FormValues({}), _new_key()))


async def run(console: ConsoleRequest) -> Response:
    """Do what the pressed button says: change the form, show code, try dry, confirm, or run."""
    form = FormValues(console.form)
    wish = console.field("do")
    changed = resize(form, wish)
    attempt = await _chosen_run(
        console, changed or form, console.field("key").strip()[:256] or _new_key()
    )
    if attempt is None or changed is not None:
        return await _page(console, attempt)
    if attempt.wrong:
        return await _page(console, attempt, RunReport("Some fields cannot be read", "bad", 400))
    try:
        check_input(attempt.action, attempt.connection, attempt.input, attempt.key)
    except PostroomError as error:
        return await _page(console, attempt, _failure(console, attempt, error))
    if wish == "code":
        return await _page(console, attempt, code=True)
    confirmed = console.field("confirmed") == attempt.print
    if attempt.reads or (wish == "run" and confirmed):
        return await _run_for_real(console, attempt)
    report = await _run_dry(console, attempt) if attempt.has_dry_run else None
    return await _page(console, attempt, report, ask=report is None or report.status == OK)


async def _run_for_real(console: ConsoleRequest, attempt: PlaygroundRun) -> Response:
    """Run it; once its effect is there the next try gets a key of its own."""
    report = await _report_of(
        console, attempt, attempt.input, None if attempt.reads else attempt.key
    )
    return await _page(
        console, attempt, report, code=True, key=_new_key() if report.status == OK else None
    )


async def _run_dry(console: ConsoleRequest, attempt: PlaygroundRun) -> RunReport:
    return await _report_of(console, attempt, {**attempt.input, DRY_RUN: True}, None)


async def _report_of(
    console: ConsoleRequest, attempt: PlaygroundRun, given: Any, key: str | None
) -> RunReport:
    began = console.now
    try:
        answer = await console.use(RunAction)(
            attempt.connection,
            attempt.action.name,
            given,
            idempotency_key=key,
            trace_id=console.call.trace_id,
            detail={"by": console.session.name},
        )
    except PostroomError as error:
        return _failure(console, attempt, error)
    took_ms = (console.now - began).total_seconds() * 1000
    return _success(answer, took_ms, dry=bool(given.get(DRY_RUN)))


def _success(answer: ActionAnswer, took_ms: float, *, dry: bool) -> RunReport:
    output = answer.output
    text = orjson.dumps(output, option=orjson.OPT_INDENT_2).decode()
    title = "Done before with this key: the same answer again" if answer.replayed else "Done"
    return RunReport(
        "Dry run: nothing was sent" if dry else title,
        "calm" if dry or answer.replayed else "good",
        output=text[:LARGEST_SHOWN],
        cut=len(text) > LARGEST_SHOWN,
        took_ms=took_ms,
        preview=preview(output["raw"]) if dry and output.get("raw") else None,
    )


def _failure(console: ConsoleRequest, attempt: PlaygroundRun, error: PostroomError) -> RunReport:
    """Return an error as the API would put it, its problems at their fields."""
    answer = answer_to(error, console.call.trace_id)
    inner = answer.body["error"]
    problems = error.problems if isinstance(error, InvalidRequestError) else ()
    return RunReport(
        f"{inner['code']}: {inner['message']}",
        "bad",
        answer.status,
        output=orjson.dumps(answer.body, option=orjson.OPT_INDENT_2).decode(),
        others=tuple(attempt.blame(problems)),
    )


async def _chosen_run(console: ConsoleRequest, form: FormValues, key: str) -> PlaygroundRun | None:
    """Return what was chosen, None where an action or a connection is missing."""
    action = actions().get(_choice(console, "action"))
    connection = await find_connection(console, _choice(console, "connection"))
    if action is None or connection is None or connection.status is ConnectionStatus.DISCONNECTING:
        return None
    return PlaygroundRun.of(action, connection, form, key)


def _choice(console: ConsoleRequest, name: str) -> str:
    return console.field(name)[:200].strip() or console.query(name)


async def _page(
    console: ConsoleRequest,
    attempt: PlaygroundRun | None,
    report: RunReport | None = None,
    *,
    ask: bool = False,
    code: bool = False,
    key: str | None = None,
) -> Response:
    address = console.use(Settings).public_url
    request = attempt.request(address) if attempt and (ask or code) else None
    written = [("curl", curl), ("Python", python), ("TypeScript", typescript)]
    query = ConnectionQuery(status=ConnectionStatus.ACTIVE, limit=OFFERED)
    return console.page(
        "playground.html",
        title="Playground",
        nav="playground",
        status=report.status if report else OK,
        actions=list(actions().values()),
        connections=await console.use(Connections).find(query),
        chosen_action=_choice(console, "action"),
        chosen_connection=_choice(console, "connection"),
        attempt=attempt,
        report=report,
        ask=ask,
        key=key or (attempt.key if attempt else ""),
        snippets=[(name, write(request)) for name, write in written] if request else [],
        key_variable=KEY_VARIABLE,
    )


def _new_key() -> str:
    return f"playground-{token_hex(8)}"


ROUTES = (
    page(PATH, show_playground, "Playground"),
    change(PATH, run, "try an action", max_form=LARGEST_FORM),
)
