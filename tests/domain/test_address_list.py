"""Address headers: whole addresses or none, and only those that are really there."""

from collections.abc import Callable
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.mail.reading.address_list import (
    MAX_NAME_KEPT,
    read_address,
    read_addresses,
    tokens,
)
from shared.domain.mail.reading.mail_headers import decode_words, read_date, read_message_ids
from shared.domain.mail.writing.recipients import strict_addresses


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ada <a@b.example>", [("Ada", "a@b.example")]),
        ("a@b.example, c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ('"Doe, John" <j@x.example>', [("Doe, John", "j@x.example")]),
        ('"a\\"b" <c@d.example>', [('a"b', "c@d.example")]),
        ('"back\\\\slash" <c@d.example>', [("back\\slash", "c@d.example")]),
        ("a@b.example (Ada Lovelace)", [("Ada Lovelace", "a@b.example")]),
        ("=?utf-8?Q?Doe=2C_John?= <j@x.example>", [("Doe, John", "j@x.example")]),
        ("=?utf-8?Q?J=C3=B6rg?= <j@x.example>", [("Jörg", "j@x.example")]),
        ('"=?utf-8?B?SsO2cmc=?=" <j@x.example>', [("Jörg", "j@x.example")]),
        ("<@relay.example:j@x.example>", [("", "j@x.example")]),
        ("<mailto:j@x.example>", [("", "j@x.example")]),
        ("john@x.example <john@x.example>", [("john@x.example", "john@x.example")]),
        ("Root <root>", [("Root", "root")]),
        ("a@b.example; c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ('"john smith"@x.example', [("", '"john smith"@x.example')]),
        ("Jörg <jörg@müller.example>", [("Jörg", "jörg@müller.example")]),
        ("<taro..k@docomo.example>", [("", "taro..k@docomo.example")]),
        ("Ann <a@[IPv6:::1]>", [("Ann", "a@[IPv6:::1]")]),
        ("Support (Zürich) <s@x.example>", [("Support (Zürich)", "s@x.example")]),
        ("8-( Bob <b@x.example>, Ann 8-) <a@x.example>",
         [("8-( Bob", "b@x.example"), ("Ann 8-)", "a@x.example")]),
        ("=?utf-8?q?=3Cboss=40corp.example=3E=2C?= <a@evil.example>",
         [("<boss@corp.example>,", "a@evil.example")]),
        ("Ann <>", [("Ann", "")]),
        ("<>", []),
    ],
)  # fmt: skip
def test_a_mailbox_has_a_name_and_an_address(value: str, expected: list[tuple[str, str]]) -> None:
    found = read_addresses([value])
    assert [(address["name"], address["email"]) for address in found] == expected


def test_groups_are_flattened_and_empty_ones_vanish() -> None:
    found = read_addresses(['Team: a@b.example, "X Y" <c@d.example>;', "undisclosed-recipients:;"])
    assert [address["email"] for address in found] == ["a@b.example", "c@d.example"]


def test_a_name_whose_comma_lost_its_quotes_stays_one_name() -> None:
    """Gmail hands out decoded headers, where an encoded comma has become a bare one."""
    found = read_addresses(["Doe, John <j@x.example>, Zoe <z@z.example>"])
    assert [address["name"] for address in found] == ["Doe, John", "Zoe"]


def test_a_quote_that_never_ends_loses_no_address() -> None:
    found = read_addresses(['"Ada <a@b.example>, c@d.example'])
    assert [address["email"] for address in found] == ["a@b.example", "c@d.example"]


def test_a_sender_without_an_address_keeps_its_name() -> None:
    assert read_address("MAILER-DAEMON") == {"name": "MAILER-DAEMON", "email": ""}
    assert read_address("") == {"name": "", "email": ""}


@pytest.mark.parametrize(
    "value",
    [
        "john smith@x.example", "Team <a@x.example,b@x.example>", "<a@x.example> <b@x.example>",
        "a@b@x.example", "<john smith@x.example>", "john@x .example", "john(a)smith@x.example",
        '"Ann"smith@x.example', "=?utf-8?q?a=40x=2Eexample=2C?=@evil.example", "<a@x.example> b",
        "please@do not reply", "a@b.example:a@b.example", '"a\\\r\nb"@x.example',
    ],
)  # fmt: skip
def test_half_of_an_address_is_none(value: str) -> None:
    (found,) = read_addresses([value])
    assert found["email"] == ""
    assert found["name"] == " ".join(decode_words(value).split())


def test_a_word_before_an_address_does_not_become_its_name() -> None:
    found = read_addresses(["Doe, j@x.example"])
    assert [tuple(one.values()) for one in found] == [("Doe", ""), ("", "j@x.example")]


