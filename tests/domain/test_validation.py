"""Every wrong field is named by where it stands in the request, in words of the API."""

from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from shared.domain.validation import place_problems, validate
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
    colours: bool | list[Literal[Colour.RED]] = False
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


def test_what_was_given_is_not_repeated() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        validate(Parcel, {"part": {"weightGrams": "s3cret"}, "name": {"a": "s3cret"}})
    assert "s3cret" not in f"{caught.value}{caught.value.problems}"


def test_problems_of_a_part_are_placed_in_the_whole() -> None:
    one = InvalidRequestError("No.", problems=[Problem("bad", "Bad.", ("to",))])
    assert place_problems(one, "messages", 3) == [Problem("bad", "Bad.", ("messages", 3, "to"))]
    plain = InvalidRequestError("No.", code="wrong")
    assert place_problems(plain, "messages", 3) == [Problem("wrong", "No.", ("messages", 3))]
