"""Which pages the documentation has, in the order in which they are listed.

Most are Markdown files of this project, each where its readers in the source look for it; those
without a source are made of the route table. `infra.archives` packs the sources by this list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
"""The project's folder, and an archive's."""
HOME: Final = "index"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `name` is its address below `/docs`, `source` its file below the project's root."""

    name: str
    title: str
    about: str
    """What a reader finds there, in one line."""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """Pages that are listed together."""

    title: str
    pages: tuple[Page, ...]


def _guide(name: str, title: str, about: str) -> Page:
    return Page(name, title, about, f"shared/docs/guides/{name}.md")


def _facts() -> Iterator[Page]:
    for path in sorted((ROOT / "shared/docs/facts").glob("*.md")):
        if path.stem != HOME:
            with path.open(encoding="utf-8") as lines:
                title = next(lines).lstrip("# ").strip()
            about = "What is known of it, with numbers and sources."
            yield Page(f"facts-{path.stem}", title, about, f"shared/docs/facts/{path.name}")


REFERENCE: Final[Mapping[str, tuple[str, str]]] = {
    "connect": ("Connecting", "Connect sessions, the connect page, the consent."),
    "connections": ("Connections", "Listing, changing, importing, disconnecting; receipts."),
    "records": ("Records and attachments", "Mail by cursor, by screen, by search; files."),
    "syncs": ("Syncs", "Status, trigger, pause, audit, quarantine, explanations."),
    "sends": ("Sending", "One message or many, once for each key; the ledger."),
    "actions": ("Running actions", "Gmail's actions and your own, now or later."),
    "proxy": ("The proxy", "Calls to Gmail itself, with the connection's token."),
    "events": ("Events and receivers", "What happened, webhook endpoints, sending again."),
    "keys": ("Keys and approvals", "API keys, their policies, what waits for a person."),
    "deployment": ("The deployment", "Operations, health, the description, constants."),
}
"""The pages of the reference: their titles, and what is on them."""

CHAPTERS: Final = (
    Chapter(
        "Start",
        (
            Page(HOME, "Postroom", "What it is, and where to begin.", "shared/docs/index.md"),
            _guide("quick-start", "Quick start", "From a clone to mail in your terminal."),
        ),
    ),
    Chapter(
        "Guides",
        (
            _guide("connect", "Connect a mailbox", "Sessions, the connect page, consent, endings."),
            _guide("records", "Follow the mail", "Records by cursor, so that none is missed."),
            _guide("send", "Send as your customer", "Once for each key; replies, later, bulks."),
            _guide("webhooks", "Hear of changes", "Receiving, verifying, and catching up."),
            _guide("agents", "Give it to an agent", "MCP, policies, approvals; these pages too."),
            _guide("python", "From Python", "The typed client, with and without asyncio."),
            _guide("typescript", "From TypeScript", "Types of the description, and a program."),
            Page(
                "from-nango",
                "From Nango",
                "Same, other, absent: every call, webhook field and template.",
                "shared/docs/from-nango.md",
            ),
            _guide("react", "In a React page", "A button that connects a mailbox."),
            Page(
                "own-code",
                "Actions of your own",
                "A Python module that is at once an action, a tool and an API entry.",
                "shared/actions/README.md",
            ),
            Page(
                "own-syncs",
                "Syncs of your own",
                "Records of your own models, on the same guarantees.",
                "shared/actions/SYNCS.md",
            ),
        ),
    ),
    Chapter(
        "Operate",
        (
            Page(
                "deploying",
                "Deploy",
                "Terraform for all of it: steps, costs, limits.",
                "infra/terraform/README.md",
            ),
            Page(
                "operating",
                "Operate",
                "From what you see to what to do, code by code and alert by alert.",
                "infra/OPERATING.md",
            ),
        ),
    ),
    Chapter(
        "API",
        (
            Page("api", "What the API means", "Every call in words.", "shared/docs/api.md"),
            Page("reference", "Reference", "Every operation, and where it stands."),
            *(
                Page(f"reference-{name}", title, about)
                for name, (title, about) in REFERENCE.items()
            ),
            Page("actions", "Actions one by one", "What each takes, needs and does."),
            Page("event-bodies", "Bodies of events", "What a receiver is sent, by type."),
            Page("permissions", "Permissions", "What each permission of a key opens."),
            _guide("errors", "Errors", "What to repeat, what to mend, whom to tell."),
            _guide("limits", "Limits", "How much, how often, how long."),
        ),
    ),
    Chapter(
        "How it works",
        (
            Page("guarantees", "Why no message is lost", "The argument.", "shared/README.md"),
            Page("design", "Design", "How it is built, what must hold.", "shared/docs/design.md"),
            Page(
                "security",
                "Security model",
                "Assets, attacks, and which test holds each off.",
                "shared/SECURITY-MODEL.md",
            ),
            Page(
                "facts",
                "Facts",
                "What Gmail and the platform really do.",
                "shared/docs/facts/index.md",
            ),
            *_facts(),
        ),
    ),
)

PAGES: Final[Mapping[str, Page]] = {
    page.name: page for chapter in CHAPTERS for page in chapter.pages
}
SOURCES: Final[Mapping[str, str]] = {
    page.source: page.name for page in PAGES.values() if page.source is not None
}
"""The name of the page by the path of its file."""
