"""`python -m shared.commands dryrun`: every call shown, nothing done, nothing told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.local.google.gmail.methods import METHODS
from shared.actions.loading import actions
from shared.actions.registry import Effect
from shared.actions.run import RunAction
from shared.commands.__main__ import COMMANDS
from shared.commands.dry_container import MADE_UP
from shared.commands.dryrun import Report, container_for_run, find_connection
from shared.domain.connect.scopes import MAIL, SETTINGS_BASIC, SETTINGS_SHARING
from shared.domain.sync.quota_units import UNITS, units_of
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from tests.commands.running import Said, called, started
from tests.harness.connected import ConnectedSystem, connected_system

EMAIL = "ada@acme.example"
Run = Callable[..., Awaitable[Said]]
SECRET = "the very secret words"


@dataclass
class DryRunHarness(ConnectedSystem):
    """A mailbox with one message, and the command over it."""

    message: str = ""

    async def dryrun(self, action: str, given: Any = None, *more: str, run: Run = called) -> Said:
        """Run the command."""
        arguments = ["dryrun", action, "--connection", self.connection_id, *more]
        if given is not None:
            arguments += ["--input", orjson.dumps(given).decode()]
        return await run(self.system.environ, *arguments)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[DryRunHarness]:
    async with connected_system(tmp_path, {EMAIL: 0}) as opened:
        system = opened.system
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "bob@far.example", EMAIL, SECRET
        mail.set_content(SECRET)
        path = f"/_control/mailboxes/{EMAIL}/messages"
        delivered = await system.google.post(path, content=mail.as_bytes())
        await system.settle()
        yield DryRunHarness(system, opened.connection_id, delivered.json()["id"])


async def test_a_read_is_made_and_only_its_shape_is_told(harness: DryRunHarness) -> None:
    said = await harness.dryrun("get-message", {"id": harness.message}, run=started)
    assert (said.code, said.err) == (0, "")
    line, summary, answer = said.out.splitlines()
    told = ["20", "units", "sent,", "answered", "200"]
    assert line.split() == ["GET", f"/messages/{harness.message}", *told]
    assert summary == "1 Gmail call, 20 quota units, of which 0 not sent."
    assert answer.startswith("It answers GmailMessage: {id: text, threadId: text")
    assert SECRET not in said.out
    shown = await harness.dryrun("get-message", {"id": harness.message}, "--show")
    assert SECRET in shown.out


async def test_a_send_is_shown_whole_and_nothing_is_sent_or_kept(harness: DryRunHarness) -> None:
    before = await harness.gmail_calls()
    given = {"to": "bob@far.example", "subject": SECRET, "text": SECRET}
    said = await harness.dryrun("send-email", given, run=started)
    assert said.code == 0, said.err
    shown = [line.split()[:2] for line in said.out.splitlines()]
    assert ["POST", "/drafts"] in shown
    assert ["POST", "/drafts/send"] in shown
    assert "NOT SENT" in said.out
    assert not any(word in said.out + said.err for word in (SECRET, "bob@far.example"))
    assert await harness.gmail_calls() == before
    held = (await harness.system.google.get(f"/_control/mailboxes/{EMAIL}/messages")).json()
    assert len(held["messages"]) == 1
    operations = (await harness.system.client.get("/operations?type=action")).json()["operations"]
    assert operations == []


async def test_really_does_it(harness: DryRunHarness) -> None:
    given = {"id": harness.message, "addLabelIds": ["STARRED"]}
    dry = await harness.dryrun("modify-message", given)
    assert "NOT SENT, it has an effect" in dry.out
    assert "gmail.users.messages.modify" not in await harness.gmail_calls()
    done = await harness.dryrun("modify-message", given, "--really")
    assert "sent, answered 200" in done.out
    assert (await harness.gmail_calls())["gmail.users.messages.modify"] == 1


async def test_the_only_connection_needs_no_name_and_a_file_may_hold_the_input(
    harness: DryRunHarness, tmp_path: Path
) -> None:
    (tmp_path / "input.json").write_text('{"maxResults": 5}')
    arguments = ["dryrun", "list-messages", "--input", f"@{tmp_path / 'input.json'}"]
    said = await called(harness.system.environ, *arguments)
    assert said.code == 0, said.err
    assert "messages: [1 x {id: text, threadId: text}]" in said.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dryrun", "fly"], "No such action"),
        (["dryrun", "get-profile", "--connection", "nobody"], "no connection 'nobody'"),
        (["dryrun", "get-profile", "--input", "{"], "not JSON"),
        (["dryrun", "get-profile", "--input", "@/nowhere"], "cannot be read"),
        (["dryrun", "get-message", "--input", "{}"], "id"),
        (["dryrun", "get-message", "--input", '{"id": "18f00000000000ff"}'], "Gmail does not know"),
    ],
)
async def test_what_cannot_be_run_is_one_line_and_a_code(
    harness: DryRunHarness, arguments: list[str], told: str
) -> None:
    said = await called(harness.system.environ, *arguments)
    assert said.code == 1
    assert told in said.err
    assert said.err.count("\n") == 1


def test_the_price_list_is_the_emulated_gmails() -> None:
    for method in METHODS:
        below = method.path.removeprefix("/gmail/v1/users/{userId}/")
        assert units_of(method.verb, below) == method.units, method.id
    verbs = {method.path.rpartition(":")[0] for method in METHODS if ":" in method.path}
    named = sum(":" not in method.path for method in METHODS)
    assert len(UNITS) == named + len(verbs)  # `:disable` and its like share their key pair's row
    assert units_of("GET", "/settings/unheard") is None


SERVER = {"host": "smtp.acme.example", "port": 587, "securityMode": "starttls"}
EXAMPLES: dict[str, Any] = {
    "create-draft": {"text": "Hi"},
    "update-draft": {"id": MADE_UP, "text": "Hi"},
    "create-label": {"name": "A"},
    "update-label": {"id": "Label_1", "name": "A"},
    "delete-label": {"id": "Label_1"},
    "modify-message": {"id": "1", "addLabelIds": ["STARRED"]},
    "batch-modify-messages": {"ids": ["1"], "addLabelIds": ["STARRED"]},
    "modify-thread": {"id": "1", "addLabelIds": ["STARRED"]},
    "trash-message": {"id": "1"},
    "untrash-message": {"id": "1"},
    "trash-thread": {"id": "1"},
    "untrash-thread": {"id": "1"},
    "watch-mailbox": {},
    "stop-watch": {},
    "modify-messages": {"ids": ["1"], "addLabelIds": ["STARRED"]},
    "delete-message": {"id": "1"},
    "batch-delete-messages": {"ids": ["1"]},
    "delete-thread": {"id": "1"},
    "create-filter": {"criteria": {"from": "bob"}, "action": {"removeLabelIds": ["INBOX"]}},
    "delete-filter": {"id": "f"},
    "update-vacation-settings": {"enableAutoReply": False},
    "update-imap-settings": {"enabled": True},
    "update-pop-settings": {"accessWindow": "disabled"},
    "update-language-settings": {"displayLanguage": "de"},
    "update-auto-forwarding-settings": {"enabled": False},
    "delete-forwarding-address": {"forwardingEmail": EMAIL},
    "create-send-as-alias": {"sendAsEmail": EMAIL},
    "update-send-as-alias": {"sendAsEmail": EMAIL},
    "update-send-as-smtp-msa": {"sendAsEmail": EMAIL, "smtpMsa": SERVER},
    "verify-send-as-alias": {"sendAsEmail": EMAIL},
    "delete-send-as-alias": {"sendAsEmail": EMAIL},
}


async def test_every_action_with_an_effect_can_be_run_dry(harness: DryRunHarness) -> None:
    before = await harness.gmail_calls()
    real = AutowiredContainer(settings_from(harness.system.environ))
    found = await find_connection(real, harness.connection_id)
    wider = frozenset({MAIL, SETTINGS_BASIC, SETTINGS_SHARING})
    connection = replace(found, scopes=wider)
    for action, given in EXAMPLES.items():
        report = Report()
        container = await container_for_run(real.settings, connection, report, really=False)
        await container.use(RunAction)(connection, action, given)
        await container.close()
        assert None in {one.status for one in report.calls}, action
    await real.close()
    read = {"gmail.users.getProfile": before.get("gmail.users.getProfile", 0) + 1}
    assert (
        await harness.gmail_calls() == before | read
    )  # watch-mailbox compares the address: a read
    with_effect = {name for name, one in actions().items() if one.effect is Effect.STORED}
    assert with_effect - {*EXAMPLES} == {"send-draft", "delete-draft", "cancel-send"}


def test_every_command_says_what_it_does() -> None:
    assert "dryrun" in COMMANDS
    assert all(command.SUMMARY for command in COMMANDS.values())
