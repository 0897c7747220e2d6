"""What axe-core finds wrong with a page, for people who cannot see it or use no mouse."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Error, Frame, Page

from tests.browser.conftest import Keep
from tests.interop.packages import installed

Scheme = Literal["light", "dark"]
WIDE, PHONE = (1360, 900), (390, 844)
CONTRAST = ("color-contrast", "link-in-text-block")
"""What a change of colours alone may break."""
RUN = """async ([rules, without]) => (await axe.run(document, {
  runOnly: rules.length
    ? { type: "rule", values: rules }
    : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])),
  resultTypes: ["violations"],
})).violations.map(
  (one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target.join(" ")).join("; ")})`
)"""
SETTLED = """async () => {
  const drawn = new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
  const hidden = new Promise((next) => setTimeout(next, 100));  // such a frame draws nothing
  await Promise.race([drawn, hidden]);
  const ends = (one) => one.effect.getComputedTiming().endTime < Infinity;
  await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""
TURN = "(direction) => { document.documentElement.dir = direction; }"
BROKEN = """() => {
  const clipped = (one) =>
    one && (getComputedStyle(one).clipPath !== "none" || clipped(one.parentElement));
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, range = document.createRange();
    const at = node.parentElement;
    if (!at.checkVisibility() || at.closest("pre, code") || clipped(at)) continue;
    for (const word of node.data.matchAll(/(?<![^\\s(])\\p{L}{2,24}(?![^\\s),.:;?!])/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top)));
      if (lines.size > 1) found.push(`broken word: ${word[0]}`);
    }
  }
  return found;
}"""
"""Words alone: an address that is wider than its place has to break somewhere."""
COLOURED = """() => {
  const papers = new Map();
  const paper = (one) => {
    if (!one) return "";
    if (papers.has(one)) return papers.get(one);
    const { backgroundColor, backgroundImage, opacity, filter } = getComputedStyle(one);
    const own = `${backgroundColor} ${backgroundImage} ${opacity} ${filter}`;
    const seen = own === "rgba(0, 0, 0, 0) none 1 none" ? "" : `${own}; `;
    papers.set(one, seen + paper(one.parentElement));
    return papers.get(one);
  };
  const ink = (one) => {
    const css = getComputedStyle(one);
    const shape = `${css.fontSize} ${css.fontWeight} ${css.textDecorationLine} ${css.textShadow}`;
    const beside = one.closest("a") ? getComputedStyle(one.closest("a").parentElement).color : "";
    return `${css.color} ${shape} ${css.borderBottom} ${beside} on ${paper(one)}`;
  };
  const written = (one) => one.matches("input, select, textarea") ||
    [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const shown = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility());
  return [...new Set(shown.filter(written).map(ink))];
}"""
"""How each text that is seen is coloured, sized and underlined, and all that it stands on."""
OVERHANG = "document.documentElement.scrollWidth - innerWidth"


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which a page is seen; `size` is width and height in CSS pixels."""

    name: str
    scheme: Scheme = "light"
    size: tuple[int, int] = WIDE
    direction: Literal["ltr", "rtl"] = "ltr"
    rules: tuple[str, ...] = ()
    """The axe rules whose outcome can differ here from that of the first look; none: all."""


LOOKS = (
    Look("light"),
    Look("dark", scheme="dark", rules=CONTRAST),
    Look("narrow", size=PHONE),
    Look("right-to-left", direction="rtl", rules=("target-size",)),
)
"""Colours change with the scheme, places with the direction, and with the size what is shown."""
SOUND: set[str] = set()
"""The colours of text, as `COLOURED` tells them, in which this process found no fault."""
Shown = Callable[[str], Awaitable[None]]


async def broken_words(page: Page) -> list[str]:
    """Return words that stand on two lines."""
    found: list[str] = await page.evaluate(BROKEN)
    return found


def kept_as(page: Page, keep: Keep, name: str) -> Shown:
    """Return what keeps a screenshot of each look under a name."""

    async def shown(look: str) -> None:
        await keep(page, f"{name}-{look}")

    return shown


async def violations(
    page: Page | Frame, rules: Sequence[str] = (), without: Sequence[str] = ()
) -> list[str]:
    """Return what of these rules, or of all but some, the page breaks, and where.

    Skips without Node.
    """
    if await page.evaluate("typeof axe") == "undefined":  # half a megabyte to parse
        script = installed() / "axe-core" / "axe.min.js"
        await page.evaluate(script.read_text("utf-8"))
    found: list[str] = await page.evaluate(RUN, [list(rules), list(without)])
    return found


async def own_frames(page: Page) -> list[Frame]:
    """Return the page and its frames but those without scripts: what a stranger wrote is there."""
    inner = []
    for frame in page.frames[1:]:
        with suppress(Error):  # gone meanwhile: the mail is drawn anew
            inner.append((frame, await frame.frame_element()))
    open_ones = [one for one, element in inner if await element.get_attribute("sandbox") is None]
    return [page.main_frame, *open_ones]


async def put_on(page: Page, look: Look) -> None:
    """Show the page in a look, its own frames too, and wait until nothing moves any more."""
    width, height = look.size
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
    for frame in await own_frames(page):
        await frame.evaluate(TURN, look.direction)
        await frame.evaluate(SETTLED)


async def faults(frame: Page | Frame, look: Look = LOOKS[0]) -> list[str]:
    """Return what the page breaks in a look that it was put on, and where.

    Colours take axe longest: where each was found sound before, they are not judged again.
    """
    colours = set(await frame.evaluate(COLOURED))
    without = () if colours - SOUND else CONTRAST
    rules = [rule for rule in look.rules if rule not in without]
    judged = rules or not look.rules
    found = await violations(frame, rules, without) if judged else []
    if not found:
        SOUND.update(colours)
    return found


async def misfits(page: Page) -> list[str]:
    """Return words on two lines, and how much wider than its window the page is."""
    wrong = await broken_words(page)
    if (wide := await page.evaluate(OVERHANG)) > 0:
        wrong.append(f"wider than the window by {wide} px")
    return wrong


async def unsound(page: Page, shown: Shown | None = None) -> dict[str, list[str]]:
    """Return what is wrong with the page in each look, by look; empty where nothing is.

    A page that is wider than its window is wrong too, and so is a word broken over two lines.
    `shown` is called in every look.
    """
    found: dict[str, list[str]] = {}
    for look in LOOKS:
        await put_on(page, look)
        if shown is not None:
            await shown(look.name)
        wrong = [one for frame in await own_frames(page) for one in await faults(frame, look)]
        wrong += await misfits(page)
        found |= {look.name: wrong} if wrong else {}
    await put_on(page, LOOKS[0])
    return found
