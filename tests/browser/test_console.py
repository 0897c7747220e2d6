"""The console as people use it: look, find out why, repair; by mouse, keyboard, phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Request, expect

from shared.edge.console.layout.navigation import NAV
from tests.browser.accessibility import kept_as, unsound, violations
from tests.browser.conftest import Keep
from tests.browser.console import (
    ADA,
    GRACE,
    STRANGER,
    Console,
    running_console,
)

pytestmark = pytest.mark.browser
BO = "bo@acme.example"
MOST_TABS = 60
SLOW_MS = 1_500
"""What each call of Gmail takes while somebody watches it being read."""


@pytest_asyncio.fixture(loop_scope="session")
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with running_console(tmp_path) as running:
        yield running


def pages_of(connection: str) -> dict[str, str]:
    """Return what each page is called on a screenshot, and its path."""
    one = f"/console/connections/{connection}"
    return {
        **{entry.key: entry.path for entry in NAV},
        "connection": one,
        "explain": f"{one}/explain?message=in:inbox",
        "records": f"{one}/records",
        "disconnect": f"{one}/disconnect",
    }


async def test_every_page_is_sound_for_people_who_cannot_see_it_in_every_look(
    console: Console, browser: Browser, keep: Keep
) -> None:
    """Judged by axe-core; nothing on any page is wider than a phone."""
    id = await console.connect(GRACE, 40)
    await console.connect(BO, 10)
    door = await console.window(browser)
    await door.goto(console.url)
    assert await unsound(door, kept_as(door, keep, "console-sign-in")) == {}
    page = await console.operator(browser)
    for name, path in pages_of(id).items():
        await page.goto(f"{console.system.url}{path}")
        assert await unsound(page, kept_as(page, keep, f"console-{name}")) == {}, name


async def test_the_judge_of_accessibility_finds_a_planted_fault(
    console: Console, browser: Browser
) -> None:
    page = await console.operator(browser)
    await page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert any(one.startswith("label:") for one in await violations(page))


async def test_a_fault_of_colours_is_found_on_a_page_whose_others_were_judged(
    console: Console, browser: Browser
) -> None:
    page = await console.operator(browser)
    assert await unsound(page) == {}
    await page.evaluate("document.querySelector('h1').style.color = 'rgb(160, 160, 160)'")
    (found,) = (await unsound(page))["light"]
    assert found.startswith("color-contrast:")


async def test_no_page_breaks_its_own_content_policy(console: Console, browser: Browser) -> None:
    id = await console.connect(GRACE, 10)
    page = await console.operator(browser)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in pages_of(id).values():
        await page.goto(f"{console.system.url}{path}", wait_until="networkidle")
    assert said == []


async def test_an_operator_finds_from_a_cold_start_why_a_mail_is_missing_and_repairs_it(
    console: Console, browser: Browser, keep: Keep
) -> None:
    """All that is known: grace says that the mail with the harbour figures never came."""
    id = await console.connect(GRACE, 30)
    await console.connect(BO, 5)
    lost = await console.lose("Harbour figures", id)
    page = await console.operator(browser)
    await page.get_by_label("Address or connection id").fill("grace")
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("link", name=GRACE).click()
    await expect(page.get_by_role("heading", name="Current")).to_be_visible()
    await page.get_by_label("Why is this message (not) here?").fill('subject:"Harbour figures"')
    await page.get_by_role("button", name="Explain").click()
    await expect(page.get_by_role("heading", name="It is missing")).to_be_visible()
    await expect(page.get_by_role("listitem")).to_contain_text("Harbour figures")
    await keep(page, "console-missing")
    await page.get_by_role("button", name="Audit the mailbox").click()
    await expect(page.get_by_role("status")).to_contain_text("compared with the records")
    await expect(page.get_by_role("heading", name="It is here")).to_be_visible()
    await keep(page, "console-repaired")
    await page.get_by_role("link", name="Show the record").click()
    await expect(page.get_by_role("heading", name="Harbour figures")).to_be_visible()
    answer = await console.system.client.get(
        "/records",
        params={"model": "EmailMessage", "ids": lost},
        headers={"Connection-Id": id, "Provider-Config-Key": "google-mail"},
    )
    assert [one["subject"] for one in answer.json()["records"]] == ["Harbour figures"]


async def test_an_operator_retries_what_is_in_quarantine(
    console: Console, browser: Browser, keep: Keep
) -> None:
    id = await console.connect(GRACE, 5)
    await console.set_aside("Late", id)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/connections/{id}")
    row = page.get_by_role("row", name="not_found")
    await keep(page, "console-quarantine")
    await row.get_by_role("button", name="Retry now").click()
    await expect(page.get_by_role("status")).to_contain_text("fetched again")
    await expect(page.get_by_role("heading", name="Quarantine")).to_have_count(0)
    await page.get_by_role("link", name="Browse records").click()
    await expect(page.get_by_role("link", name="Late")).to_be_visible()


async def test_an_operator_pauses_starts_and_widens(console: Console, browser: Browser) -> None:
    id = await console.connect(GRACE, 5)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/connections/{id}")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.get_by_role("heading", name="Current")).to_be_visible()
    await page.get_by_label("How far back mail is kept").fill("90d")
    await page.get_by_role("button", name="Change").click()
    await expect(page.get_by_role("status")).to_contain_text("window was changed")
    await expect(page.get_by_text("of the window 90d")).to_be_visible()
    log = page.get_by_role("region", name="What was done")
    await expect(log.get_by_text("pause sync")).to_be_visible()
    await expect(log.get_by_text("by operator key").first).to_be_visible()


async def test_an_operator_gives_a_link_to_connect_again(
    console: Console, browser: Browser, keep: Keep
) -> None:
    id = await console.connect(GRACE, 1)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/connections/{id}")
    await page.get_by_role("button", name="Link to connect again").click()
    await expect(page.get_by_role("heading", name="A link to connect again")).to_be_visible()
    await keep(page, "console-reconnect")
    link = await page.locator("#link").inner_text()
    end_user = await console.window(browser)
    await end_user.goto(link.strip())
    await expect(end_user.get_by_text("Continue with Google")).to_be_visible()


async def test_a_disconnect_asks_for_the_address_and_only_then_is_done(
    console: Console, browser: Browser
) -> None:
    id = await console.connect(GRACE, 3)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/connections/{id}")
    await page.get_by_role("link", name="Disconnect…").click()
    await page.get_by_label("Type the address").fill(BO)
    await page.get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_text("Nothing was disconnected")).to_be_visible()
    await page.go_back()
    await page.get_by_label("Type the address").fill(GRACE)
    await page.get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_role("status")).to_contain_text("being disconnected")
    await console.system.settle()
    await expect(page.get_by_text("Nobody is connected yet")).to_be_visible()


async def test_pages_stay_current_without_a_reload_and_keep_what_is_open(
    console: Console, browser: Browser
) -> None:
    id = await console.connect(GRACE, 3)
    page = await console.operator(browser)
    await expect(page.locator(f"tr[data-connection='{id}'] td").last).to_have_text("3")
    await page.evaluate("window.stayed = true")
    await console.deliver("Fresh")
    await expect(page.locator(f"tr[data-connection='{id}'] td").last).to_have_text("4")
    assert await page.evaluate("window.stayed")
    await page.goto(f"{console.url}/connections/{id}")
    await page.evaluate("window.stayed = true")
    oldest = page.locator(".timeline details").last
    await oldest.locator("summary").click()
    await page.get_by_role("button", name="Audit").focus()
    entries = await page.locator(".timeline details").count()
    await console.deliver("Fresher")
    await expect(page.locator(".timeline details")).not_to_have_count(entries)
    await expect(oldest).to_have_attribute("open", "")
    await expect(page.get_by_role("button", name="Audit")).to_be_focused()
    assert await page.evaluate("window.stayed")


async def test_a_page_that_nobody_sees_asks_for_nothing(console: Console, browser: Browser) -> None:
    page = await console.operator(browser)
    asked: list[str] = []

    def note(request: Request) -> None:
        if "x-console-live" in request.headers:
            asked.append(request.url)

    page.on("request", note)
    await page.clock.install()
    await page.reload()
    await show(page, "hidden")
    await page.clock.run_for(120_000)
    assert asked == []
    async with page.expect_response(lambda answer: answer.url in asked):
        await show(page, "visible")
    assert len(asked) == 1


async def show(page: Page, state: str) -> None:
    """Tell the page that its tab was hidden or shown."""
    await page.evaluate(
        """(state) => {
          Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


async def test_a_backfill_shows_its_progress_and_its_end(
    console: Console, browser: Browser, keep: Keep
) -> None:
    page = await console.operator(browser)
    await console.system.control("/faults", {"fault": "latency", "delay_ms": SLOW_MS})
    await console.connect(GRACE, 240, settled=False)
    await page.get_by_role("link", name=GRACE).click()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await expect(page.locator("#progress-text")).to_contain_text("left")
    await keep(page, "console-backfill")
    await console.system.google.delete("/_control/faults")
    await expect(page.get_by_text("The window was read")).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("progressbar")).to_have_count(0)


