"""Who a message is from: the connected address or one of the mailbox's send-as addresses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import SETTINGS_BASIC, implied_scopes, reads
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.mail.reading.email_parts import as_text
from shared.domain.mail.reading.shown_text import one_line
from shared.domain.mail.writing.own_addresses import OwnAddresses, written_to
from shared.domain.mail.writing.recipients import MAX_NAME, Mailbox
from shared.domain.mail.writing.signature import Signature
from shared.errors import InvalidRequestError, MissingScopeError
from shared.ports.google.gmail import Gmail, GmailObject


@dataclass(frozen=True, slots=True)
class SendAs:
    """What Gmail's settings say of the addresses that a mailbox may send from.

    Gmail's adapter holds the list for some minutes: most messages ask for it and it rarely changes.
    """

    gmail: Gmail
    connection: Connection

    async def addresses(self) -> list[Mailbox]:
        """Return them with their display names, as far as the grant lets us ask."""
        connected = Mailbox(self.connection.email)
        return [*map(_as_mailbox, await self._list()), connected]

    async def sender(self, wanted: Mailbox | None) -> Mailbox:
        """Return who it is from: Gmail silently rewrites any other address (FACTS 5.11).

        Raises InvalidRequestError.
        """
        own = Mailbox(self.connection.email, wanted.name if wanted else "")
        if wanted is None or _is_at(own.address, wanted):
            return own
        for fresh in (False, True):
            for alias in map(_as_mailbox, await self._list(fresh=fresh)):
                if _is_at(alias.address, wanted):
                    return wanted if wanted.name else replace(wanted, name=alias.name)
        raise InvalidRequestError(
            "from must be the connected address or one of its verified send-as aliases: leave it "
            "out, or ask list-send-as-aliases.",
            code="unknown_alias",
        )

    async def written_to(self, parent: EmailMessage) -> Mailbox | None:
        """Return whom of this mailbox `parent` was written to or, if it is its own, from whom."""
        people = [parent["from"]] if parent["isSent"] else [*parent["to"], *parent["cc"]]
        return written_to(await self.addresses(), [one["email"] for one in people])

    async def asked_signature(self, asked: bool | str, sender: Mailbox) -> Signature:
        """Return the signature of these words or, for True, that of the sender's settings.

        Empty where there is none. Raises as `signature` does.
        """
        if isinstance(asked, str):
            return Signature.from_words(asked)
        return await self.signature(sender) if asked else Signature.from_words("")

    async def signature(self, sender: Mailbox) -> Signature:
        """Return the signature of an address; empty where the settings hold none.

        Raises MissingScopeError where the grant lets no settings be read.
        """
        if not self._may_ask():
            raise MissingScopeError(
                "The signature stands in Gmail's settings, which this grant does not show: give "
                "its words, or connect with gmail.settings.basic.",
                scope=SETTINGS_BASIC,
            )
        found = [one for one in await self._list() if _is_at(str(one["sendAsEmail"]), sender)]
        return Signature.from_html(as_text(found[0].get("signature")) if found else "")

    def _may_ask(self) -> bool:
        granted = self.connection.scopes
        return reads(granted) or SETTINGS_BASIC in implied_scopes(granted)

    async def _list(self, *, fresh: bool = False) -> Sequence[GmailObject]:
        if not self._may_ask():
            return []
        return [one for one in await self.gmail.aliases(fresh=fresh) if _is_usable(one)]


def _is_at(address: str, wanted: Mailbox) -> bool:
    return OwnAddresses.of([address]).may_send_as(wanted.address)


def _as_mailbox(alias: GmailObject) -> Mailbox:
    """Return an alias with its display name, on one line."""
    name = one_line(as_text(alias.get("displayName")))[:MAX_NAME]
    return Mailbox(str(alias["sendAsEmail"]), name)


def _is_usable(alias: GmailObject) -> bool:
    status = alias.get("verificationStatus", "")
    return bool(alias.get("isPrimary")) or status == "accepted"
