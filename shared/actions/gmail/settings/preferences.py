"""Preferences of the mailbox: vacation responder, IMAP, POP, language.

An update replaces its setting whole: a switch that is not given is off.
"""

# ruff: noqa: N815  Gmail's spelling

from typing import Any, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import SETTINGS, MayLetMailOut, NoInput, spellings
from shared.actions.registry import Action, ActionContext, ActionInput, Effect, GmailShaped
from shared.domain.connect.scopes import READONLY, SETTINGS_BASIC
from shared.domain.keys.policy import Does
from shared.domain.validation import MAX_TEXT


class VacationInput(MayLetMailOut):
    """The vacation responder; it answers only where it has a subject or a body."""

    enableAutoReply: bool = Field(description="Whether mail is answered by itself.")
    responseSubject: str | None = Field(None, max_length=2_000, description="Of the answer.")
    responseBodyPlainText: str | None = Field(None, max_length=MAX_TEXT, description="Plain text.")
    responseBodyHtml: str | None = Field(None, max_length=MAX_TEXT, description="Goes before it.")
    restrictToContacts: bool | None = Field(None, description="Only contacts are answered.")
    restrictToDomain: bool | None = Field(None, description="Only colleagues are answered.")
    startTime: int | None = Field(None, ge=0, description="From when on: epoch milliseconds.")
    endTime: int | None = Field(None, ge=0, description="Until when: epoch milliseconds.")

    @property
    def lets_mail_out(self) -> bool:
        """Whether it answers mail."""
        return self.enableAutoReply


class GmailVacation(GmailShaped):
    """users.settings.vacation."""

    enableAutoReply: bool = False
    responseSubject: str | None = None
    responseBodyPlainText: str | None = None
    responseBodyHtml: str | None = None
    restrictToContacts: bool = False
    restrictToDomain: bool = False


class ImapInput(ActionInput):
    """Whether programs may read the mailbox by IMAP, and what their deletions do."""

    enabled: bool = Field(
        validation_alias=spellings("enabled", "imap_enabled"), description="Whether IMAP is on."
    )
    autoExpunge: bool | None = Field(
        None,
        validation_alias=spellings("autoExpunge", "auto_expunge"),
        description="Whether what a program marks as deleted is expunged at once.",
    )
    expungeBehavior: Literal["archive", "trash", "deleteForever"] | None = Field(
        None,
        validation_alias=spellings("expungeBehavior", "expunge_behavior"),
        description="What becomes of a message that was expunged from its last folder.",
    )
    maxFolderSize: int | None = Field(
        None,
        ge=0,
        validation_alias=spellings("maxFolderSize", "max_folder_size"),
        description="Most messages of a folder; 0 is no limit.",
    )


class GmailImap(GmailShaped):
    """users.settings.imap."""

    enabled: bool = False
    autoExpunge: bool = False
    expungeBehavior: str | None = None
    maxFolderSize: int = 0


class UpdatedImap(GmailImap):
    """The setting as it is now, under both spellings that callers know."""

    imap_enabled: bool
    auto_expunge: bool
    expunge_behavior: str | None
    max_folder_size: int


class PopInput(ActionInput):
    """Which mail programs may fetch by POP, and what becomes of it here."""

    accessWindow: Literal["disabled", "fromNowOn", "allMail"] = Field(
        description="Which mail may be fetched."
    )
    disposition: Literal["leaveInInbox", "archive", "trash", "markRead"] | None = Field(
        None, description="What becomes of a message that was fetched."
    )


class GmailPop(GmailShaped):
    """users.settings.pop."""

    accessWindow: str | None = None
    disposition: str | None = None


class LanguageInput(ActionInput):
    """The language of Gmail's own pages."""

    displayLanguage: str = Field(
        pattern=r"^[A-Za-z0-9-]{2,35}$", description="Such as en-GB; Gmail may take a near one."
    )


class GmailLanguage(GmailShaped):
    """users.settings.language."""

    displayLanguage: str


