"""Every mail of the corpus is read whole, and as its sender meant it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from shared.domain.mail.message_fields import iso
from tests.corpus.mail import Mail
from tests.corpus.readers import folded
from tests.corpus.records import (
    Read,
    is_shown,
    lost_leaves,
    people,
    read,
    read_corpus,
    received,
)
from tests.corpus.sources import generated, sources

pytestmark = pytest.mark.deep

LEAST = 400
"""Shapes that are made here."""
SIDE_BY_SIDE = ("plain beside html", "html beside plain", "file between texts")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
OVERRIDES = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def check(what: str, violations: Callable[[Read], Iterator[str]], words: str = "decoded") -> None:
    """Hold every mail to the invariant, print how many there were, name all that break it."""
    found = read_corpus(words)
    wrong = [f"{one.mail.name}: {said}" for one in found for said in violations(one)]
    print(f"{what}: {len(found)} mails, {len(wrong)} violations")
    assert not wrong, "\n".join(wrong)


def test_the_corpus_is_there() -> None:
    print({name: len(mails) for name, mails in sources().items()})
    names = Counter(mail.name for mail in generated())
    assert len({mail.raw for mail in generated()}) >= LEAST
    assert max(names.values()) == 1


def test_every_mail_is_read_without_an_exception() -> None:
    for one in (*read_corpus(), *read_corpus("encoded")):
        assert one.record["id"]


def test_every_leaf_is_a_body_or_an_attachment() -> None:
    def lost(one: Read) -> Iterator[str]:
        if parts := lost_leaves(one):
            yield f"lost {parts}"

    check("leaves", lost)


def test_every_text_that_was_meant_to_be_read_is_in_a_body() -> None:
    def missing(one: Read) -> Iterator[str]:
        if texts := [text for text in one.mail.shown if not is_shown(text, one.record)]:
            yield f"not shown {texts}"

    check("texts", missing)


def test_bodies_side_by_side_are_whole_in_text_and_in_html() -> None:
    def missing(one: Read) -> Iterator[str]:
        bodies = {"text": one.record["text"], "html": one.record["html"] or ""}
        if one.mail.name in SIDE_BY_SIDE:
            for body, held in bodies.items():
                if lost := [word for word in one.mail.shown if word not in held]:
                    yield f"{body} without {lost}"

    check("bodies side by side", missing)


def test_the_text_is_complete_where_there_is_only_html() -> None:
    def missing(one: Read) -> Iterator[str]:
        text = folded(one.record["text"])
        if one.mail.name.startswith("joined") and one.mail.shown[0] not in text:
            yield f"text {text!r}"

    check("derived texts", missing)


def test_what_the_sender_wrote_is_lines_of_the_text_and_never_nothing() -> None:
    def wrong(one: Read) -> Iterator[str]:
        text, own = one.record["text"], one.record["replyText"]
        lines = iter(text.split("\n"))
        if not all(line in lines for line in own.split("\n") if line.strip()):
            yield f"other lines {own!r}"
        if bool(own.strip()) != bool(text.strip()):
            yield f"nothing of {text!r}"

    check("reply texts", wrong)


def test_every_subject_is_read_as_it_was_meant() -> None:
    def wrong(one: Read) -> Iterator[str]:
        subject = folded(one.record["subject"])
        if one.mail.subject is not None and subject != one.mail.subject:
            yield f"subject {subject!r}"

    check("subjects", wrong)


@pytest.mark.parametrize("words", ["decoded", "encoded"])
def test_every_address_is_read_as_it_was_meant_however_gmail_hands_it_out(words: str) -> None:
    def wrong(one: Read) -> Iterator[str]:
        for field, meant in one.mail.people.items():
            said = people(one.record, field)
            names = [name if known == "*" else known for (known, _), (name, _) in zip(meant, said)]  # noqa: B905
            if said != list(zip(names, [email for _, email in meant], strict=False)):
                yield f"{field} {said}, meant {meant}"

    check(f"people, words {words}", wrong, words)


def test_every_date_is_read_as_it_was_meant_or_is_gmails() -> None:
    def wrong(one: Read) -> Iterator[str]:
        if one.mail.name.startswith("date"):
            meant = {received(), *([iso(one.mail.date)] if one.mail.date else [])}
            if one.record["date"] not in meant:
                yield f"date {one.record['date']}, meant {one.mail.date}"

    check("dates", wrong)


def test_every_file_has_the_name_it_was_given() -> None:
    def wrong(one: Read) -> Iterator[str]:
        names = Counter(file["filename"] for file in one.record["attachments"])
        meant = Counter(file.name for file in one.mail.files if file.name is not None)
        if missing := meant - names:
            yield f"no file named {list(missing)}, but {list(names)}"

    check("file names", wrong)


def test_there_are_as_many_files_as_were_attached() -> None:
    def wrong(one: Read) -> Iterator[str]:
        kinds = [file["mimeType"] for file in one.record["attachments"]]
        files = len(kinds) - kinds.count("message/delivery-status")
        if one.mail.knows_files and files != len(one.mail.files):
            yield f"{files} files, meant {len(one.mail.files)}"

    check("numbers of files", wrong)


def test_no_control_character_leaves_in_a_subject_a_name_or_a_file_name() -> None:
    def wrong(one: Read) -> Iterator[str]:
        record = one.record
        people = [record["from"], *record["to"], *record["cc"], *record["replyTo"]]
        names = [each["name"] + each["email"] for each in people]
        files = [file["filename"] for file in record["attachments"]]
        for text in (record["subject"], *names, *files):
            if CONTROLS.search(text):
                yield repr(text)
        yield from (repr(name) for name in files if OVERRIDES.search(name))

    check("control characters", wrong)


def test_message_ids_are_one_id_or_none() -> None:
    def wrong(one: Read) -> Iterator[str]:
        for id in (one.record["messageId"], one.record["inReplyTo"]):
            if id is not None and not re.fullmatch(r"<[^<>\s]+>", id):
                yield repr(id)

    check("message ids", wrong)


def test_the_generator_makes_the_same_at_every_run() -> None:
    again = generated.__wrapped__()
    assert [mail.raw for mail in again] == [mail.raw for mail in generated()]


def test_a_mail_that_breaks_an_invariant_is_found() -> None:
    """Hold the checks themselves to a record that lost what it had."""
    whole = read(
        Mail("x", next(mail.raw for mail in generated() if mail.name == "plain beside html"))
    )
    assert not lost_leaves(whole)
    whole.record["attachments"].clear()
    whole.record.update({"text": "", "html": None})
    assert lost_leaves(whole) == ["0", "1", "2"]
