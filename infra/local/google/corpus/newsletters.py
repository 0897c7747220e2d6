"""Newsletters: table layout, inline CSS, remote images, a tracking pixel, List-Unsubscribe."""

from datetime import datetime
from html import escape
from random import Random

from infra.local.google.corpus import mime
from infra.local.google.corpus.brands import ENGLISH, Brand
from infra.local.google.corpus.brands_elsewhere import ELSEWHERE
from infra.local.google.corpus.brands_more import MORE
from infra.local.google.corpus.letter import (
    Letter,
    Person,
    Written,
    finish_received,
    new_message_id,
)
from infra.local.google.corpus.newsletter_html import BLOCK, BOTTOM, EARLIER, ROW, TOP

_BRANDS = (*ENGLISH, *MORE, *ENGLISH, *MORE, *ELSEWHERE)


def newsletter(rng: Random, owner: Person, at: datetime) -> Written:
    """Write one issue of one brand's newsletter."""
    brand = rng.choice(_BRANDS)
    articles = rng.sample(brand.articles, rng.randint(2, len(brand.articles)))
    subject = rng.choice((*brand.subjects, articles[0][0]))
    token = f"{rng.getrandbits(160):040x}"
    plain = mime.text_part(_plain(brand, articles, token), brand.charset)
    back = _earlier(rng, brand)
    page = mime.text_part(_page(brand, subject, (articles, back), token), brand.charset, "html")
    body = mime.multipart("alternative", f"_----{token[:22]}===_{token[22:26]}", (plain, page))
    letter = Letter(
        Person(brand.name, brand.mailbox),
        owner.mailbox.encode(),
        subject,
        at,
        new_message_id(rng, brand.mailbox.partition("@")[2]),
        brand.charset,
        more=_list_headers(brand, token),
    )
    return Written(finish_received(rng, owner, letter, body), (brand.category,))


def _list_headers(brand: Brand, token: str) -> bytes:
    domain = brand.mailbox.partition("@")[2]
    return (
        f"List-Unsubscribe: <https://{domain}/u/{token}>,\n <mailto:unsubscribe@{domain}"
        f"?subject={token[:12]}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
        f"List-ID: <newsletter.{domain}>\nPrecedence: bulk\n"
        f"Feedback-ID: {token[:6]}:{token[6:10]}:campaign:postal\n"
        f"X-Campaign: {token[10:18]}\n"
    ).encode()


def _plain(brand: Brand, articles: list[tuple[str, str]], token: str) -> str:
    domain = brand.mailbox.partition("@")[2]
    blocks = [f"{title}\n\n{text}\n{brand.more}: https://{domain}/a/{token[:8]}\n"
              for title, text in articles]  # fmt: skip
    rule = "\n" + "-" * 64 + "\n\n"
    end = f"{brand.why}\n{brand.unsubscribe}: https://{domain}/u/{token}\n"
    return rule.join((f"{brand.name}\n", *blocks, end))


def _earlier(rng: Random, brand: Brand) -> list[tuple[str, str]]:
    """Choose what to show again from earlier issues: an even number of (title, teaser)."""
    known = [*brand.articles, *((each, brand.articles[0][1]) for each in brand.subjects)]
    return [(title, _teaser(text)) for title, text in rng.choices(known, k=rng.randrange(8, 35, 2))]


def _teaser(text: str) -> str:
    return text if len(text) < _TEASER else text[: text.rfind(" ", 0, _TEASER)] + "\u2026"


_TEASER = 90


def _page(
    brand: Brand,
    subject: str,
    shown: tuple[list[tuple[str, str]], list[tuple[str, str]]],
    token: str,
) -> str:
    articles, back = shown
    look = _look(brand, subject, token)
    blocks = [
        BLOCK % {**look, "n": n, "title": escape(title), "text": escape(text)}
        for n, (title, text) in enumerate(articles, 1)
    ]
    cells = [
        EARLIER % {**look, "n": n, "title": escape(title), "text": escape(text)}
        for n, (title, text) in enumerate(back, 1)
    ]
    rows = [ROW % pair for pair in zip(cells[::2], cells[1::2], strict=True)]
    return (
        TOP % {**look, "preview": escape(articles[0][1])} + "".join(blocks + rows) + BOTTOM % look
    )


def _look(brand: Brand, subject: str, token: str) -> dict[str, str | int]:
    return {
        "colour": brand.colour,
        "accent": brand.accent,
        "name": escape(brand.name),
        "domain": brand.mailbox.partition("@")[2],
        "token": token,
        "more": brand.more,
        "dir": "rtl" if brand.rtl else "ltr",
        "side": "right" if brand.rtl else "left",
        "charset": brand.charset,
        "subject": escape(subject),
        "why": escape(brand.why),
        "unsubscribe": brand.unsubscribe,
    }