async def get_vacation(context: ActionContext, _: NoInput) -> GmailVacation:
    """Return the vacation responder: 1 quota unit."""
    return GmailVacation.model_validate(await _read(context, "vacation"))


async def update_vacation(context: ActionContext, asked: VacationInput) -> GmailVacation:
    """Replace the vacation responder: 5 quota units."""
    times = {
        name: str(value) for name in ("startTime", "endTime") if (value := getattr(asked, name))
    }
    return GmailVacation.model_validate(await _replace(context, "vacation", asked, **times))


async def get_imap(context: ActionContext, _: NoInput) -> GmailImap:
    """Return whether IMAP is on: 1 quota unit."""
    return GmailImap.model_validate(await _read(context, "imap"))


async def update_imap(context: ActionContext, asked: ImapInput) -> UpdatedImap:
    """Replace the IMAP setting: 5 quota units."""
    now = GmailImap.model_validate(await _replace(context, "imap", asked))
    return UpdatedImap(
        **now.model_dump(),
        imap_enabled=now.enabled,
        auto_expunge=now.autoExpunge,
        expunge_behavior=now.expungeBehavior,
        max_folder_size=now.maxFolderSize,
    )


async def get_pop(context: ActionContext, _: NoInput) -> GmailPop:
    """Return what may be fetched by POP: 1 quota unit."""
    return GmailPop.model_validate(await _read(context, "pop"))


async def update_pop(context: ActionContext, asked: PopInput) -> GmailPop:
    """Replace the POP setting: 5 quota units."""
    return GmailPop.model_validate(await _replace(context, "pop", asked))


async def get_language(context: ActionContext, _: NoInput) -> GmailLanguage:
    """Return the language of Gmail's pages: 1 quota unit."""
    return GmailLanguage.model_validate(await _read(context, "language"))


async def update_language(context: ActionContext, asked: LanguageInput) -> GmailLanguage:
    """Set the language of Gmail's pages: 5 quota units."""
    return GmailLanguage.model_validate(await _replace(context, "language", asked))


async def _read(context: ActionContext, name: str) -> object:
    return await context.gmail.call("GET", f"/settings/{name}")


async def _replace(context: ActionContext, name: str, asked: ActionInput, **more: str) -> object:
    body = {**asked.model_dump(mode="json", exclude_none=True), **more}
    return await context.gmail.call("PUT", f"/settings/{name}", body=body)


def _reading(name: str, summary: str, output: type[GmailShaped], run: Any) -> Action[Any, Any]:
    return Action(
        name=name,
        summary=summary,
        input=NoInput,
        output=output,
        run=run,
        scopes=(READONLY, SETTINGS_BASIC),
        agents_need=SETTINGS,
    )


def _replacing(
    name: str, summary: str, asked: type[ActionInput], output: type[GmailShaped], run: Any
) -> Action[Any, Any]:
    return Action(
        name=name,
        summary=summary,
        input=asked,
        output=output,
        run=run,
        scopes=(SETTINGS_BASIC,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    )


ACTIONS: tuple[Action[Any, Any], ...] = (
    _reading("get-vacation-settings", "Read the vacation responder.", GmailVacation, get_vacation),
    _replacing(
        "update-vacation-settings",
        "Replace the vacation responder: what is not given is off.",
        VacationInput,
        GmailVacation,
        update_vacation,
    ),
    _reading("get-imap-settings", "Read the IMAP setting.", GmailImap, get_imap),
    _replacing(
        "update-imap-settings",
        "Replace the IMAP setting: what is not given is off.",
        ImapInput,
        UpdatedImap,
        update_imap,
    ),
    _reading("get-pop-settings", "Read the POP setting.", GmailPop, get_pop),
    _replacing("update-pop-settings", "Replace the POP setting.", PopInput, GmailPop, update_pop),
    _reading(
        "get-language-settings", "Read the language of Gmail's pages.", GmailLanguage, get_language
    ),
    _replacing(
        "update-language-settings",
        "Set the language of Gmail's pages.",
        LanguageInput,
        GmailLanguage,
        update_language,
    ),
)
