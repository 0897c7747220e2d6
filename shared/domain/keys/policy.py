"""What a key's agents are held to, and the verdict on each of their calls (API 8.3).

A policy is written when a key is created and never changes. It binds every action that runs by
the key, whichever way it came: REST, bulk, background or MCP.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from shared.domain.keys.rule import Rule
from shared.domain.mail.writing.recipients import ascii_domain, checked_address
from shared.domain.validation import MAX_TEXT, validate
from shared.errors import InvalidRequestError, PolicyRefusedError

MOST_DAILY_SENDS: Final = 5_000
MOST_DOMAINS: Final = 200
ANY_BELOW: Final = "*."
_ROUTING: Final = re.compile(r'[%!@:"]')
"""What makes some hosts pass mail on to another: `ann%far.example@near.example`."""
_NAMES_OTHERS: Final = re.compile(
    r"(?!(in-)?reply-to$)(.*-(to|cc|bcc)|resent-.*|return-path)", re.IGNORECASE
)
"""Headers by which hosts write to others than To, Cc and Bcc: Errors-To, Envelope-To, receipts."""


class Does(StrEnum):
    """What calling an action does to the mailbox or to the world."""

    READ = "read"
    DRAFT = "draft"
    """Keeps or replaces a draft: only the mailbox's owner sees it."""
    SEND = "send"
    CHANGE = "change"
    """Labels, trash, watch, calling off a send: it can be taken back."""
    DELETE = "delete"
    """It cannot be taken back."""
    UNKNOWN = "untold"
    """An effect whose author did not say which, or that lets mail out to people whom no policy can
    see (forwarding, a responder, another server): taken to be the worst."""


def _domain(text: str) -> str:
    """Return a domain in lower-case ASCII, its `*.` kept. Raises ValueError."""
    below = text.startswith(ANY_BELOW)
    name = text.removeprefix(ANY_BELOW)
    try:
        _, _, domain = checked_address(f"somebody@{name}").rpartition("@")
    except ValueError:
        raise ValueError("this is no domain: write example.com, or *.example.com") from None
    return f"{ANY_BELOW if below else ''}{domain.lower()}"


Domain = Annotated[str, Field(max_length=255), AfterValidator(_domain)]
Asked = Literal[Does.DRAFT, Does.SEND, Does.CHANGE, Does.DELETE]


class Policy(BaseModel):
    """The typed form of an API key's `policy`; an empty one restricts nothing."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_max_length=MAX_TEXT, defer_build=True
    )

    read_only: StrictBool = Field(default=False, description="Only actions that read.")
    draft_only: StrictBool = Field(
        default=False, description="Reading, and keeping drafts that a person sends."
    )
    allowed_domains: tuple[Domain, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_DOMAINS,
        description="Whom messages and drafts may go to: `example.com`, or `*.example.com` for "
        "every host below it.",
    )
    daily_sends: StrictInt | None = Field(
        None, ge=0, le=MOST_DAILY_SENDS, description="Messages this key may send in a UTC day."
    )
    no_bcc: StrictBool = Field(default=False, description="Nobody is written to unseen.")
    approval_required: StrictBool | tuple[Asked, ...] = Field(
        default=False,
        description="What waits for a person's word: `true` is every effect, or a list of "
        "draft, send, change, delete.",
    )

    @property
    def restricting(self) -> bool:
        """Whether it holds the key to anything."""
        return self != UNRESTRICTED

    @property
    def restricts_recipients(self) -> bool:
        """Whether its verdict needs the recipients of a message."""
        return self.allowed_domains is not None or self.no_bcc

    def allows_domain_of(self, address: str) -> bool:
        """Whether a message may go to this address."""
        if self.allowed_domains is None:
            return True
        local, _, domain = address.lower().rpartition("@")
        if _ROUTING.search(local):
            return False
        try:
            domain = ascii_domain(domain)
        except ValueError:
            return False
        return any(_covers(allowed, domain) for allowed in self.allowed_domains)

    def asks_for(self, does: Does) -> bool:
        """Whether this waits for a person's word."""
        if isinstance(self.approval_required, bool):
            return self.approval_required and does is not Does.READ
        return does in self.approval_required or (
            does is Does.UNKNOWN and bool(self.approval_required)
        )


