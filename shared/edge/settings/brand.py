"""POSTROOM_BRAND_*: how the product looks on its connect page."""

from shared.domain.connect.brand import Brand, checked_colour, checked_logo
from shared.edge.settings.events import Reads


def brand_options(read: Reads) -> Brand:
    """Read the variables; without them the connect page has a look of its own."""
    colour: str | None = read("BRAND_COLOUR", checked_colour, None)
    logo: str | None = read("BRAND_LOGO", checked_logo, None)
    return Brand(colour, logo)
