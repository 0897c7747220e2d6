"""The connect pages as HTML, in the reader's language and theme."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.pages.language import Strings

if TYPE_CHECKING:
    from jinja2 import Environment

ROOT = Path(__file__).parent
STATIC = {path.name: path for path in sorted((ROOT / "static").iterdir())}
STATIC_PATH: Final = "/connect-ui/static"
MEDIA = {".css": "text/css", ".js": "text/javascript"}
THEMES = ("light", "dark")
SYSTEM = "system"
PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a text for what only the browser will know."""


@dataclass(frozen=True, slots=True)
class Look:
    """How pages look to one reader: `theme` is light, dark or system."""

    strings: Strings
    theme: str = SYSTEM


def page(template: str, look: Look, **context: Any) -> str:
    """Answer a page's HTML; everything in `context` is escaped."""
    made = _environment().get_template(template)
    return made.render(t=look.strings, theme=look.theme, asset=asset, **context)


def asset(name: str) -> str:
    """Answer a static file's address; it changes with the content, so it may be kept for ever."""
    return f"{STATIC_PATH}/{name}?v={_version(name)}"


def static_file(name: str) -> tuple[bytes, str] | None:
    """Answer content and media type of one of our own files, None for any other name."""
    path = STATIC.get(name)
    return (path.read_bytes(), MEDIA[path.suffix]) if path else None


def frame_setup(look: Look, origins: tuple[str, ...], final: frozenset[str]) -> dict[str, Any]:
    """Answer what the iframe's script must know; all of it is public."""
    t = look.strings
    codes = {key.partition(".")[0] for key in t.under("error.")}
    errors = {
        code: {
            "title": t(f"error.{code}.title"),
            "text": t(f"error.{code}.text", expected="", given=""),
        }
        for code in sorted(codes)
    }
    errors["wrong_account"]["text"] = t("frame.wrong_account", expected=PLACEHOLDER)
    return {
        "origins": origins,
        "integration": "google-mail",
        "language": t.language,
        "theme": look.theme,
        "placeholder": PLACEHOLDER,
        "final": sorted(final),
        "errors": errors,
        "scopes": _scope_texts(t),
        "texts": {
            "who": t("ask.for", who=PLACEHOLDER),
            "before": t("ask.same_account", email=PLACEHOLDER),
        },
    }


def _scope_texts(t: Strings) -> dict[str, dict[str, str]]:
    named = [key for key in t.under("scope.") if key.startswith("https:")]
    return {
        scope: {
            "what": t(f"scope.{scope}"),
            "why": t("scope.why", why=t(f"scope.{scope}.why")),
        }
        for scope in named
        if not scope.endswith(".why")
    }


@cache
def _version(name: str) -> str:
    return sha256(STATIC[name].read_bytes()).hexdigest()[:12]


@cache
def _environment() -> "Environment":
    # Imported here because other functions load this module's routes but never a page.
    from jinja2 import (  # noqa: PLC0415
        Environment,
        FileSystemLoader,
        StrictUndefined,
        select_autoescape,
    )

    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