async def test_a_viewer_sees_everything_and_is_offered_no_change(
    console: Console, browser: Browser, keep: Keep
) -> None:
    id = await console.connect(GRACE, 5)
    page = await console.viewer(browser)
    await expect(page.get_by_text("Read-only")).to_be_visible()
    for name, path in pages_of(id).items():
        await page.goto(f"{console.system.url}{path}")
        forms = page.locator("main form[method=post]")
        await expect(forms, name).to_have_count(0)
    await page.goto(f"{console.url}/connections/{id}")
    await keep(page, "console-viewer")
    await expect(page.get_by_role("heading", name="Current")).to_be_visible()


async def test_a_stranger_is_turned_away(console: Console, browser: Browser, keep: Keep) -> None:
    await console.system.control("/mailboxes", {"email": STRANGER})
    page = await console.window(browser)
    await console.ask_google(page, STRANGER)
    await expect(page.get_by_role("alert")).to_contain_text("not open to that account")
    await keep(page, "console-stranger")


async def test_a_person_chooses_an_account_at_google_and_comes_back_to_the_page_asked_for(
    console: Console, browser: Browser
) -> None:
    """Through Google's own page: the policy of forms lets nobody be stopped on the way."""
    for email in (ADA, GRACE):
        await console.system.control("/mailboxes", {"email": email})
    page = await console.window(browser)
    await page.goto(f"{console.url}/operations?type=sync")
    await page.get_by_role("link", name="Sign in with Google").click()
    await page.get_by_label(ADA).check()
    await page.get_by_role("button", name="Allow").click()
    await expect(page).to_have_url(f"{console.url}/operations?type=sync")
    await expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()
    await page.goto(console.url)
    await expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()