@pytest.mark.parametrize(
    ("value", "email"),
    [
        ("=?utf-8?Q?boss=40corp.example_=3Cboss=40corp.example=3E=2C?= <a@evil.example>",
         "a@evil.example"),
        ("boss@corp.example <boss@corp.example>, <a@evil.example>", "a@evil.example"),
        ("boss@corp.example, <a@evil.example>", "a@evil.example"),
        ("Boss <boss@corp.example>, Eve <a@evil.example>", ""),
        ("Ann <ann@x.example>, Bob <bob@y.example>", ""),
        ("Ann <ann@x.example>, bob@y.example", ""),
        ("ann@x.example, Bob <bob@y.example>", ""),
        ("Doe, John <j@x.example>", "j@x.example"),
        ("please@do not reply, <a@x.example>", "a@x.example"),
        ('"<boss@corp.example>" <a@evil.example>', "a@evil.example"),
        ("boss@corp.example ( <a@evil.example> ())", ""),
        ("a@evil.example () <boss@corp.example> ()", ""),
        ('" <a@evil.example> ( " <boss@corp.example> ( )', ""),
        ("a@evil.example (), boss@corp.example ()", ""),
        ('"Ann (ann@x.example) via Tickets" <t@y.example>', "t@y.example"),
        ("ann@x.example (Ann)", "ann@x.example"),
        ("Ann <ann@x.example> (work)", "ann@x.example"),
        ("<a@x.example> <b@x.example,c@x.example>", ""),
    ],
)  # fmt: skip
def test_no_name_passes_for_the_sender(value: str, email: str) -> None:
    """Gmail decodes names first, so a name may look like a mailbox, or as if there were two."""
    assert read_address(value)["email"] == email


def test_what_is_no_address_is_kept_up_to_a_length() -> None:
    (found,) = read_addresses(["a@b:" * 100_000])
    assert (found["email"], len(found["name"])) == ("", MAX_NAME_KEPT)


AWKWARD = st.text(alphabet='ab@<>(),;:"\\ =?utf-8QBq_\0\r\n\ud800é.[]', max_size=80)


@given(AWKWARD | st.text(max_size=60))
@settings(deadline=None)
def test_no_header_is_too_broken_to_read(value: str) -> None:
    assert "".join(token.text for token in tokens(value)) in {value, value.partition('"')[0]}
    for address in [*read_addresses([value]), read_address(value)]:
        assert not {*address["email"]} & {*"\r\n\0"}
        assert address["email"] in value


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
EMAILS = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True)


def encoded(name: str) -> str:
    """Return the name as one encoded word."""
    return "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in name.encode()) + "?="


@given(st.lists(st.tuples(NAMES, EMAILS), min_size=1, max_size=5))
@settings(deadline=None)
def test_whatever_names_say_both_readers_find_the_same_mailboxes(
    people: list[tuple[str, str]],
) -> None:
    value = ", ".join(f"{encoded(name)} <{email}>" for name, email in people)
    expected = [{"name": name, "email": email} for name, email in people]
    assert read_addresses([value]) == strict_addresses(value) == expected


@given(AWKWARD)
@settings(deadline=None, max_examples=500)
def test_what_the_strict_reader_takes_the_lenient_one_reads_alike(value: str) -> None:
    try:
        found = strict_addresses(value)
    except ValueError:
        return
    emails = [one["email"].lower() for one in read_addresses([value]) if one["email"]]
    assert emails == [one["email"].lower() for one in found]


FAMILIES = [
    "a@b:", "@a:", "a@b", "a", " ", '"', "<", "(", "((x))", "=?utf-8?q?a?= ", '"\\', ",", ":",
    '"a" ', "a,", "a ", ";", "<a@b>,", "<a,", "a@b.c,", "[", "[a", "\\", '<"', '("', '<"<"', ")(",
    "=?a?q?", '"Ann (x)" <a@b.c>, ', "=?", "g:;,", "(<", "a(b)", "=?punycode?q?bcher-kva?= ",
]  # fmt: skip


def cost(read: Callable[[str], object], text: str) -> float:
    """Return the least processor time of some tries."""
    tries = []
    for _ in range(3):
        started = process_time()
        read(text)
        tries.append(process_time() - started)
    return min(tries)


def strictly(text: str) -> None:
    with suppress(ValueError):
        strict_addresses(text)


READERS: dict[str, Callable[[str], object]] = {
    "list": lambda text: read_addresses([text]),
    "one": read_address,
    "strict": strictly,
    "words": decode_words,
    "ids": read_message_ids,
    "date": read_date,
}


@pytest.mark.deep
@pytest.mark.parametrize("piece", FAMILIES)
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("frame", ["{}", "a{}b <"])
def test_twice_the_header_is_twice_the_work(name: str, piece: str, frame: str) -> None:
    """A stranger writes up to 500 kB of it (FACTS 18.12)."""
    read = READERS[name]
    once, twice = (frame.format(piece * (size // len(piece))) for size in (8_000, 16_000))
    too_short_to_measure = 0.001
    assert any(cost(read, twice) <= 2.5 * cost(read, once) + too_short_to_measure for _ in range(5))
