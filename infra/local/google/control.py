"""/_control: what tests and demos do to this Google that no client of the real one could."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import Any

import httpx
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.google.control_bodies import (
    Consent,
    Limits,
    Model,
    NewMailbox,
    Reading,
    Renamed,
    ScriptedFault,
    SignIn,
    Step,
)
from infra.local.google.faults import ENDPOINTS, Fault
from infra.local.google.gmail.methods import METHODS
from infra.local.google.oauth.authorize import ScriptedAnswer
from infra.local.google.oauth.scopes import spelled_out, unknown_scopes
from infra.local.google.parts import Google
from infra.local.google.wording import Words
from infra.local.loopback import loopback_client

CHUNK = 500


class ControlError(Exception):
    """A control request that makes no sense; the message says what would."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Control:
    """The control API that `README.md` lists. Local only, without authentication."""

    def __init__(self, google: Google) -> None:
        self._google = google

    def routes(self) -> list[Route]:
        """Return the routes."""
        table = [
            ("POST", "/mailboxes", self.seed),
            ("GET", "/mailboxes", self.mailboxes),
            ("POST", "/mailboxes/{email}/messages", self.deliver),
            ("GET", "/mailboxes/{email}/messages", self.messages),
            ("POST", "/mailboxes/{email}/rename", self.rename),
            ("POST", "/tokens", self.sign_in),
            ("POST", "/consent", self.consent),
            ("POST", "/faults", self.add_fault),
            ("GET", "/faults", self.faults),
            ("DELETE", "/faults", self.clear_faults),
            ("POST", "/clock", self.advance),
            ("GET", "/clock", self.clock),
            ("POST", "/quota", self.quota),
            ("POST", "/reading", self.reading),
            ("GET", "/stats", self.stats),
            ("POST", "/settle", self.settle),
            ("POST", "/reset", self.reset),
        ]
        return [
            Route(f"/_control{path}", _answering(act), methods=[verb]) for verb, path, act in table
        ]

    async def seed(self, request: Request) -> dict[str, Any]:
        """Create a mailbox if it is new and fill it with realistic mail."""
        wanted = await _read(request, NewMailbox)
        store = self._google.store
        store.create_mailbox(wanted.email)
        if wanted.messages:
            await self._fill(wanted)
        return {
            "email": wanted.email,
            "messages": wanted.messages,
            "historyId": str(store.history_id(wanted.email)),
        }

    async def _fill(self, wanted: NewMailbox) -> None:
        # The corpus is large; an emulator that never seeds should not load it.
        from infra.local.google.corpus import seed_messages  # noqa: PLC0415

        mail = iter(
            seed_messages(
                wanted.email,
                wanted.messages,
                span_days=wanted.span_days,
                now=self._google.clock.now(),
            )
        )
        while chunk := [(m.raw, m.internal_date, m.label_ids) for m in islice(mail, CHUNK)]:
            self._google.store.deliver_many(wanted.email, chunk)
            await asyncio.sleep(0)

    async def mailboxes(self, _request: Request) -> dict[str, Any]:
        """List the addresses."""
        return {"mailboxes": self._google.store.emails()}

    async def deliver(self, request: Request) -> dict[str, Any]:
        """Deliver the raw RFC 822 body as new mail."""
        email, raw = self._mailbox(request), await request.body()
        if not raw.strip():
            raise ControlError(400, "the body must be the raw RFC 822 message")
        labels = request.query_params.getlist("labelIds") or ["INBOX", "UNREAD"]
        thread_id = request.query_params.get("threadId")
        stored = self._google.store.deliver(email, raw, label_ids=labels, thread_id=thread_id)
        return {
            "id": stored.id,
            "threadId": stored.thread_id,
            "historyId": str(stored.history_id),
        }

    async def messages(self, request: Request) -> dict[str, Any]:
        """Say what the mailbox really holds, spam and trash included."""
        return {"messages": self._google.store.messages(self._mailbox(request))}

    async def rename(self, request: Request) -> dict[str, Any]:
        """Change the account's address; its mail, `sub`, grants and watch stay."""
        email, wanted = self._mailbox(request), await _read(request, Renamed)
        try:
            self._google.store.rename_mailbox(email, wanted.to)
        except ValueError as error:
            raise ControlError(400, str(error)) from None
        self._google.grants.accounts.rename(email, wanted.to)
        return {"email": wanted.to}

    async def sign_in(self, request: Request) -> dict[str, Any]:
        """Consent for a user and exchange the code, all at once: tokens without a browser."""
        wanted = await _read(request, SignIn)
        self._check_account(wanted.email)
        return self._google.tokens.grant(wanted.email, _scopes(wanted.scopes))

    def _check_account(self, email: str) -> None:
        if not self._google.store.has_mailbox(email):
            raise ControlError(400, f"no mailbox {email}: create it first")

    async def consent(self, request: Request) -> dict[str, Any]:
        """Queue the answer to the next consent screen."""
        wanted = await _read(request, Consent)
        self._check_account(wanted.email)
        scopes = None if wanted.scopes is None else _scopes(wanted.scopes)
        queue = self._google.authorization.scripted
        approve = wanted.decision == "approve"
        queue.append(
            ScriptedAnswer(wanted.email, approve, None if scopes is None else tuple(scopes))
        )
        return {"queued": len(queue)}

    async def add_fault(self, request: Request) -> dict[str, Any]:
        """Script a fault."""
        wanted = await _read(request, ScriptedFault)
        _check_method(wanted.method)
        try:
            plain = wanted.model_dump(exclude=set(Words.__slots__))
            fault = self._google.faults.add(**plain, words=wanted.words())
        except ValueError as error:
            raise ControlError(400, str(error)) from None
        return _fault_fields(fault)

    async def faults(self, _request: Request) -> dict[str, Any]:
        """List the faults that can still strike."""
        return {"faults": [_fault_fields(fault) for fault in self._google.faults.all()]}

    async def clear_faults(self, _request: Request) -> dict[str, Any]:
        """Behave again."""
        self._google.faults.clear()
        return {"faults": []}

    async def advance(self, request: Request) -> dict[str, Any]:
        """Move time forward, here and at the follower."""
        step = await _read(request, Step)
        self._google.clock.advance(step.advance_s)
        follower = self._google.settings.clock_follower
        if follower is not None:
            await _notify(follower, step.advance_s)
        return self._time()

    async def clock(self, _request: Request) -> dict[str, Any]:
        """Tell the time."""
        return self._time()

    def _time(self) -> dict[str, Any]:
        clock = self._google.clock
        moment = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"now": moment, "offset_s": clock.offset / timedelta(seconds=1)}

    async def quota(self, request: Request) -> dict[str, Any]:
        """Change limits at once; 0 pushes a second stand for no cap."""
        wanted = await _read(request, Limits)
        quota, pushes = self._google.quota, self._google.pushes
        if wanted.units_per_minute is not None:
            quota.limit(wanted.units_per_minute)
        if wanted.concurrent_requests is not None:
            quota.concurrent_requests = wanted.concurrent_requests
        if wanted.pushes_per_second is not None:
            pushes.most_per_second = wanted.pushes_per_second or None
        return {
            "units_per_minute": quota.units_per_minute,
            "concurrent_requests": quota.concurrent_requests,
            "pushes_per_second": pushes.most_per_second or 0,
        }

    async def reading(self, request: Request) -> dict[str, Any]:
        """Hand out encoded words in address headers decoded, or as they came.

        No recording says which of the two Gmail does.
        """
        wanted = await _read(request, Reading)
        self._google.store.address_words = wanted.address_words
        return {"address_words": wanted.address_words}

    async def stats(self, _request: Request) -> dict[str, Any]:
        """Count calls, units, refusals and pushes."""
        return {**self._google.stats.as_json(), "pushes": dict(self._google.pushes.counts)}

    async def settle(self, _request: Request) -> dict[str, Any]:
        """Return when no push is on its way."""
        return dict(await self._google.pushes.settle())

    async def reset(self, _request: Request) -> dict[str, Any]:
        """Forget mailboxes, grants, watches, faults and counts; keep keys and the time."""
        google = self._google
        google.faults.clear()
        google.pushes.forget_all()
        google.watches.forget_all()
        google.grants.forget_all()
        google.authorization.scripted.clear()
        google.store.delete_all()
        google.store.address_words = "decoded"
        google.stats.reset()
        google.quota.reset(google.settings.units_per_minute, google.settings.concurrent_requests)
        return {"reset": True}

    def _mailbox(self, request: Request) -> str:
        email = str(request.path_params["email"]).lower()
        if not self._google.store.has_mailbox(email):
            raise ControlError(404, f"no mailbox {email}: create it with POST /_control/mailboxes")
        return email


