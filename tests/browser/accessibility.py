"""What axe-core finds wrong with a page, for people who cannot see it or use no mouse."""

from playwright.async_api import Page

from tests.interop.packages import installed

RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})).violations.map(
  (one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target.join(" ")).join("; ")})`
)"""


async def violations(page: Page) -> list[str]:
    """Return every rule that the page breaks, and where. Skips without Node."""
    script = installed() / "axe-core" / "axe.min.js"
    await page.evaluate(script.read_text("utf-8"))
    found: list[str] = await page.evaluate(RUN)
    return found
