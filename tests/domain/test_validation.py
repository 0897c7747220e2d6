"""Every wrong field is named by where it stands in the request, in words of the API."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from shared.domain.validation import FIRST, LAST, Instant, Moment, place_problems, validate
from shared.errors import InvalidRequestError, Problem


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel, extra="forbid"):
    weight: int = Field(alias="weightGrams")


class Parcel(BaseModel, extra="forbid"):
    name: str | list[str] = ""
    part: Part | None = None
    parts: list[str | Part] = []
    colours: bool | Annotated[list[Literal[Colour.RED]], Field(min_length=1)] = False
    code: str = ""

    @field_validator("code")
    @classmethod
    def _short(cls, code: str) -> str:
        if len(code) > 3:
            raise ValueError("a code has up to 3 characters")
        return code


def problems(given: Any) -> list[Problem]:
    with pytest.raises(InvalidRequestError) as caught:
        validate(Parcel, given)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": 1}, ("name",)),
        ({"name": ["a", 1]}, ("name", 1)),
        ({"part": {}}, ("part", "weightGrams")),
        ({"part": {"weightGrams": "heavy"}}, ("part", "weightGrams")),
        ({"part": {"weightGrams": 1, "size": 2}}, ("part", "size")),
        ({"parts": ["a", {"weightGrams": "heavy"}]}, ("parts", 1, "weightGrams")),
        ({"colours": ["green"]}, ("colours", 0)),
        ([1], ()),
        ("Parcel", ()),
    ],
)
def test_a_path_leads_through_the_request_and_never_through_our_types(
    given: Any, path: tuple[str | int, ...]
) -> None:
    assert path in [one.path for one in problems(given)]
    steps = {step for one in problems(given) for step in one.path}
    assert not steps & {"str", "int", "bool", "list[str]", "Part"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"code": "long"}, "a code has up to 3 characters"),
        ({"part": 1}, "Input should be an object"),
        ([1], "Input should be an object"),
        ({"colours": ["green"]}, "Input should be 'red'"),
    ],
)
def test_no_word_is_of_python(given: Any, words: str) -> None:
    assert words in [one.message for one in problems(given)]


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"name": ["a", 1]}, ("name", 1), "Input should be a valid string"),
        ({"name": 1}, ("name",), "Input should be a valid string or a valid list"),
        ({"parts": [{"size": 2, "weightGrams": 1}]}, ("parts", 0, "size"), "Extra inputs"),
        ({"parts": [{}]}, ("parts", 0, "weightGrams"), "Field required"),
        ({"parts": [2]}, ("parts", 0), "Input should be a valid string or an object"),
        ({"colours": ["green"]}, ("colours", 0), "Input should be 'red'"),
        ({"colours": "green"}, ("colours",), "Input should be a valid boolean, unable"),
        ({"colours": []}, ("colours",), "List should have at least 1 item"),
    ],
)
def test_of_a_union_only_the_branch_that_was_meant_is_told(
    given: Any, path: tuple[str | int, ...], words: str
) -> None:
    (one,) = problems(given)
    assert one.path == path
    assert one.message.startswith(words)


def test_what_is_wrong_in_two_places_is_told_of_both() -> None:
    found = problems({"name": 1, "parts": [{}, 3, {"weightGrams": "heavy"}]})
    assert [one.path for one in found] == [
        ("name",),
        ("parts", 0, "weightGrams"),
        ("parts", 1),
        ("parts", 2, "weightGrams"),
    ]


def test_what_was_given_is_not_repeated() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        validate(Parcel, {"part": {"weightGrams": "s3cret"}, "name": {"a": "s3cret"}})
    assert "s3cret" not in f"{caught.value}{caught.value.problems}"


def test_problems_of_a_part_are_placed_in_the_whole() -> None:
    one = InvalidRequestError("No.", problems=[Problem("bad", "Bad.", ("to",))])
    assert place_problems(one, "messages", 3) == [Problem("bad", "Bad.", ("messages", 3, "to"))]
    plain = InvalidRequestError("No.", code="wrong")
    assert place_problems(plain, "messages", 3) == [Problem("wrong", "No.", ("messages", 3))]


class _Filter(BaseModel):
    after: Moment = None
    since: Instant | None = None


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", None),
        (None, None),
        ("2026-11-29", datetime(2026, 11, 29, tzinfo=UTC)),
        ("2026-11-29T10:00:00", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("2026-11-29T10:00:00+02:00", datetime(2026, 11, 29, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_of_a_filter_is_in_utc_or_none(given: str | None, meant: datetime | None) -> None:
    assert validate(_Filter, {"after": given}).after == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("0001-01-01T00:00:00+23:59", FIRST),
        ("0001-01-01T00:00:00Z", FIRST),
        ("1969-12-31T23:59:59Z", FIRST),
        ("9999-12-31T23:59:59-23:59", LAST),
    ],
)
@pytest.mark.parametrize("name", ["after", "since"])
def test_a_moment_out_of_reach_is_the_nearest_within(
    name: str, given: str, meant: datetime
) -> None:
    assert getattr(validate(_Filter, {name: given}), name) == meant


@pytest.mark.parametrize("given", [1_764_400_000, "1764400000", "1.7e9", 12.5])
def test_a_moment_is_no_bare_number(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="names no time"):
        validate(_Filter, {"after": given})
