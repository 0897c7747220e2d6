"""What a person does with mail in the sample product, and how soon and how well it is drawn."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from infra.local.product.settings import GRACE
from tests.browser.accessibility import PHONE, WIDE, broken_words
from tests.browser.conftest import Keep
from tests.browser.harbor import Harbor, connect_page, loaded, mail

pytestmark = pytest.mark.browser
BUDGET = 50_000
"""Bytes that arrive in two seconds at 25 kB/s."""
LIGHT_INK, DARK_INK = "rgb(232, 240, 240)", "rgb(27, 31, 39)"
LONG = "\n".join(f"Line {number} of a letter that is long." for number in range(200))
HEBREW = "שלום Ada, הנה המספרים של הנמל."
SIMPLE = "<p>Dear Ada,</p><p>a <b>simple</b> letter.</p>"
COLOURED = '<p style="color: #222; background: #fff">A letter in ink of its own.</p>'

REACHED = """() => [...document.querySelectorAll(".side a, .side button, .side summary")]
  .filter((one) => one.checkVisibility())
  .every((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return width === 0 || one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  })"""
"""Whether each control of the side is what a finger in its middle meets."""
NOTED = """new MutationObserver((_, watching) => {
  if (!document.querySelector(".row")) return;
  window.firstRowAt = (performance.timeOrigin + performance.now()) / 1000;
  watching.disconnect();
}).observe(document, { childList: true, subtree: true });"""
"""Notes when the first row is drawn, in seconds since 1970: what comes later is not its cost."""


async def opened(harbor: Harbor, browser: Browser, **context: Any) -> Page:
    size = {"width": WIDE[0], "height": WIDE[1]}
    made = await browser.new_context(**{"locale": "en-GB", "viewport": size, **context})
    page = await made.new_page()
    await page.goto(harbor.url)
    await expect(page.locator(".row").first).to_be_visible()
    return page


def letter(subject: str, text: str, html: str | None = None) -> EmailMessage:
    """Return a mail of its own conversation."""
    made = mail(subject, text)
    made.replace_header("Message-ID", f"<{abs(hash(subject))}@acme.example>")
    if html is not None:
        made.add_alternative(html, subtype="html")
    return made


async def open_letter(page: Page, subject: str) -> None:
    await page.locator(".row").filter(has_text=subject).click()
    await expect(page.locator("#reply")).to_be_visible()
    await loaded(page)


@pytest.mark.parametrize("locale", ["en-GB", "de-DE", "fr-FR"])
async def test_the_first_row_costs_no_more_than_two_seconds_of_a_slow_line(
    harbor: Harbor, browser: Browser, locale: str
) -> None:
    """Counted in bytes, headers too; and the page's modules are fetched side by side."""
    await harbor.seed(messages=60)
    await harbor.connect()
    page = await (await browser.new_context(locale=locale)).new_page()
    session = await page.context.new_cdp_session(page)
    offsets: list[float] = []
    session.on(
        "Network.requestWillBeSent", lambda one: offsets.append(one["wallTime"] - one["timestamp"])
    )
    loaded_at: list[tuple[float, float]] = []
    session.on(
        "Network.loadingFinished",
        lambda one: loaded_at.append((one["timestamp"], one["encodedDataLength"])),
    )
    await session.send("Network.enable")
    await page.add_init_script(NOTED)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    await page.goto(harbor.url, wait_until="commit")
    await expect(page.locator("#rows > li").first).to_be_visible()
    await expect(page.locator(".row").first).to_be_visible()
    first_row_at = await page.evaluate("window.firstRowAt")
    spent = [size for at, size in loaded_at if at + offsets[0] <= first_row_at]
    assert sum(spent) < BUDGET
    assert len(spent) > 5
    modules = {one for one in asked if one.endswith(".js") and "theme" not in one}
    preloaded = await page.locator("link[rel=modulepreload]").evaluate_all(
        "(links) => links.map((one) => one.href)"
    )
    assert modules == {*preloaded}


