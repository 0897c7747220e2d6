"""Calls that wait for a person, by processes that may die: what is done, and what must hold."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from infra.local.google.mail import drafts
from shared.actions.policy.count_sends import CountSends
from shared.actions.policy.decide_approval import DecideApproval
from shared.actions.policy.guard import GuardedActions, Waiting
from shared.domain.events.event import EventType
from shared.domain.keys.approval import CLAIM, GIVEN_UP, WAITS, Approval, approval_id
from shared.domain.keys.policy import Actor, Policy
from shared.domain.send.entry import send_id
from shared.errors import AlreadyExistsError, ConflictError, PermanentError, TransientError
from shared.ports.access import Approvals
from shared.ports.connections import Connections
from shared.ports.events import Outbox
from shared.ports.sends import Sends
from shared.ports.store import Store
from shared.usecases.send.resume_send import FinishSend
from tests.harness.acting import ActionHarness
from tests.harness.google import EMAIL
from tests.harness.samples import CONNECTION

POLICY = Policy(approval_required=True, daily_sends=100)
PERSON = "key-person"
ROUNDS = 40
Ask = Callable[[ActionHarness, str], Awaitable[tuple[str, dict[str, Any]]]]
"""Makes ready what the call works on; answers the action and its arguments."""
Stumble = tuple[str, int, Literal["before", "after"], Exception]
CHANGED = ConflictError("Somebody else wrote.")
THERE = AlreadyExistsError("It is there.")


async def a_message(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    return "send-email", {"to": "bob@acme.example", "subject": key, "body": "Once."}


async def a_reply(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    parent = harness.deliver(Reply_To="bob@acme.example")
    return "send-email", {"reply_to_message_id": parent, "subject": key, "body": "Once."}


async def a_draft(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    _, letter = await a_message(harness, key)
    return "send-draft", {"id": (await harness.ran("create-draft", letter))["id"]}


async def an_answer(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    id = f"<{key.replace(' ', '.')}@far.example>"
    parent = harness.deliver(subject=key, Reply_To="bob@acme.example", Message_ID=id)
    letter = {"reply_to_message_id": parent, "subject": key, "body": "Once."}
    return "send-draft", {"id": (await harness.ran("create-draft", letter))["id"]}


def changed(harness: ActionHarness, draft: str) -> None:
    """Change a draft in Gmail itself."""
    raw = b"To: eve@far.example\r\nSubject: Another\r\n\r\nx"
    with suppress(LookupError, drafts.NotADraftError):
        drafts.update_draft(harness.google.store, EMAIL, draft, raw, None)


def gone(harness: ActionHarness, draft: str) -> None:
    """Delete a draft in Gmail itself."""
    with suppress(LookupError):
        drafts.delete_draft(harness.google.store, EMAIL, draft)


async def a_thread(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    mail = harness.deliver(Subject2=key)
    return "trash-thread", {"id": (await harness.ran("get-message", {"id": mail}))["threadId"]}


async def a_change(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    return "trash-message", {"id": harness.deliver(Subject2=key)}


async def a_vain_change(harness: ActionHarness, key: str) -> tuple[str, dict[str, Any]]:
    return "trash-message", {"id": "18f0000000000000"}


@dataclass
class Stumbling:
    """A port on which a call of a method, by its number, raises before or after its effect."""

    port: Any
    stumbles: Sequence[Stumble]
    calls: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.port, name)

        async def stumbling(*given: Any, **named: Any) -> Any:
            self.calls[name] += 1
            mine = [one for one in self.stumbles if one[:2] == (name, self.calls[name])]
            if not mine:
                return await call(*given, **named)
            if mine[0][2] == "after":
                await call(*given, **named)
            raise mine[0][3]

        return stumbling


@dataclass(frozen=True)
class Scene:
    """What is asked for, what the person does about it, and what goes wrong by itself."""

    name: str
    ask: Ask
    word: str = "approve"
    fault: tuple[str, str, int] | None = None
    """One of Google's, of which method, how often."""
    approvals: tuple[Stumble, ...] = ()
    counts: tuple[Stumble, ...] = ()
    ends: str | None = None
    """The error it must end with."""
    meanwhile: Callable[[ActionHarness, str], None] | None = None
    """What happens to the thing of the arguments' id before the person decides."""
    patience: timedelta = CLAIM

    def __str__(self) -> str:
        return self.name

    async def prepared(self, harness: ActionHarness, key: str) -> "Play":
        """Make ready, undisturbed."""
        action, arguments = await self.ask(harness, key)
        store = harness.container.use(Store)
        approvals = getattr(store.approvals, "port", store.approvals)
        counts = getattr(store.send_counts, "port", store.send_counts)
        harness.container.bind(
            Store,
            replace(
                store,
                approvals=Stumbling(approvals, self.approvals),
                send_counts=Stumbling(counts, self.counts),
            ),
        )
        if self.fault is not None:
            fault, method, times = self.fault
            harness.fault(fault, method=method, times=times)
        actor = Actor(f"key-{key}", POLICY)
        if self.name == "send":
            await CountSends(counts, harness.clock)(actor, ["an earlier one"])
        return Play(harness, self, actor, key, action, arguments)