async def test_everything_can_be_reached_by_keyboard(console: Console, browser: Browser) -> None:
    id = await console.connect(GRACE, 2)
    page = await console.operator(browser)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await tab_to(page, page.get_by_role("link", name=GRACE))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{console.url}/connections/{id}")
    await tab_to(page, page.get_by_role("button", name="Pause"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    await tab_to(page, page.locator(".timeline summary").first)
    await page.keyboard.press("Enter")
    await expect(page.locator(".timeline details").first).to_have_attribute("open", "")


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the keyboard."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await target.evaluate("(one) => one === document.activeElement"):
            return
    pytest.fail("Tab does not lead there")


async def test_everything_works_without_scripts(console: Console, browser: Browser) -> None:
    id = await console.connect(GRACE, 2)
    page = await console.operator(browser, scripts=False)
    await page.get_by_role("link", name=GRACE).click()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    await page.goto(f"{console.url}/connections/{id}/explain?message=in:inbox")
    await expect(page.get_by_role("heading", name="It is here").first).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()


async def test_the_theme_is_kept(console: Console, browser: Browser) -> None:
    page = await console.operator(browser)
    await page.get_by_role("button", name="Theme: system").click()
    await page.get_by_role("button", name="Theme: light").click()
    await page.goto(f"{console.url}/operations")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
