"""The console's further pages as people use them: deliveries, sends, keys, playground, charts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from shared.domain.events.event import Event, EventState, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.domain.send.entry import SendState, send_id
from shared.ports.clock import Clock
from shared.ports.events import Operations
from shared.ports.sends import Sends
from shared.ports.store import Store
from tests.browser.accessibility import kept_as, unsound, violations
from tests.browser.conftest import Keep
from tests.browser.console import ADA, GRACE, Console, running_console
from tests.browser.trouble import a_run, plant, plant_events

pytestmark = pytest.mark.browser
FULL = (
    *("overview", "operations", "deliveries", "endpoints", "endpoints/new", "sends"),
    *("approvals", "agents", "api-keys", "api-keys/new", "sessions"),
)
UNSAFE = "Content Security Policy"


@pytest_asyncio.fixture(loop_scope="session")
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with running_console(tmp_path) as running:
        yield running


def complaints_of(page: Page) -> list[str]:
    """Return a list that fills with whatever the browser refuses for the page's own policy."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if UNSAFE in message.text or message.type == "error":
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


async def test_pages_full_of_trouble_are_sound_in_every_look(
    console: Console, browser: Browser, keep: Keep
) -> None:
    """Judged by axe-core, with something in every table and chart."""
    id = await plant(console)
    page = await console.operator(browser)
    heard = complaints_of(page)
    for name in FULL:
        await page.goto(f"{console.url}/{name}")
        if name == "overview":
            await expect(page.locator(".plot canvas")).to_have_count(4)
        if name == "deliveries":
            await page.get_by_text("evt-dead", exact=True).click()
        shown = kept_as(page, keep, f"console-{name.replace('/', '-')}-full")
        assert await unsound(page, shown) == {}, name
    await page.goto(f"{console.url}/approvals")
    await page.get_by_role("link", name="send-email").click()
    await expect(page.locator(".mail")).to_contain_text("we can do 900 a month")
    assert await unsound(page, kept_as(page, keep, "console-approval")) == {}
    await page.goto(f"{console.url}/playground?action=send-email&connection={id}")
    await write_letter(page)
    await page.get_by_role("button", name="Dry run").click()
    await expect(page.locator("#told")).to_have_text("Dry run: nothing was sent")
    assert await unsound(page, kept_as(page, keep, "console-playground-dry")) == {}
    assert heard == []


async def test_rows_of_operations_stand_in_columns(console: Console, browser: Browser) -> None:
    await plant(console)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/operations")
    for part in (".pill", ".when", ".took"):
        lefts = await page.locator(f".timeline summary {part}").evaluate_all(
            "(found) => [...new Set(found.map((one) => one.getBoundingClientRect().left))]"
        )
        assert len(lefts) == 1, part


async def test_an_endpoint_is_registered_tried_and_disabled(
    console: Console, browser: Browser
) -> None:
    page = await console.operator(browser)
    await page.goto(f"{console.url}/endpoints")
    await page.get_by_role("link", name="New endpoint").click()
    await page.get_by_label("Address").fill(f"{console.system.url}/nothing-here")
    await page.get_by_label("sync", exact=True).check()
    await page.get_by_role("button", name="Register the endpoint").click()
    assert (await page.locator("#token").inner_text()).startswith("whsec_")
    await expect(page.locator("#verify-1")).to_contain_text("def verified")
    await page.get_by_role("link", name="I have it").click()
    await page.get_by_role("button", name="Test").click()
    await expect(page.locator("#tried")).to_contain_text("did not take the test event")
    await page.locator("summary", has_text="Change").click()
    await page.get_by_role("button", name="Disable").click()
    await expect(page.locator("tbody .pill")).to_have_text(["disabled"])


async def write_letter(page: Page) -> None:
    await page.locator("[id='in.to']").fill(ADA)
    await page.locator("[id='in.subject']").fill("Figures for Thursday")
    await page.locator("[id='in.body']").fill(
        "Dear Ada,\n\nthe figures are in the harbour.\n\nGrace"
    )