@dataclass
class Play:
    """One showing of a scene; `act` is what dies, `recover` what comes after."""

    harness: ActionHarness
    scene: Scene
    actor: Actor
    key: str
    action: str
    arguments: dict[str, Any]

    async def act(self) -> None:
        """Ask, decide, each twice, ask what became of it, and let the background do its work."""
        for _ in range(2):
            id = await self._asked()
        if self.scene.meanwhile is not None:
            self.scene.meanwhile(self.harness, self.arguments["id"])
        for _ in range(2):
            await self._decided(id)
        await self._asked()
        self.harness.clock.advance(self.scene.patience)
        await self._background()

    async def recover(self) -> Approval:
        """Ask again, decide again, and wait until nothing is due; answer what is stored then."""
        for _ in range(ROUNDS):
            with suppress(TransientError):
                await self.act()
            found = await self._found()
            if found is not None and found.final and await self._at_rest(found):
                return found
            self.harness.clock.advance(CLAIM)
        raise AssertionError("nobody finished it")

    async def verify(self, ended: Approval, *, disturbed: bool) -> None:
        """Hold the end to the mailbox and to what the product was told."""
        events = await self._events(ended)
        assert {*events.values()} == {1}, events
        if self.scene.word != "approve":
            word = "rejected" if self.scene.word == "reject" else "expired"
            assert ({*events}, ended.state) == ({"requested", word}, word)
            assert self._done() == 0
            return
        assert {*events} == {"requested", "approved", "finished"}
        if ended.error != self.scene.ends:
            assert disturbed
            ends = (self.scene.name, ended.error)
            assert ends == ("hopeless", None)
        assert self._done() == int(ended.error is None)

    async def _asked(self) -> str:
        connection = await self.harness.container.use(Connections).get(CONNECTION)
        assert connection is not None
        with suppress(PermanentError):  # it was decided, or ended badly, before we died
            told = await self.harness.container.use(GuardedActions)(
                self.actor, connection.value, self.action, self.arguments, idempotency_key=self.key
            )
            if isinstance(told, Waiting):
                return told.approval_id
        return approval_id(self.actor.key, CONNECTION, self.key)

    async def _decided(self, id: str) -> None:
        decide = self.harness.container.use(DecideApproval)
        with suppress(PermanentError):
            if self.scene.word == "approve":
                await decide.approve(id, PERSON)
            elif self.scene.word == "reject":
                await decide.reject(id, PERSON, "No.")
            else:
                self.harness.clock.advance(WAITS)
                if self.scene.word == "late":
                    await decide.approve(id, PERSON)

    async def _background(self) -> None:
        """Do what reconcile and its tasks do."""
        container = self.harness.container
        now = self.harness.clock.now()
        for id in await container.use(Approvals).due(now, 50):
            await container.use(DecideApproval).attend(id)
        for id in await container.use(Sends).due(now, 50):
            await container.use(FinishSend)(id)

    async def _found(self) -> Approval | None:
        id = approval_id(self.actor.key, CONNECTION, self.key)
        found = await self.harness.container.use(Approvals).get(id)
        return None if found is None else found.value

    async def _at_rest(self, ended: Approval) -> bool:
        """Whether the send it ran has its final state, where it ran one."""
        sent = await self.harness.container.use(Sends).get(send_id(CONNECTION, ended.run_key))
        return sent is None or sent.value.state.final

    async def _events(self, ended: Approval) -> Counter[str]:
        outbox = self.harness.container.use(Outbox)
        found = await outbox.list(state=None, connection_id=CONNECTION, limit=10_000)
        told = [one.payload for one in found if one.type is EventType.APPROVAL]
        mine = [one for one in told if one["approval"]["id"] == ended.id]
        return Counter(str(one["operation"]) for one in mine)

    def _done(self) -> int:
        """Count what was done to the mailbox, by the oracle."""
        held = self.harness.google.store.messages(EMAIL)
        if self.action == "trash-message":
            mine = [one for one in held if one["id"] == self.arguments["id"]]
            return sum("TRASH" in one["labelIds"] for one in mine)
        if self.action == "trash-thread":
            mine = [one for one in held if one["threadId"] == self.arguments["id"]]
            return int(all("TRASH" in one["labelIds"] for one in mine))
        return sum("SENT" in one["labelIds"] and self._is_mine(one["id"]) for one in held)

    def _is_mine(self, id: str) -> bool:
        store = self.harness.google.store
        message = store.message(EMAIL, int(id, 16))
        assert message is not None
        return f"Subject: {self.key}\r\n".encode() in store.raw(message.row)


TROUBLE = ("status_503", "messages.trash")
SCENES = (
    Scene("send", a_message),
    Scene("reply", a_reply),
    Scene("send a draft", a_draft),
    Scene("send a changed draft", a_draft, meanwhile=changed),
    Scene("send a draft that is gone", a_draft, meanwhile=gone),
    Scene("send an answer that is gone", an_answer, meanwhile=gone),
    Scene("change", a_change),
    Scene("change a thread", a_thread),
    Scene("change through trouble", a_change, fault=(*TROUBLE, 1)),
    Scene("vain change", a_vain_change, ends="upstream_error"),
    Scene("hopeless", a_change, fault=(*TROUBLE, 1), ends="gave_up", patience=2 * GIVEN_UP),
    Scene("refused by Gmail's rate", a_message, fault=("status_429", "drafts.create", 1)),
    Scene("reject", a_message, word="reject"),
    Scene("expire", a_message, word="wait"),
    Scene("too late", a_message, word="late"),
    Scene("asked twice at once", a_message, approvals=(("open", 1, "after", THERE),)),
    Scene("decided by two", a_message, approvals=(("conclude", 1, "before", CHANGED),)),
    Scene("run by two", a_message, approvals=(("conclude", 2, "before", CHANGED),)),
    Scene("rejected by two", a_message, "reject", approvals=(("conclude", 1, "before", CHANGED),)),
    Scene("expired by two", a_message, "wait", approvals=(("conclude", 1, "before", CHANGED),)),
    Scene(
        "taken up by two",
        a_change,
        fault=(*TROUBLE, 1),
        approvals=(("swap", 1, "before", CHANGED), ("swap", 2, "before", CHANGED)),
    ),
    Scene("counted by two", a_message, counts=(("create", 1, "before", THERE),)),
)
