"""The connect pages as HTML, in the reader's language and theme."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.connect.brand import Brand
from shared.pages.assets import Assets
from shared.pages.language import Strings

ASSETS: Final = Assets(Path(__file__).parent, "/connect-ui/static")
THEMES = ("light", "dark")
SYSTEM = "system"
OURS: Final = Brand()
PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a text for what only the browser will know."""


@dataclass(frozen=True, slots=True)
class Look:
    """How pages look to one reader: `theme` is light, dark or system; `brand` is the product's."""

    strings: Strings
    theme: str = SYSTEM
    brand: Brand = OURS


def page(template: str, look: Look, **context: Any) -> str:
    """Return a page's HTML; everything in `context` is escaped."""
    made = ASSETS.environment.get_template(template)
    return made.render(
        t=look.strings, theme=look.theme, brand=look.brand, asset=ASSETS.address, **context
    )


def frame_setup(look: Look, origins: tuple[str, ...], final: frozenset[str]) -> dict[str, Any]:
    """Return what the iframe's script must know; all of it is public."""
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
