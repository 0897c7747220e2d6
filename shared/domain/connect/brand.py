"""How a product looks on its connect page: a colour and a logo of its own."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
EMBEDDED: Final = re.compile(
    r"data:image/(?:png|jpeg|webp|gif|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}"
)
HOST: Final = re.compile(r"[a-z\d.-]+(?::\d{1,5})?", re.IGNORECASE)
"""Without a character that could end a directive of the security policy."""
STEEP: Final = 0.04045
"""Below it sRGB is linear."""
DARK, LIGHT = "#000000", "#ffffff"


@dataclass(frozen=True, slots=True)
class Brand:
    """`colour` is `#rrggbb`, `logo` an https address or an embedded image; None is ours."""

    colour: str | None = None
    logo: str | None = None

    @property
    def ink(self) -> str:
        """Black or white, whichever is read better on the colour: never below 4.5 to 1."""
        level = luminance(self.colour or DARK)
        return LIGHT if 1.05 / (level + 0.05) >= (level + 0.05) / 0.05 else DARK

    @property
    def logo_origin(self) -> str | None:
        """Where a browser fetches the logo from; None where the page holds it, or has none."""
        if self.logo is None or self.logo.startswith("data:"):
            return None
        return f"https://{urlsplit(self.logo).netloc}"

    @property
    def style(self) -> str:
        """The style sheet that gives the connect page the colour, in both themes."""
        return (
            ":root:root:root { "
            f"--accent: {self.colour}; --accent-ink: {self.ink}; "
            "--accent-soft: color-mix(in srgb, var(--accent) 16%, var(--card)); }\n"
        )


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, 0 to 1, as WCAG 2 defines it."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def checked_colour(value: str) -> str:
    """Return the colour. Raises ValueError."""
    if not COLOUR.fullmatch(value):
        raise ValueError("must be a colour such as #1f5fe0")
    return value.lower()


def checked_logo(value: str) -> str:
    """Return the logo's address. Raises ValueError."""
    parts = urlsplit(value)
    fetched = parts.scheme == "https" and HOST.fullmatch(parts.netloc) is not None
    if not fetched and not EMBEDDED.fullmatch(value):
        raise ValueError("must be the https address of an image, or data:image/...;base64,...")
    return value


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= STEEP else ((channel + 0.055) / 1.055) ** 2.4