def _covers(allowed: str, domain: str) -> bool:
    if allowed.startswith(ANY_BELOW):
        return domain.endswith(allowed[1:])
    return domain == allowed


UNRESTRICTED: Final = Policy.model_construct()


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """What a call would do; recipients are those it would really go to, if any were looked up."""

    does: Does
    recipients: Sequence[str] = ()
    blind: bool = False
    """Whether some of them are in bcc."""
    headers: Sequence[str] = ()
    """Names of the message's headers."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go ahead; a send counts against the key's day."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and the same call will be refused again."""

    rule: Rule
    reason: str

    def error(self) -> PolicyRefusedError:
        """Return the error that tells the caller."""
        return PolicyRefusedError(self.reason, rule=self.rule)


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """A person has to say yes first."""


Verdict = Allowed | Refused | NeedsApproval


def judge(policy: Policy, proposed: ProposedCall) -> Verdict:
    """Return the verdict on a call. What can never be allowed is refused before a person is asked.

    The day's cap is not judged here: it is counted where it can be counted without a race.
    """
    if proposed.does is Does.READ:
        return Allowed()
    refused = _by_kind(policy, proposed.does) or _by_recipients(policy, proposed)
    if refused is not None:
        return refused
    return NeedsApproval() if policy.asks_for(proposed.does) else Allowed()


def _by_kind(policy: Policy, does: Does) -> Refused | None:
    if policy.read_only:
        return Refused(Rule.READ_ONLY, "This key may only read.")
    if policy.draft_only and does is not Does.DRAFT:
        return Refused(Rule.DRAFT_ONLY, "This key may only read and keep drafts: use create-draft.")
    capped = policy.daily_sends is not None
    if does is Does.UNKNOWN and (policy.restricts_recipients or capped):
        text = "What this sets going cannot be seen, so this key's policy cannot allow it."
        return Refused(Rule.UNKNOWN, text)
    if does is Does.SEND and policy.daily_sends == 0:
        return Refused(Rule.DAILY_SENDS, "This key may not send.")
    return None


def _by_recipients(policy: Policy, proposed: ProposedCall) -> Refused | None:
    if policy.no_bcc and proposed.blind:
        return Refused(Rule.NO_BCC, "This key may not write to anybody in bcc: use to or cc.")
    if policy.allowed_domains is not None and any(map(_NAMES_OTHERS.fullmatch, proposed.headers)):
        text = "This key may write to certain domains only, so no header may name further people."
        return Refused(Rule.ALLOWED_DOMAINS, text)
    outside = sum(not policy.allows_domain_of(address) for address in proposed.recipients)
    if outside:
        text = f"{outside} of the recipients are outside the domains this key may write to."
        return Refused(Rule.ALLOWED_DOMAINS, text)
    return None


def parse_policy(given: Mapping[str, Any]) -> Policy:
    """Return the policy a caller wrote. Raises InvalidRequestError naming each wrong field."""
    return validate(Policy, dict(given), within=("policy",))


def policy_of(stored: Mapping[str, Any]) -> Policy:
    """Return the policy a key was stored with.

    Raises PolicyRefusedError where this version does not understand it: a rule that cannot be
    read must not be a rule that is not kept.
    """
    if not stored:
        return UNRESTRICTED
    try:
        return parse_policy(stored)
    except InvalidRequestError:
        raise PolicyRefusedError(
            "This key's policy cannot be read: create another key.", rule=Rule.ROUTE
        ) from None


@dataclass(frozen=True, slots=True)
class Actor:
    """By which key an action runs: its name as logs show it, and what it is held to."""

    key: str
    policy: Policy = UNRESTRICTED
    via: str | None = None
    """The protocol of agents where it came by one, as in `mcp`; None by HTTP."""

    @property
    def detail(self) -> dict[str, str]:
        """What the operations log tells of it."""
        return {"key": self.key} if self.via is None else {"key": self.key, "via": self.via}
