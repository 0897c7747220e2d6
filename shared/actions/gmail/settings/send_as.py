"""Send-as aliases: the addresses that a mailbox may send from.

Google lets only service accounts with domain-wide authority add, verify and delete them, or
change one that is not the account's own.
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

ALIASES = "/settings/sendAs"


class AliasByAddress(ActionInput):
    """An alias by its address."""

    sendAsEmail: Address = Field(validation_alias=spellings("sendAsEmail", "send_as_email"))


class GetAliasInput(AliasByAddress):
    """Which alias; the mailbox is always the connection's own."""

    userId: Literal["me"] = Field("me", description="Always me.")


class AliasFields(AliasByAddress):
    """What can be set of an alias; only what is given changes."""

    displayName: str | None = Field(None, max_length=1_000, description="The name in From.")
    replyToAddress: str | None = Field(None, max_length=1_000, description="Where answers go.")
    signature: str | None = Field(None, max_length=50_000, description="HTML.")
    isDefault: bool | None = Field(None, description="Whether new mail is from it.")
    treatAsAlias: bool | None = Field(None, description="Whether it is another of one's names.")

    def as_body(self) -> dict[str, Any]:
        """Return Gmail's body of what is given."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class SmtpServer(ActionInput):
    """The server that mail from the alias is sent by."""

    host: str = Field(min_length=1, max_length=255, description="Its name.")
    port: int = Field(ge=1, le=65_535, description="Such as 587.")
    securityMode: Literal["none", "ssl", "starttls"] = Field(description="How it is spoken to.")
    username: str | None = Field(None, max_length=1_000, description="Gmail never tells it again.")
    password: str | None = Field(None, max_length=1_000, repr=False, description="As the username.")


class AliasServerInput(AliasByAddress, MayLetMailOut):
    """An alias, and by which server its mail is sent."""

    smtpMsa: SmtpServer = Field(description="The server.")

    @property
    def lets_mail_out(self) -> bool:
        """Whether mail goes by a server of someone's: it reads all that is sent."""
        return True


class SendAs(GmailShaped):
    """An address this mailbox may send from; `verificationStatus` must be accepted."""

    sendAsEmail: str
    displayName: str | None = None
    replyToAddress: str | None = None
    signature: str | None = None
    isPrimary: bool = False
    isDefault: bool = False
    verificationStatus: str | None = None


class SendAsList(GmailShaped):
    """All of them, the account's own address first, under both names that callers know."""

    sendAs: list[SendAs] = Field(default_factory=list)
    sendAsAliases: list[SendAs] = Field(default_factory=list)


class AliasWithServer(GmailShaped):
    """The alias whose server was set."""

    sendAs: SendAs


async def list_send_as_aliases(context: ActionContext, _: NoInput) -> SendAsList:
    """Return the addresses mail may be sent from: 1 quota unit."""
    found = await context.gmail.call("GET", ALIASES)
    return SendAsList.model_validate({**found, "sendAsAliases": found.get("sendAs", [])})


async def get_send_as_alias(context: ActionContext, asked: GetAliasInput) -> SendAs:
    """Return one of them: 1 quota unit. Raises GmailNotFoundError."""
    return SendAs.model_validate(await context.gmail.call("GET", f"{ALIASES}/{asked.sendAsEmail}"))


async def create_send_as_alias(context: ActionContext, asked: AliasFields) -> SendAs:
    """Add an alias, whose owner Gmail asks by mail: 100 quota units. Raises GmailRefusedError."""
    made = await context.gmail.call("POST", ALIASES, body=asked.as_body())
    return SendAs.model_validate(made)


async def update_send_as_alias(context: ActionContext, asked: AliasFields) -> SendAs:
    """Change what is given: 100 quota units. Raises GmailNotFoundError, GmailRefusedError."""
    return await _patch(context, asked.sendAsEmail, asked.as_body())


async def update_send_as_smtp_msa(
    context: ActionContext, asked: AliasServerInput
) -> AliasWithServer:
    """Set the server that mail from an alias is sent by: 100 quota units."""
    server = asked.smtpMsa.model_dump(mode="json", exclude_none=True)
    changed = await _patch(context, asked.sendAsEmail, {"smtpMsa": server})
    return AliasWithServer(sendAs=changed)


async def verify_send_as_alias(context: ActionContext, asked: AliasByAddress) -> Done:
    """Have Gmail ask the owner of a pending alias once more: 100 quota units."""
    await context.gmail.call("POST", f"{ALIASES}/{asked.sendAsEmail}/verify")
    return Done(success=True)


async def delete_send_as_alias(context: ActionContext, asked: AliasByAddress) -> Done:
    """Delete an alias: 5 quota units. Raises GmailNotFoundError, GmailRefusedError."""
    await context.gmail.call("DELETE", f"{ALIASES}/{asked.sendAsEmail}")
    return Done(success=True)


async def _patch(context: ActionContext, address: str, body: dict[str, Any]) -> SendAs:
    return SendAs.model_validate(
        await context.gmail.call("PATCH", f"{ALIASES}/{address}", body=body)
    )


READ = (READONLY, SETTINGS_BASIC)
CHANGE = (SETTINGS_BASIC, SETTINGS_SHARING)
ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="list-send-as-aliases",
        summary="The addresses this mailbox may send from.",
        input=NoInput,
        output=SendAsList,
        run=list_send_as_aliases,
        scopes=READ,
    ),
    Action(
        name="get-send-as-alias",
        summary="Read one address this mailbox may send from, with its signature.",
        input=GetAliasInput,
        output=SendAs,
        run=get_send_as_alias,
        scopes=READ,
        agents_need=SETTINGS,
    ),
    Action(
        name="create-send-as-alias",
        summary="Add an address to send from; its owner is asked by mail.",
        input=AliasFields,
        output=SendAs,
        run=create_send_as_alias,
        scopes=(SETTINGS_SHARING,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="update-send-as-alias",
        summary="Change an alias's name, reply address, signature, or make it the default.",
        input=AliasFields,
        output=SendAs,
        run=update_send_as_alias,
        scopes=CHANGE,
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="update-send-as-smtp-msa",
        summary="Set the SMTP server that mail from an alias is sent by.",
        input=AliasServerInput,
        output=AliasWithServer,
        run=update_send_as_smtp_msa,
        scopes=CHANGE,
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="verify-send-as-alias",
        summary="Ask the owner of a pending alias once more.",
        input=AliasByAddress,
        output=Done,
        run=verify_send_as_alias,
        scopes=(SETTINGS_SHARING,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="delete-send-as-alias",
        summary="Delete an alias.",
        input=AliasByAddress,
        output=Done,
        run=delete_send_as_alias,
        scopes=(SETTINGS_SHARING,),
        effect=Effect.STORED,
        does=Does.DELETE,
    ),
)