async def test_charts_are_drawn_with_ink_and_again_with_the_theme(
    console: Console, browser: Browser
) -> None:
    await plant(console)
    page = await console.operator(browser)
    heard = complaints_of(page)
    await page.goto(f"{console.url}/overview")
    await expect(page.locator(".plot canvas")).to_have_count(4)
    before = await inks(page)
    assert all(ink > 500 for ink in before)
    await page.emulate_media(color_scheme="dark")
    await expect(page.locator(".plot canvas")).to_have_count(4)
    assert all(ink > 500 for ink in await inks(page))
    await page.get_by_role("link", name="1 hour").click()
    await expect(page.locator(".plot canvas")).not_to_have_count(0)
    assert heard == []


async def test_charts_follow_what_happens_without_a_reload(
    console: Console, browser: Browser
) -> None:
    id = await plant(console)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/overview")
    await expect(page.locator(".plot canvas")).to_have_count(4)
    units = page.locator("figure:has(#chart-units) figcaption p")
    before = await units.inner_text()
    await console.system.container.use(Operations).append(
        a_run(console.system.container, id, units=7_000)
    )
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(units).not_to_have_text(before)
    await expect(page.locator(".plot canvas")).to_have_count(4)
    assert all(ink > 500 for ink in await inks(page))


async def test_what_is_open_stays_open_when_news_arrive(console: Console, browser: Browser) -> None:
    id = await plant(console)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/deliveries")
    await page.get_by_text("evt-dead", exact=True).click()
    now = console.system.container.use(Clock).now()
    news = Event(EventId("evt-news"), id, EventType.WATCH, {}, now, None, 1, EventState.DELIVERED)
    await console.system.container.use(Store).outbox.create(news)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_text("evt-news", exact=True)).to_be_visible()
    await expect(page.get_by_text("10 attempts, answered 503, throttled")).to_be_visible()
    assert await page.locator("details[id^=event-][open]").count() == 1


async def inks(page: Page) -> list[int]:
    """Return how many points of each chart are not left blank."""
    found: list[int] = await page.evaluate(
        """[...document.querySelectorAll(".plot canvas")].map((canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            let inked = 0;
            for (let at = 3; at < data.length; at += 4) inked += data[at] > 0 ? 1 : 0;
            return inked;
        })"""
    )
    return found


async def test_a_dead_event_is_sent_again_and_the_page_follows_it(
    console: Console, browser: Browser
) -> None:
    id = ConnectionId(await console.connect(GRACE))
    await plant_events(console.system.container, id)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/deliveries?state=dead")
    await page.get_by_role("button", name="Redeliver sync evt-dead").click()
    await expect(page.locator("#notice")).to_contain_text("on its way again")
    await expect(page.get_by_text("No events")).to_be_visible()
    await page.goto(f"{console.url}/deliveries?state=delivered")
    await expect(page.get_by_text("evt-dead", exact=True)).to_be_visible()


async def test_a_new_event_appears_without_a_reload(console: Console, browser: Browser) -> None:
    id = ConnectionId(await console.connect(GRACE))
    page = await console.operator(browser)
    await page.goto(f"{console.url}/deliveries?state=dead")
    await expect(page.get_by_text("No events")).to_be_visible()
    await plant_events(console.system.container, id)
    await expect(page.get_by_text("evt-dead", exact=True)).to_be_visible()


async def test_a_scheduled_send_is_called_off_by_keyboard(
    console: Console, browser: Browser
) -> None:
    id = await plant(console)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/sends")
    await page.get_by_role("button", name="Cancel invoice-2032").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_contain_text("called off")
    found = await console.system.container.use(Sends).get(send_id(id, "invoice-2032"))
    assert found is not None
    assert found.value.state is SendState.CANCELLED


