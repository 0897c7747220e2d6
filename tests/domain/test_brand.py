"""A product's colour and logo: read, refused, and always with words that can be read on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.connect.brand import Brand, checked_colour, checked_logo, luminance

PIXEL = "data:image/png;base64,iVBORw0KGgo="


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_words_are_read_on_any_colour(colour: str) -> None:
    """The guidelines for accessible content ask for at least 4.5 to 1."""
    brand = Brand(checked_colour(colour))
    darker, lighter = sorted((luminance(colour), luminance(brand.ink)))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("logo", "origin"),
    [
        ("https://cdn.acme.example/logo.svg", "https://cdn.acme.example"),
        ("https://cdn.acme.example:8443/a/b.png?v=2", "https://cdn.acme.example:8443"),
        (PIXEL, None),
    ],
)
def test_a_logo_is_fetched_from_its_own_origin_alone(logo: str, origin: str | None) -> None:
    assert Brand(logo=checked_logo(logo)).logo_origin == origin


@pytest.mark.parametrize(
    "logo",
    [
        "http://cdn.acme.example/logo.svg",
        "https://cdn.acme.example; script-src *",
        "https://user@cdn.acme.example/logo.svg",
        "data:text/html;base64,PGI+",
        "javascript:alert(1)",
        "logo.png",
    ],
)
def test_what_is_no_logo_is_refused(logo: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        checked_logo(logo)


@pytest.mark.parametrize("colour", ["red", "#fff", "#1f5fe0;", "1f5fe0"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        checked_colour(colour)
