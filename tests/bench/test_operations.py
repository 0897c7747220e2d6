"""What each thing a mailbox does costs in billed operations: the input of infra/costs.py.

Run it with `make bench ARGS=tests/bench/test_operations.py`; it compares what it counts with
`infra/terraform/operations.json`, and writes what it counted to build/operations.json. Each
function is a process of its own, as deployed; notifications come two seconds apart, as among a
thousand mailboxes, each mailbox's a quarter of an hour after its last.
"""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from infra.archives import ROOT
from infra.costs import COUNTED
from infra.local.connecting import connect
from infra.local.google.mail.writer import Relabel
from infra.local.system import LocalSystem
from tests.bench.deployed import Deployment, Meter, Sheet, deployed

COUNTED_NOW = ROOT / "build" / "operations.json"
EMAIL = "ada@acme.example"
BACKFILL = 200
MAILBOXES = 30
"""As many notifications as come in a minute."""
SENT = 5
APART_S = 864
"""Between two notifications of a mailbox that has a hundred a day."""
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"


@pytest.mark.emulators
@pytest.mark.timeout(600)
@pytest.mark.parametrize("telemetry", [False, True])
async def test_operations_are_as_the_cost_table_counts_them(
    telemetry: bool, tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    meter = Meter()
    meter.attach(monkeypatch)
    async with deployed(tmp_path, monkeypatch, telemetry=telemetry) as deployment:
        sheet = Sheet(meter, deployment)
        await (fill_with_telemetry if telemetry else fill)(sheet, deployment)
    COUNTED_NOW.parent.mkdir(exist_ok=True)
    before = json.loads(COUNTED_NOW.read_text()) if COUNTED_NOW.exists() else {}
    COUNTED_NOW.write_text(json.dumps(before | sheet.rows, indent=2, sort_keys=True) + "\n")
    known = json.loads(COUNTED.read_text())
    for name, row in sheet.rows.items():
        for key, value in row.items():
            assert value == pytest.approx(known[name].get(key, 0), rel=0.1, abs=0.5), (name, key)


async def fill(sheet: Sheet, deployment: Deployment) -> None:
    system = deployment.system
    await system.control("/mailboxes", {"email": EMAIL, "messages": BACKFILL})
    with sheet.row("backfilled_mail", BACKFILL):
        await connect(system.client, system.google, EMAIL)
        await system.settle()
    connections = await connect_more(system, MAILBOXES)
    for receivers, more in ((0, 0), (1, 1), (3, 2)):
        await deployment.add_receivers(more)
        await count_pushed(sheet, system, [*connections], f"pushed_mail_{receivers}")
        await count_changed(sheet, system, [*connections], f"pushed_change_{receivers}")
        await count_sent(sheet, system, [*connections.values()], f"sent_mail_{receivers}")
    await run_job(system, "/jobs/reconcile")
    with sheet.row("reconcile_run"):
        await run_job(system, "/jobs/reconcile")
    await system.advance(3_700)
    with sheet.row("quiet_hour", 1 + MAILBOXES):
        await run_job(system, "/jobs/reconcile")
    sheet.subtract("quiet_hour", "reconcile_run", 1 / (1 + MAILBOXES))
    await run_job(system, "/jobs/renew-watches")
    with sheet.row("renew_run"):
        await run_job(system, "/jobs/renew-watches")
    await system.advance(6 * 86_400)
    with sheet.row("watch_renewed", 1 + MAILBOXES):
        await run_job(system, "/jobs/renew-watches")
    sheet.subtract("watch_renewed", "renew_run", 1 / (1 + MAILBOXES))


async def fill_with_telemetry(sheet: Sheet, deployment: Deployment) -> None:
    connections = await connect_more(deployment.system, MAILBOXES)
    await deployment.add_receivers(1)
    await count_pushed(sheet, deployment.system, [*connections], "pushed_mail_1_telemetry")
    del sheet.rows["token_refreshed"]


async def connect_more(system: LocalSystem, number: int) -> dict[str, str]:
    """Return the connections' ids by their addresses."""
    connections = {}
    for email in (f"user{one}@acme.example" for one in range(number)):
        await system.control("/mailboxes", {"email": email, "messages": 1})
        connections[email] = await connect(system.client, system.google, email)
        await system.settle()
    return connections


async def count_pushed(sheet: Sheet, system: LocalSystem, emails: list[str], name: str) -> None:
    """Let each mailbox get a mail, first after an hour and then as they come.

    `settle` moves the clock to the second look.
    """
    for row, since_s in (("token_refreshed", 3_700), (name, APART_S)):
        await system.advance(since_s)
        await system.settle()
        with sheet.row(row, len(emails)):
            for email in emails:
                await system.google.post(f"/_control/mailboxes/{email}/messages", content=MAIL)
                await system.settle()
    sheet.subtract("token_refreshed", name)


async def count_changed(sheet: Sheet, system: LocalSystem, emails: list[str], name: str) -> None:
    """Let each mailbox's owner put a star on a message, or take it off, within the same hour."""
    await system.advance(APART_S)
    await system.settle()
    with sheet.row(name, len(emails)):
        for email in emails:
            star(system, email)
            await system.settle()


def star(system: LocalSystem, email: str) -> None:
    store = system.emulated.store
    newest = max(store.messages(email), key=lambda one: int(one["internalDate"]))
    message = store.message(email, int(newest["id"], 16))
    assert message is not None
    change = ((), ("STARRED",)) if "STARRED" in newest["labelIds"] else (("STARRED",), ())
    with store.writing() as writer:
        writer.relabel(store.mailbox(email), [Relabel(message, *change)])


async def count_sent(sheet: Sheet, system: LocalSystem, connections: list[str], name: str) -> None:
    await system.advance(APART_S)
    await send(system, connections[-1])
    with sheet.row(name, SENT):
        for connection in connections[:SENT]:
            await send(system, connection)
            await system.settle()


async def run_job(system: LocalSystem, path: str) -> None:
    await system.postroom.call_job(path)
    await system.settle()


async def send(system: LocalSystem, connection: str) -> None:
    answer = await system.client.post(
        "/send",
        headers={
            "Connection-Id": connection,
            "Provider-Config-Key": "google-mail",
            "Idempotency-Key": uuid4().hex,
        },
        json={"to": "bo@example.org", "subject": "Tea", "body": "At four."},
    )
    assert answer.is_success, answer.text