def _scopes(names: list[str]) -> list[str]:
    """Return scopes as Google spells them. Raises ControlError for one there is not."""
    scopes = spelled_out(names)
    if invalid := unknown_scopes(scopes):
        raise ControlError(400, f"unknown scopes: {', '.join(invalid)}")
    return scopes


async def _read(request: Request, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise ControlError(400, "; ".join(problems)) from None


def _answering(
    act: Callable[[Request], Awaitable[dict[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await act(request))
        except ControlError as error:
            body = {"error": {"code": error.status, "message": error.message}}
            return JSONResponse(body, status_code=error.status)

    return answer


async def _notify(follower: str, seconds: float) -> None:
    try:
        async with loopback_client(timeout=10) as client:
            answer = await client.post(follower, json={"advance_s": seconds})
            answer.raise_for_status()
    except httpx.HTTPError as error:
        message = f"time moved here, but the clock follower {follower} failed: {error!r}"
        raise ControlError(502, message) from None


def _check_method(method: str | None) -> None:
    known = [*ENDPOINTS, *(row.id for row in METHODS)]
    if method is not None and not any(f".{name}".endswith(f".{method}") for name in known):
        raise ControlError(400, f"unknown method {method!r}; known: {', '.join(known)}")


def _fault_fields(fault: Fault) -> dict[str, Any]:
    shown = asdict(fault)
    del shown["posted_at"]
    said = {name: value for name, value in shown.pop("words").items() if value is not None}
    return shown | said
