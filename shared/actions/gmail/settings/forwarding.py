"""Forwarding: the addresses that may get mail, and whether all new mail goes to one.

Google lets only service accounts with domain-wide authority change either.
"""

# ruff: noqa: N815  Gmail's spelling

from typing import Any, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import (
    SETTINGS,
    Address,
    Done,
    MayLetMailOut,
    NoInput,
    spellings,
)
from shared.actions.registry import Action, ActionContext, ActionInput, Effect, GmailShaped
from shared.domain.connect.scopes import READONLY, SETTINGS_BASIC, SETTINGS_SHARING
from shared.domain.keys.policy import Does

ADDRESSES = "/settings/forwardingAddresses"
FORWARDING = "/settings/autoForwarding"


class ForwardingByAddress(ActionInput):
    """A forwarding address."""

    forwardingEmail: Address = Field(
        validation_alias=spellings("forwardingEmail", "forwarding_email")
    )


class ForwardingAddress(GmailShaped):
    """An address that mail may be forwarded to once `verificationStatus` is accepted."""

    forwardingEmail: str
    verificationStatus: str | None = None


class ForwardingAddressList(GmailShaped):
    """All of them."""

    forwardingAddresses: list[ForwardingAddress] = Field(default_factory=list)


class AutoForwardingInput(MayLetMailOut):
    """Whether all new mail is forwarded. It replaces the setting whole."""

    enabled: bool = Field(description="Whether new mail is forwarded.")
    emailAddress: Address | None = Field(None, description="A verified forwarding address.")
    disposition: Literal["leaveInInbox", "archive", "trash", "markRead"] | None = Field(
        None, description="What becomes of the mail here."
    )

    @property
    def lets_mail_out(self) -> bool:
        """Whether it forwards."""
        return self.enabled


class AutoForwarding(GmailShaped):
    """users.settings.autoForwarding."""

    enabled: bool = False
    emailAddress: str | None = None
    disposition: str | None = None


async def list_forwarding_addresses(context: ActionContext, _: NoInput) -> ForwardingAddressList:
    """Return the forwarding addresses: 1 quota unit."""
    found = await context.gmail.call("GET", ADDRESSES)
    return ForwardingAddressList.model_validate({"forwardingAddresses": [], **found})


async def get_forwarding_address(
    context: ActionContext, asked: ForwardingByAddress
) -> ForwardingAddress:
    """Return one of them: 1 quota unit. Raises GmailNotFoundError."""
    found = await context.gmail.call("GET", f"{ADDRESSES}/{asked.forwardingEmail}")
    return ForwardingAddress.model_validate(found)


async def delete_forwarding_address(context: ActionContext, asked: ForwardingByAddress) -> Done:
    """Delete one: 5 quota units. Raises GmailNotFoundError."""
    await context.gmail.call("DELETE", f"{ADDRESSES}/{asked.forwardingEmail}")
    return Done(success=True)


async def get_auto_forwarding(context: ActionContext, _: NoInput) -> AutoForwarding:
    """Return whether all new mail is forwarded: 1 quota unit."""
    return AutoForwarding.model_validate(await context.gmail.call("GET", FORWARDING))


async def update_auto_forwarding(
    context: ActionContext, asked: AutoForwardingInput
) -> AutoForwarding:
    """Replace the setting: 5 quota units. Raises GmailRefusedError (400: not verified)."""
    body = asked.model_dump(mode="json", exclude_none=True)
    return AutoForwarding.model_validate(await context.gmail.call("PUT", FORWARDING, body=body))


READ = (READONLY, SETTINGS_BASIC)
ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="list-forwarding-addresses",
        summary="The addresses that mail may be forwarded to.",
        input=NoInput,
        output=ForwardingAddressList,
        run=list_forwarding_addresses,
        scopes=READ,
        agents_need=SETTINGS,
    ),
    Action(
        name="get-forwarding-address",
        summary="Read one forwarding address and whether it is verified.",
        input=ForwardingByAddress,
        output=ForwardingAddress,
        run=get_forwarding_address,
        scopes=READ,
        agents_need=SETTINGS,
    ),
    Action(
        name="delete-forwarding-address",
        summary="Delete a forwarding address.",
        input=ForwardingByAddress,
        output=Done,
        run=delete_forwarding_address,
        scopes=(SETTINGS_SHARING,),
        effect=Effect.STORED,
        does=Does.DELETE,
    ),
    Action(
        name="get-auto-forwarding-settings",
        summary="Whether all new mail is forwarded, and where to.",
        input=NoInput,
        output=AutoForwarding,
        run=get_auto_forwarding,
        scopes=READ,
        agents_need=SETTINGS,
    ),
    Action(
        name="update-auto-forwarding-settings",
        summary="Forward all new mail to a verified address, or stop it.",
        input=AutoForwardingInput,
        output=AutoForwarding,
        run=update_auto_forwarding,
        scopes=(SETTINGS_SHARING,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
)