async def test_mail_is_searched_forwarded_and_copied_in_secret(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    await harbor.seed(messages=5)
    await harbor.seed(GRACE.email)
    await harbor.connect()
    await harbor.deliver(letter("Harbour figures", "A thousand boats."))
    page = await opened(harbor, browser)
    await page.keyboard.press("/")
    await page.keyboard.type("boats")
    await page.keyboard.press("Enter")
    await expect(page.locator("#list-title")).to_have_text("Search")
    await expect(page.locator(".row")).to_have_count(1)
    await keep(page, "harbor-search")
    await open_letter(page, "Harbour figures")
    await page.locator("#forward").click()
    await expect(page.locator("#composer-title")).to_have_text("Fwd: Harbour figures")
    await page.get_by_label("To", exact=True).fill("bo@example.org")
    await page.get_by_label("Bcc").fill(GRACE.email)
    await page.get_by_label("Message", exact=True).fill("Have a look.")
    await keep(page, "harbor-forward")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Sent. Gmail has taken it.")).to_be_visible()
    sent = message_from_bytes(harbor.newest(GRACE.email), policy=default)
    assert isinstance(sent, EmailMessage)
    assert sent["To"] == "bo@example.org"
    assert sent["Bcc"] is None
    body = sent.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Have a look.")
    assert "A thousand boats." in body.get_content()
    await page.locator("#words").fill("nothing-of-the-kind")
    await page.locator("#words").press("Enter")
    await expect(page.locator("#empty")).to_contain_text("nothing-of-the-kind")


async def test_a_reply_opens_at_its_top_with_the_caret_there_and_what_was_written_survives_a_cut(
    harbor: Harbor, browser: Browser
) -> None:
    await harbor.seed()
    await harbor.connect()
    await harbor.deliver(letter("Long letter", LONG))
    page = await opened(harbor, browser)
    await open_letter(page, "Long letter")
    await page.locator("#reply").click()
    text = page.get_by_label("Message", exact=True)
    await expect(text).to_be_focused()
    at = await text.evaluate("(one) => [one.scrollTop, one.selectionStart, one.selectionEnd]")
    assert at == [0, 0, 0]
    assert await text.evaluate("(one) => one.scrollHeight > one.clientHeight")
    await page.keyboard.type("Thanks.")
    assert (await text.input_value()).startswith("Thanks.\n\nOn ")
    await page.context.set_offline(True)
    await expect(page.locator("#banner")).to_contain_text("You are offline")
    await page.context.set_offline(False)
    await expect(page.locator("#banner")).to_be_hidden()
    await expect(text).to_have_value(f"Thanks.{(await text.input_value())[7:]}")


async def test_on_a_phone_the_round_button_covers_nothing(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    await harbor.seed(messages=20)
    await harbor.connect()
    page = await opened(harbor, browser, viewport={"width": PHONE[0], "height": PHONE[1]})
    await keep(page, "harbor-phone")
    for width in (PHONE[0], 320):
        await page.set_viewport_size({"width": width, "height": PHONE[1]})
        button = await page.locator("#compose").bounding_box()
        main = await page.locator("main").bounding_box()
        assert button is not None
        assert main is not None
        assert button["y"] >= main["y"] + main["height"]
        assert button["x"] + button["width"] <= width
        found = await page.evaluate(REACHED)
        assert found


async def test_mail_is_drawn_as_its_writer_and_its_reader_would_have_it(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    """Dark where it has no colours of its own, and from the right where its words run so."""
    await harbor.seed()
    await harbor.connect()
    await harbor.deliver(letter("Simple", "Text.", SIMPLE))
    await harbor.deliver(letter("Coloured", "Text.", COLOURED))
    await harbor.deliver(letter("Hebrew", "Text.", f"<p>{HEBREW}</p>"))
    await harbor.deliver(letter("Hebrew text", f"{HEBREW}\n\nAnd a line in English."))
    page = await opened(harbor, browser, color_scheme="dark")
    for subject, colour, direction in (
        ("Simple", LIGHT_INK, "ltr"),
        ("Coloured", DARK_INK, "ltr"),
        ("Hebrew", LIGHT_INK, "rtl"),
    ):
        await page.locator(".row").filter(has=page.get_by_text(subject, exact=True)).click()
        await expect(page.locator(".reader h1")).to_have_text(subject)
        await loaded(page)
        frame = page.frame_locator(".mail-frame").locator("body")
        await expect(frame).to_have_css("color", colour)
        await expect(frame).to_have_css("direction", direction)
        await keep(page, f"harbor-mail-{subject.lower()}")
    await page.locator(".row").filter(has_text="Hebrew text").click()
    text = page.locator(".message .text")
    await expect(text).to_contain_text("And a line in English.")
    await expect(text).to_have_css("unicode-bidi", "plaintext")
    await keep(page, "harbor-mail-hebrew-text")


@pytest.mark.parametrize(
    ("locale", "connect", "title", "quoted"),
    [
        ("de-DE", "Verbinden Sie Ihr Gmail mit Harbor", "Posteingang", "schrieb Grace Murray:"),
        ("fr-FR", "Connectez votre Gmail à Harbor", "Boîte de réception", "Grace Murray a écrit :"),
    ],
    ids=["de", "fr"],
)
async def test_one_language_is_spoken_from_the_page_to_the_connect_page_to_quotations(
    harbor: Harbor,
    browser: Browser,
    keep: Keep,
    locale: str,
    connect: str,
    title: str,
    quoted: str,
) -> None:
    await harbor.seed()
    page = await (await browser.new_context(locale=locale)).new_page()
    await page.goto(harbor.url)
    await expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    await page.locator("#connect").click()
    await expect(connect_page(page).get_by_role("heading")).to_have_text(connect)
    await keep(page, f"harbor-connect-{locale[:2]}")
    await harbor.connect()
    await harbor.deliver(letter("Harbour figures", "A thousand boats."))
    await page.goto(f"{harbor.url}/")
    await expect(page.locator("#list-title")).to_have_text(title)
    await open_letter(page, "Harbour figures")
    await page.locator("#reply").click()
    text = page.locator(".composer textarea")
    await expect(text).to_have_value(re.compile(re.escape(quoted)))
    await keep(page, f"harbor-reply-{locale[:2]}")
    assert await broken_words(page) == []
    said = await page.locator("body").inner_text()
    assert "Reply" not in said
    assert "Inbox" not in said
