"""The sample product and the connect page inside it, for people who cannot see them well."""

from email.message import EmailMessage

import pytest
from playwright.async_api import Browser, expect

from infra.local.product.settings import ADA, GRACE
from tests.browser.accessibility import kept_as, unsound
from tests.browser.conftest import Keep
from tests.browser.harbor import Harbor, connect_page, google_window, loaded, mail

pytestmark = pytest.mark.browser
LETTER = (
    """<p>Dear Ada,</p><p>the <b>figures</b> are below.</p><img src="https://x.example/a.png">"""
)


def rich_letter() -> EmailMessage:
    """Return a mail with simple HTML, a picture from outside, and a file."""
    letter = mail("Harbour figures", "Dear Ada,\n\nthe figures are below.")
    letter.add_alternative(LETTER, subtype="html")
    letter.add_attachment(b"month,sum\n", "text", "csv", filename="figures.csv")
    letter.replace_header("Message-ID", "<figures@acme.example>")
    letter["Cc"] = "Bo <bo@acme.example>"
    return letter


async def test_the_product_is_sound_in_every_look(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    """Judged by axe-core: an inbox, a conversation, the composer, the dialogs."""
    await harbor.seed(messages=20)
    await harbor.connect()
    await harbor.deliver(rich_letter())
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(harbor.url)
    await expect(page.locator(".row").first).to_be_visible()
    found = {"list": await unsound(page, kept_as(page, keep, "harbor-list"))}
    await page.locator(".row").filter(has_text="Harbour figures").click()
    await expect(page.locator("#reply")).to_be_visible()
    await loaded(page)
    found["conversation"] = await unsound(page, kept_as(page, keep, "harbor-conversation"))
    await page.locator("#reply").click()
    await expect(page.locator(".composer")).to_be_visible()
    found["composer"] = await unsound(page, kept_as(page, keep, "harbor-composer"))
    await page.keyboard.press("Escape")
    await page.locator("#account summary").click()
    found["account"] = await unsound(page, kept_as(page, keep, "harbor-account"))
    await page.locator("#show-keys").click()
    found["keys"] = await unsound(page, kept_as(page, keep, "harbor-keys"))
    await page.keyboard.press("Escape")
    await page.locator("#labels a[data-label=trash]").click()
    await expect(page.locator("#empty")).to_be_visible()
    found["empty"] = await unsound(page, kept_as(page, keep, "harbor-empty"))
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


async def test_the_way_to_connect_is_sound_in_every_look(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    """Judged by axe-core: the welcome, each face of the connect page, and Google's answer."""
    await harbor.seed(ADA.email)
    await harbor.seed(GRACE.email)
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(harbor.url)
    await expect(page.locator("#connect")).to_be_visible()
    found = {"welcome": await unsound(page, kept_as(page, keep, "harbor-welcome"))}
    await page.locator("#connect").click()
    frame = connect_page(page)
    start = frame.get_by_role("button", name="Continue with Google")
    await expect(start).to_be_visible()
    found["ask"] = await unsound(page, kept_as(page, keep, "connect-ask"))
    google = await google_window(page, start)
    found["window"] = await unsound(page, kept_as(page, keep, "connect-window"))
    await google.locator(f'input[name="email"][value="{GRACE.email}"]').check()
    await google.get_by_role("button", name="Allow").click()
    await expect(google.locator(".warning")).to_be_visible()
    found["confirm"] = await unsound(google, kept_as(google, keep, "connect-confirm"))
    await google.get_by_role("button").last.click()
    await expect(frame.locator("[data-do=start]")).to_be_visible()
    found["refused"] = await unsound(google, kept_as(google, keep, "connect-refused"))
    found["failed"] = await unsound(page, kept_as(page, keep, "connect-failed"))
    await google.get_by_role("link", name="Try again").click()
    await google.locator(f'input[name="email"][value="{ADA.email}"]').check()
    await google.get_by_role("button", name="Allow").click()
    await expect(frame.get_by_role("button", name="Done")).to_be_visible()
    found["connected"] = await unsound(google, kept_as(google, keep, "connect-connected"))
    found["done"] = await unsound(page, kept_as(page, keep, "connect-done"))
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


async def test_the_link_is_sound_in_every_look(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    await harbor.seed()
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(harbor.url)
    own = await google_window(page, page.locator("#connect-link"))
    await expect(own.locator("#continue")).to_be_visible()
    assert await unsound(own, kept_as(own, keep, "connect-link")) == {}
