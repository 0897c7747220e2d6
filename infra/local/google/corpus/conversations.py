"""People writing to each other: replies that quote, in the language the thread began in."""

from datetime import datetime
from html import escape
from random import Random

from infra.local.google.corpus import files, mime
from infra.local.google.corpus.eastern import EASTERN
from infra.local.google.corpus.english import ENGLISH
from infra.local.google.corpus.language import Language
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    finish_received,
    finish_sent,
    new_message_id,
)
from infra.local.google.corpus.northern import NORTHERN
from infra.local.google.corpus.western import WESTERN

_LANGUAGES: tuple[Language, ...] = (*(ENGLISH,) * 26, *WESTERN, *WESTERN, *NORTHERN, *EASTERN * 2)
_QUOTED_LINES = 160  # mail programs trim what nobody scrolls to
_QUOTED_HTML = 14_000


class Conversation:
    """One thread: call it once for each message, with the time, oldest first."""

    def __init__(self, rng: Random, owner: Person, size: int) -> None:
        self._rng, self._owner = rng, owner
        self._language = rng.choice(_LANGUAGES)
        self._topic = rng.choice(self._language.topics)
        others = self._language.people
        self._others = rng.sample(others, min(len(others), 1 + (size > 2) + (size > 9)))  # noqa: PLR2004 - longer threads gather people
        self._owner_turn = rng.random() < (0.14 if size == 1 else 0.25)
        self._charset = rng.choice(self._language.charsets)
        self._shape = rng.choices(("alternative", "plain", "html"), (68, 27, 5))[0]
        self._ids: list[str] = []
        self._text = self._html = ""
        self._last = owner

    def __call__(self, at: datetime) -> Written:
        """Write the next message of the thread."""
        mine, self._owner_turn = (
            self._owner_turn,
            self._rng.random() < (0.2 if self._owner_turn else 0.45),
        )
        writer = self._owner if mine else self._rng.choice(self._others)
        fresh = self._words(writer)
        letter = self._letter(writer, at)
        body = self._body(fresh, self._remember(fresh, writer, at))
        self._ids.append(letter.message_id)
        if mine:
            return Written(finish_sent(letter, body), ("SENT",), sent=True)
        return Written(finish_received(self._rng, self._owner, letter, body))

    def _words(self, writer: Person) -> list[str]:
        """Choose the paragraphs of the next message, greeting and name included."""
        language, turn = self._language, len(self._ids)
        addressee = self._others[0] if writer is self._owner else self._owner
        bye = language.bye.format(name=writer.first)
        if turn == 0:
            return [language.hello.format(name=addressee.first), *self._topic.opening, bye]
        if turn <= len(self._topic.replies):
            said = [self._topic.replies[turn - 1]]
        else:
            said = self._rng.sample(language.small_talk, self._rng.choice((1, 1, 2)))
        return [*said, bye] if self._rng.random() < 0.5 else said  # noqa: PLR2004 - half sign

    def _letter(self, writer: Person, at: datetime) -> Letter:
        subject = self._topic.subject if not self._ids else f"Re: {self._topic.subject}"
        everyone = [self._owner, *self._others]
        to = b",\n ".join(
            mime.address(one.name, one.mailbox, self._charset)
            for one in everyone
            if one is not writer
        )
        return Letter(
            writer,
            to,
            subject,
            at,
            new_message_id(self._rng, f"mail.{writer.domain}"),
            self._charset,
            tuple(self._ids),
        )

    def _remember(self, fresh: list[str], writer: Person, at: datetime) -> tuple[str, str]:
        """Return what to quote below `fresh`, and keep both together for the next to quote."""
        quoted_text, quoted_html = self._text, self._html
        who = f"{writer.name} <{writer.mailbox}>"
        line = self._language.quote.format(date=at.strftime("%Y-%m-%d %H:%M"), name=who)
        below = ("\n\n".join(fresh) + "\n\n" + quoted_text).rstrip("\n").split("\n")
        self._text = line + "\n\n" + "\n".join("> " + each for each in below[:_QUOTED_LINES]) + "\n"
        inner = self._paragraphs(fresh) + quoted_html
        if len(inner) > _QUOTED_HTML:
            inner = self._paragraphs(fresh)
        self._html = (
            f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr" '
            f'style="font-family:arial,sans-serif;font-size:13px;color:#5e5e5e">{escape(line)}<br>'
            '</div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
            f'border-left:1px solid rgb(204,204,204);padding-left:1ex">{inner}</blockquote></div>'
        )
        return quoted_text, quoted_html

    def _paragraphs(self, fresh: list[str]) -> str:
        way = "rtl" if self._language.rtl else "ltr"
        style = ' style="margin:0 0 12px 0;font-family:arial,sans-serif;font-size:14px"'
        each = "".join(
            f"<p{style}>{escape(one, quote=False)}</p>".replace("\n", "<br>") for one in fresh
        )
        return f'<div dir="{way}">{each}</div>'

    def _body(self, fresh: list[str], quoted: tuple[str, str]) -> bytes:
        rng = self._rng
        boundary = f"{rng.getrandbits(112):028x}"
        plain = mime.text_part("\n\n".join(fresh) + "\n\n" + quoted[0], self._charset)
        if self._shape == "plain":
            return self._attach(plain, boundary)
        picture = rng.random() < 0.06  # noqa: PLR2004 - a share
        cid = f"ii_{boundary[:11]}@mail.example"
        shown = f'<div><img src="cid:{cid}" alt="picture" width="96" height="40"></div>'
        html = f"{self._paragraphs(fresh)}{shown if picture else ''}{quoted[1]}\n"
        page = mime.text_part(html, self._charset, "html")
        body = page
        if self._shape == "alternative":
            body = mime.multipart("alternative", f"000000000000{boundary[:16]}", (plain, page))
        if picture:
            image = mime.attachment("image/png", "logo.png", files.inline_image(), content_id=cid)
            body = mime.multipart("related", f"000000000000{boundary[4:20]}r", (body, image))
        return self._attach(body, boundary)

    def _attach(self, body: bytes, boundary: str) -> bytes:
        """Add a file to some first messages."""
        rng = self._rng
        if rng.random() > (0.04 if self._ids else 0.2):
            return body
        chosen = rng.sample(files.stock(), rng.choice((1, 1, 1, 2, 3)))
        parts = [
            mime.attachment(each.mime_type, each.name, each.encoded, style=rng.choice(_STYLES))
            for each in chosen
        ]
        return mime.multipart("mixed", f"000000000000{boundary[8:24]}m", (body, *parts))


_STYLES = ("2231", "2231", "continued", "words")
