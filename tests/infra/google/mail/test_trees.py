"""Trees as broken mailers write them: nothing is lost, and nothing costs more than its length."""

from typing import Any

import orjson
import pytest

from infra.local.google.mail.mime import MAX_DEPTH, Part, read_part
from infra.local.google.mail.parameters import read_params
from infra.local.google.mail.rendering import make_snippet, render
from tests.domain.costs import growth
from tests.infra.google.mail.room import Room


def tree(*lines: str, line_break: str = "\r\n") -> Part:
    return read_part(line_break.join(lines).encode())


def shape(part: Part) -> Any:
    """Return a multipart as [subtype, parts...], a leaf as its body, a message as (inner,)."""
    if part.is_multipart:
        return [part.mime_type[10:], *map(shape, part.parts)]
    return tuple(map(shape, part.parts)) if part.parts else part.body.decode()


def mixed(boundary: str, *parts: str, subtype: str = "mixed") -> str:
    """Return a multipart whose parts are given with their heads."""
    inner = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    head = f"Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n"
    return f"{head}{inner}--{boundary}--\r\n"


def test_a_boundary_used_again_within_loses_no_part() -> None:
    inner = mixed("b", "\r\ntext", "\r\nhtml", subtype="alternative")
    assert shape(tree(mixed("b", inner, "\r\nfile"))) == [
        "mixed",
        ["alternative", "text", "html"],
        "file",
    ]


def test_a_boundary_used_again_two_levels_down_or_in_a_message_loses_no_part() -> None:
    deepest = mixed("b", "\r\n1", "\r\n2")
    message = f"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n{mixed('b', chr(13) + chr(10))}"
    raw = mixed("b", mixed("c", deepest, "\r\n3"), message, "\r\n4")
    assert shape(tree(raw)) == [
        "mixed",
        ["mixed", ["mixed", "1", "2"], "3"],
        (["mixed", ""],),
        "4",
    ]


def test_an_inner_part_that_is_never_closed_ends_with_the_outer_one() -> None:
    inner = "Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nopen"
    assert shape(tree(mixed("o", inner, "\r\nfile"))) == ["mixed", ["alternative", "open"], "file"]


def test_parts_without_a_blank_line_or_anything_at_all_are_parts() -> None:
    raw = mixed("b", "Content-Type: text/html", "", "\r\n", "X: y\r\n\r\nlast")
    assert shape(tree(raw)) == ["mixed", "", "", "", "last"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_line_breaks_of_either_kind_belong_to_the_delimiter(line_break: str) -> None:
    raw = mixed("b", "\r\none\r\n", "\r\ntwo").replace("\r\n", line_break)
    assert shape(tree(raw)) == ["mixed", f"one{line_break}", "two"]


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: multipart/mixed; boundary=b",
        "Content-Type: multipart/alternative",
        'Content-Type: multipart/related; boundary=""',
    ],
)
def test_a_multipart_without_parts_is_no_text(head: str) -> None:
    part = tree(head, "", "This is a multi-part message in MIME format.", "--other--")
    node = orjson.loads(render(part).payload[0])
    assert node["mimeType"] == part.mime_type
    assert node["body"] == {"size": 0}
    assert "parts" not in node
    assert make_snippet(part) == ""


def deep(levels: int) -> Part:
    text = "\r\nat the bottom"
    for level in range(levels):
        text = mixed(f"b{level}", text, f"\r\n{level}")
    return tree(text)


@pytest.mark.parametrize("levels", [41, 60, MAX_DEPTH, MAX_DEPTH + 50, 2_000])
def test_every_part_is_there_however_deep(levels: int) -> None:
    part = deep(levels)
    leaves = [leaf.body.decode() for leaf in part.walk() if not leaf.is_multipart]
    assert leaves == ["at the bottom", *map(str, range(levels))]
    assert orjson.loads(b"x".join(render(part).payload))["mimeType"] == "multipart/mixed"


def test_messages_in_messages_are_files_that_open_to_a_depth() -> None:
    raw = "Content-Type: text/plain\r\n\r\ninnermost"
    for _ in range(300):
        raw = f"Content-Type: message/rfc822\r\n\r\n{raw}"
    part = tree(raw)
    assert part.body.endswith(b"innermost")
    render(part)


def test_a_message_attached_in_base64_is_opened_too() -> None:
    inner = "U3ViamVjdDogaW4NCg0KaGVsbG8="  # Subject: in, hello
    head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64 (of all things)"
    (message,) = tree(head, "", inner).parts
    assert (message.headers, message.body) == ([("Subject", "in")], b"hello")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a/b; name=1; name=2", {"name": "1"}),
        ("a/b; boundary=b; BOUNDARY=c", {"boundary": "b"}),
        ("a/b; name=plain.txt; name*=utf-8''n%C3%A4m", {"name": "näm"}),
        ("a/b; name*=utf-8''n%C3%A4m; name=plain.txt", {"name": "näm"}),
        ("a/b; name*0=a; name*1=b; name*0=c", {"name": "ab"}),
        ("a/b; name*1=b; name*0=a", {"name": "ab"}),
        ("a/b; name*0=a; name*1*=%C3%A4", {"name": "aä"}),
        ("a/b charset=utf-8", {"charset": "utf-8"}),
        ("a/b;charset = utf-8 ;; name=x y.pdf", {"charset": "utf-8", "name": "x y.pdf"}),
        ('a/b; name="never closed', {"name": "never closed"}),
        ('a/b; name="a;b\\"c"; x', {"name": 'a;b"c'}),
        ("a/b; name==?utf-8?Q?n=C3=A4m?=", {"name": "näm"}),
    ],
)
def test_parameters_are_read_as_meant(value: str, expected: dict[str, str]) -> None:
    assert read_params(value) == ("a/b", expected)


def test_a_type_without_its_semicolon_is_still_that_type() -> None:
    assert tree("Content-Type: text/html charset=utf-8", "", "<p>").mime_type == "text/html"


@pytest.mark.parametrize(
    "unit",
    ["--b\r\n", "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "--\r\n", "\n--x",
     "--b--", "--b\r\nContent-Type: message/rfc822\r\n\r\n", '; a="b', "a*1=b; ", "=?", "\r\n\r\n",
     "  "],
)  # fmt: skip
def test_reading_costs_time_in_proportion_to_length(unit: str) -> None:
    for head in ("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "Content-Type: a/b; "):
        assert growth(read_part, lambda size: (head + unit * (size // len(unit))).encode()) is None  # noqa: B023


def test_encoded_words_in_addresses_are_handed_out_either_way() -> None:
    room, words = Room(), "=?utf-8?Q?J=C3=B6rg?="
    id = room.deliver(f"From: {words} <j@x.example>", f"Subject: {words}")
    said = []
    for address_words in ("decoded", "encoded", "decoded"):
        room.store.address_words = address_words
        headers = room.call("messages.get", id=id)["payload"]["headers"]
        said.append({header["name"]: header["value"] for header in headers})
    decoded = {"From": "Jörg <j@x.example>", "Subject": "Jörg"}
    assert said == [decoded, {**decoded, "From": f"{words} <j@x.example>"}, decoded]
