"""The main job as a person does it: connect Gmail, watch mail arrive, answer, disconnect."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.async_api import Browser, Page, Route, expect

from infra.local.product.settings import ADA, GRACE
from tests.browser.conftest import Keep
from tests.browser.harbor import Harbor, allow, connect_page, google_window, listening, loaded, mail

pytestmark = pytest.mark.browser
MESSAGES = 60
INVITATION = """Dear Ada,

The kettle is on. Shall we go through the harbour figures over a cup of tea?
Thursday at four would suit me, here or at your place.

There is cake, too.
Grace
"""


async def opened(browser: Browser, harbor: Harbor, *, scripts: bool = True) -> Page:
    context = await browser.new_context(
        viewport={"width": 1360, "height": 850}, java_script_enabled=scripts, locale="en-GB"
    )
    page = await context.new_page()
    await page.goto(harbor.url)
    return page


async def test_a_person_connects_reads_answers_and_disconnects(
    harbor: Harbor, browser: Browser, keep: Keep
) -> None:
    await harbor.seed(messages=MESSAGES)
    await harbor.seed(GRACE.email)
    page = await opened(browser, harbor)
    await _connects(page, keep)
    await _sees_the_inbox(page, keep)
    await _sees_mail_arrive(harbor, page, keep)
    await _answers(harbor, page, keep)
    await _disconnects(harbor, page)


async def _connects(page: Page, keep: Keep) -> None:
    await expect(page.locator("#welcome-title")).to_have_text("Bring your mail into Harbor")
    await keep(page, "welcome")
    await page.get_by_role("button", name="Connect Gmail").click()
    frame = connect_page(page)
    go_on = frame.get_by_role("button", name="Continue with Google")
    await expect(go_on).to_be_visible()
    await keep(page, "connect")
    google = await google_window(page, go_on)
    await keep(google, "consent")
    await allow(google)
    await expect(frame.get_by_role("heading")).to_have_text("Gmail is connected")
    await frame.get_by_role("button", name="Done").click()
    await expect(page.locator("#connect-frame")).to_have_count(0)


async def _sees_the_inbox(page: Page, keep: Keep) -> None:
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.locator("#reading")).to_be_hidden()
    await expect(page.locator("#link-state")).to_have_text(ADA.email)
    await expect(page.locator(".row").nth(8)).to_be_visible()
    files = page.locator(".row:has(.marks svg)")
    invoices = files.filter(has_text="Invoice")
    await (invoices if await invoices.count() else files).first.click()
    await expect(page.locator(".message").last).to_be_visible()
    await loaded(page)
    await keep(page, "inbox-light")
    await page.emulate_media(color_scheme="dark")
    await expect(page.locator("#live")).to_have_css("color-scheme", "dark")
    await keep(page, "inbox-dark")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 400, "height": 820})
    await page.get_by_role("button", name="Back to the list").click()
    await keep(page, "narrow")
    await page.set_viewport_size({"width": 1360, "height": 850})


async def _sees_mail_arrive(harbor: Harbor, page: Page, keep: Keep) -> None:
    """See it without a reload: a value kept in the window is still there."""
    await page.evaluate("window.sameVisit = true")
    await harbor.deliver(mail("Tea at four?", INVITATION))
    arrived = page.get_by_role("link").filter(has_text="Tea at four?")
    await expect(arrived).to_be_visible()
    assert await page.evaluate("window.sameVisit")
    await arrived.click()
    await expect(page.locator(".message .text")).to_contain_text("The kettle is on.")
    await keep(page, "message")
    await page.keyboard.press("u")
    await expect(page.locator(".message")).to_have_count(0)
    await expect(arrived).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")


async def _answers(harbor: Harbor, page: Page, keep: Keep) -> None:
    await expect(page.locator("#reply")).to_be_visible()
    await page.keyboard.press("r")
    await expect(page.locator("#composer-title")).to_have_text("Re: Tea at four?")
    await page.keyboard.type("With pleasure.")
    await keep(page, "reply")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Sent. Gmail has taken it.")).to_be_visible()
    await expect(page.locator(".message").last).to_contain_text("With pleasure.")
    await expect(page.locator(".composer")).to_have_count(0)
    answer = message_from_bytes(harbor.newest(GRACE.email), policy=default)
    assert isinstance(answer, EmailMessage)
    assert answer["Subject"] == "Re: Tea at four?"
    assert answer["In-Reply-To"] == "<tea@acme.example>"
    assert "With pleasure." in answer.get_content()


async def _disconnects(harbor: Harbor, page: Page) -> None:
    await page.locator("#account summary").click()
    await page.get_by_role("button", name="Disconnect Gmail").click()
    await page.get_by_role("button", name="Disconnect", exact=True).click()
    await expect(page.locator("#welcome-title")).to_be_focused()
    await expect(page.locator("#welcome-title")).to_have_text("Bring your mail into Harbor")
    await harbor.system.settle()
    assert await harbor.connections() == []


async def test_connecting_needs_no_script(harbor: Harbor, browser: Browser) -> None:
    await harbor.seed(messages=3)
    page = await opened(browser, harbor, scripts=False)
    await expect(page.get_by_role("button", name="Connect Gmail")).to_be_hidden()
    own = await google_window(page, page.get_by_role("button", name="a page of its own"))
    await own.get_by_role("link", name="Continue with Google").click()
    await allow(own)
    await expect(own.get_by_role("heading")).to_have_text("Gmail is connected")
    await page.reload()
    await expect(page.locator("#connected-as")).to_have_text(ADA.email)


async def test_a_denial_and_an_unticked_scope_are_told_apart(
    harbor: Harbor, browser: Browser
) -> None:
    await harbor.seed()
    page = await opened(browser, harbor)
    await page.get_by_role("button", name="Connect Gmail").click()
    frame = connect_page(page)
    google = await google_window(page, frame.get_by_role("button", name="Continue with Google"))
    await google.get_by_role("button", name="Cancel").click()
    await expect(frame.get_by_role("heading")).to_have_text("Access was not allowed")
    await google.close()
    google = await google_window(page, frame.get_by_role("button", name="Try again"))
    await google.locator('input[name="scope"][value$="gmail.modify"]').uncheck()
    await allow(google)
    await expect(frame.get_by_role("heading")).to_have_text("One permission is missing")
    await expect(frame.get_by_text("Read, compose and send mail, and sort it")).to_be_visible()
    await frame.get_by_role("button", name="Close").click()
    await expect(page.locator("#connect")).to_be_focused()
    assert await harbor.connections() == []


HOSTILE = """<html><head><meta http-equiv="refresh" content="0;url={outside}/refresh">
<link rel="stylesheet" href="{outside}/style.css"><base href="{outside}/"></head>
<body onload="parent.hurt = 'load'"><script>parent.hurt = 'script'</script>
<p style="background: url({outside}/background.png)">A harmless sight</p>
<img src="{outside}/pixel.png" alt="A picture" onerror="parent.hurt = 'error'">
<iframe src="{outside}/frame"></iframe><form action="{outside}/form"><button>Win</button></form>
</body></html>"""


async def test_a_hostile_message_can_neither_act_nor_tell(harbor: Harbor, browser: Browser) -> None:
    """Nothing runs and nothing is fetched from outside until the reader asks for images."""
    async with listening() as (outside, heard):
        message = mail("You have won", "Nothing to see.")
        message.add_alternative(HOSTILE.replace("{outside}", outside), subtype="html")
        await harbor.seed()
        await harbor.connect()
        await harbor.deliver(message)
        page = await opened(browser, harbor)
        await page.get_by_role("link").filter(has_text="You have won").click()
        frame = page.frame_locator(".mail-frame")
        await expect(frame.get_by_text("A harmless sight")).to_be_visible()
        await frame.get_by_role("button", name="Win").click()
        await loaded(page)
        assert heard == []
        async with (
            page.expect_response(f"{outside}/pixel.png"),
            page.expect_response(f"{outside}/background.png"),
        ):
            await page.get_by_role("button", name="Show images").click()
        assert {*heard} == {"/pixel.png", "/background.png"}
        assert await page.evaluate("window.hurt") is None


async def test_nothing_acts_on_a_conversation_that_is_not_the_one_highlighted(
    harbor: Harbor, browser: Browser
) -> None:
    """Not while the next one loads, not after it failed, not while another row has the focus."""
    await harbor.seed()
    await harbor.connect()
    for subject in ("First", "Second"):
        letter = mail(subject, "A few words.")
        letter.replace_header("Message-ID", f"<{subject}@acme.example>")
        await harbor.deliver(letter)
    page = await opened(browser, harbor)
    first, second = (
        page.locator(".row").filter(has_text=subject) for subject in ("First", "Second")
    )
    await first.click()
    await expect(page.locator("#reply")).to_be_visible()
    acted: list[str] = []
    page.on("request", lambda asked: acted.append(asked.url) if asked.method == "POST" else None)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/api/threads/*", hold)

    await second.click()
    await expect(second).to_have_attribute("aria-current", "true")
    await _acts(page)
    await expect(page.locator(".composer")).to_have_count(0)
    await expect(page.locator("#reply")).to_have_count(0)
    await expect(page.locator("#reader")).to_contain_text("Opening")
    await held.pop().abort()
    await expect(page.locator("#reader")).to_contain_text("could not be opened")
    await _acts(page)
    await expect(page.locator(".composer")).to_have_count(0)
    name = await second.get_attribute("data-thread") or ""
    assert [url for url in acted if name in url or "send" in url] == []

    await page.unroute("**/api/threads/*")
    await first.click()
    await expect(page.locator("#reply")).to_be_visible()
    await second.focus()
    await _acts(page)
    await expect(page.locator(".composer")).to_have_count(0)
    await first.focus()
    await page.keyboard.press("r")
    await expect(page.locator("#composer-title")).to_have_text("Re: First")
    await second.click()
    await page.locator("#reply").click()
    await expect(page.locator("#composer-title")).to_have_text("Re: First")
    await expect(page.locator(".toast").last).to_contain_text("Finish or close")


async def _acts(page: Page) -> None:
    """Press every key that acts on a conversation."""
    for key in ("r", "a", "s", "e", "#"):
        await page.keyboard.press(key)
