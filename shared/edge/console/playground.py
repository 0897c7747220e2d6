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
from shared.actions.run import ActionAnswer, RunAction, checked
from shared.domain.connect.connection import ConnectionStatus
from shared.edge.console.addresses import connection_named
from shared.edge.console.dry_mail import Preview, preview
from shared.edge.console.pages import Visit, change, page
from shared.edge.console.playground_run import DRY_RUN, PlaygroundRun, resized
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
class Told:
    """What a try came to. `output` is JSON; `preview` a message that was not sent."""

    title: str
    tone: str
    status: int = OK
    output: str = ""
    cut: bool = False
    took_ms: float | None = None
    preview: Preview | None = None
    others: tuple[str, ...] = ()


async def show_playground(visit: Visit) -> Response:
    """Return the choice of an action and a connection, and the form of what was chosen."""
    return await _page(visit, await _trial(visit, FormValues({}), _new_key()))


async def run(visit: Visit) -> Response:
    """Do what the pressed button says: change the form, show code, try dry, confirm, or run."""
    form = FormValues(visit.form)
    wish = visit.field("do")
    changed = resized(form, wish)
    trial = await _trial(visit, changed or form, visit.field("key").strip()[:256] or _new_key())
    if trial is None or changed is not None:
        return await _page(visit, trial)
    if trial.wrong:
        return await _page(visit, trial, Told("Some fields cannot be read", "bad", 400))
    try:
        checked(trial.action, trial.connection, trial.input, trial.key)
    except PostroomError as error:
        return await _page(visit, trial, _refused(visit, trial, error))
    if wish == "code":
        return await _page(visit, trial, code=True)
    confirmed = visit.field("confirmed") == trial.print
    if trial.reads or (wish == "run" and confirmed):
        return await _ran(visit, trial)
    told = await _dry(visit, trial) if trial.has_dry_run else None
    return await _page(visit, trial, told, ask=told is None or told.status == OK)


async def _ran(visit: Visit, trial: PlaygroundRun) -> Response:
    """Run it; once its effect is there the next try gets a key of its own."""
    told = await _told(visit, trial, trial.input, None if trial.reads else trial.key)
    return await _page(visit, trial, told, code=True, key=_new_key() if told.status == OK else None)


async def _dry(visit: Visit, trial: PlaygroundRun) -> Told:
    return await _told(visit, trial, {**trial.input, DRY_RUN: True}, None)


async def _told(visit: Visit, trial: PlaygroundRun, given: Any, key: str | None) -> Told:
    began = visit.now
    try:
        answer = await visit.use(RunAction)(
            trial.connection,
            trial.action.name,
            given,
            idempotency_key=key,
            trace_id=visit.call.trace_id,
            detail={"by": visit.session.name},
        )
    except PostroomError as error:
        return _refused(visit, trial, error)
    took_ms = (visit.now - began).total_seconds() * 1000
    return _answered(answer, took_ms, dry=bool(given.get(DRY_RUN)))


def _answered(answer: ActionAnswer, took_ms: float, *, dry: bool) -> Told:
    output = answer.output
    text = orjson.dumps(output, option=orjson.OPT_INDENT_2).decode()
    title = "Done before with this key: the same answer again" if answer.replayed else "Done"
    return Told(
        "Dry run: nothing was sent" if dry else title,
        "calm" if dry or answer.replayed else "good",
        output=text[:LARGEST_SHOWN],
        cut=len(text) > LARGEST_SHOWN,
        took_ms=took_ms,
        preview=preview(output["raw"]) if dry and output.get("raw") else None,
    )


def _refused(visit: Visit, trial: PlaygroundRun, error: PostroomError) -> Told:
    """Return an error as the API would put it, its problems at their fields."""
    answer = answer_to(error, visit.call.trace_id)
    told = answer.body["error"]
    problems = error.problems if isinstance(error, InvalidRequestError) else ()
    return Told(
        f"{told['code']}: {told['message']}",
        "bad",
        answer.status,
        output=orjson.dumps(answer.body, option=orjson.OPT_INDENT_2).decode(),
        others=tuple(trial.blame(problems)),
    )


async def _trial(visit: Visit, form: FormValues, key: str) -> PlaygroundRun | None:
    """Return what was chosen, None where an action or a connection is missing."""
    action = actions().get(_said(visit, "action"))
    connection = await connection_named(visit, _said(visit, "connection"))
    if action is None or connection is None or connection.status is ConnectionStatus.DISCONNECTING:
        return None
    return PlaygroundRun.of(action, connection, form, key)


def _said(visit: Visit, name: str) -> str:
    return visit.field(name)[:200].strip() or visit.asked(name)


async def _page(
    visit: Visit,
    trial: PlaygroundRun | None,
    told: Told | None = None,
    *,
    ask: bool = False,
    code: bool = False,
    key: str | None = None,
) -> Response:
    address = visit.use(Settings).public_url
    request = trial.request(address) if trial and (ask or code) else None
    written = [("curl", curl), ("Python", python), ("TypeScript", typescript)]
    query = ConnectionQuery(status=ConnectionStatus.ACTIVE, limit=OFFERED)
    return visit.page(
        "playground.html",
        title="Playground",
        nav="playground",
        status=told.status if told else OK,
        actions=list(actions().values()),
        connections=await visit.use(Connections).find(query),
        chosen_action=_said(visit, "action"),
        chosen_connection=_said(visit, "connection"),
        trial=trial,
        told=told,
        ask=ask,
        key=key or (trial.key if trial else ""),
        snippets=[(name, write(request)) for name, write in written] if request else [],
        key_variable=KEY_VARIABLE,
    )


def _new_key() -> str:
    return f"playground-{token_hex(8)}"


ROUTES = (
    page(PATH, show_playground, "Playground"),
    change(PATH, run, "try an action", max_form=LARGEST_FORM),
)