async def test_a_key_is_made_works_and_is_revoked(
    console: Console, browser: Browser, keep: Keep
) -> None:
    page = await console.operator(browser)
    await page.goto(f"{console.url}/api-keys")
    await page.get_by_role("link", name="New key").click()
    await page.get_by_label("Name", exact=True).fill("reports")
    await page.get_by_label("connections:read").check()
    await page.get_by_role("button", name="Make the key").click()
    token = await page.locator("#token").inner_text()
    await keep(page, "console-api-key-shown")
    assert await violations(page) == []
    key = {"Authorization": f"Bearer {token}"}
    client = console.system.client
    assert (await client.get("/connections", headers=key)).status_code == 200
    await page.get_by_role("link", name="I have it").click()
    await page.locator("summary", has_text="Change").click()
    await page.get_by_role("button", name="Revoke for good reports").click()
    await expect(page.locator("#notice")).to_contain_text("revoked")
    assert (await client.get("/connections", headers=key)).status_code == 401


async def test_a_letter_is_tried_dry_and_then_sent_once_from_the_playground(
    console: Console, browser: Browser, keep: Keep
) -> None:
    id = await console.connect(GRACE)
    await console.system.control("/mailboxes", {"email": ADA})
    page = await console.operator(browser)
    await page.goto(f"{console.url}/playground")
    await page.get_by_label("Action").select_option("send-email")
    await page.get_by_label("Connection").fill(GRACE)
    await page.get_by_role("button", name="Open the form").click()
    await write_letter(page)
    await page.get_by_role("button", name="Dry run").click()
    await expect(page.locator(".mail")).to_contain_text("the figures are in the harbour")
    assert console.system.emulated.store.messages(ADA) == []
    await page.get_by_role("button", name="Run it for real").click()
    await expect(page.locator("#told")).to_have_text("Done")
    await keep(page, "console-playground-sent")
    assert len(console.system.emulated.store.messages(ADA)) == 1
    await page.goto(f"{console.url}/sends?connection={id}")
    await expect(page.locator("td .pill")).to_have_text(["submitted"])


async def test_a_file_is_chosen_and_goes_along(console: Console, browser: Browser) -> None:
    await console.connect(GRACE)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/playground?action=send-email&connection={GRACE}")
    await write_letter(page)
    await page.get_by_text("more fields").click()
    await page.get_by_role("button", name="Add to attachments").click()
    chosen = {"name": "figures.csv", "mimeType": "text/csv", "buffer": b"month,sum\nMay,900\n"}
    await page.get_by_label("Choose a file").set_input_files(chosen)  # type: ignore[arg-type]
    await expect(page.locator("[id='in.attachments.0.filename']")).to_have_value("figures.csv")
    await page.get_by_role("button", name="Dry run").click()
    await expect(page.locator(".mail .tag")).to_have_text("figures.csv · 18 bytes")
    assert await page.locator("[id='in.subject']").input_value() == "Figures for Thursday"


async def test_an_agents_mail_is_read_and_approved(console: Console, browser: Browser) -> None:
    await console.system.control("/mailboxes", {"email": ADA})
    await plant(console)
    page = await console.operator(browser)
    await page.goto(f"{console.url}/approvals")
    await page.get_by_role("link", name="send-email").click()
    assert console.system.emulated.store.messages(ADA) == []
    await page.get_by_role("button", name="Approve and run now").click()
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert len(console.system.emulated.store.messages(ADA)) == 1


async def test_a_viewer_sees_all_of_it_and_has_no_button(
    console: Console, browser: Browser, keep: Keep
) -> None:
    id = await plant(console)
    page = await console.viewer(browser)
    for name in (
        "overview",
        "deliveries",
        "sends",
        "approvals",
        "api-keys",
        f"playground?action=send-email&connection={id}",
    ):
        await page.goto(f"{console.url}/{name}")
        await expect(page.locator("main h1")).to_be_visible()
        assert await page.locator("main form[method=post] button").count() == 0, name
    await keep(page, "console-playground-viewer")
