"""Two readers that others wrote find the subjects, addresses and files that Postroom finds.

Mail of a folder given by `CORPUS` has no list of exceptions: there, a record is wrong where both
readers agree with each other and not with it.
"""

from collections import Counter

import pytest

from tests.corpus.exceptions import EXEMPT, Exempt, Field, Reader, exempt
from tests.corpus.readers import FIELDS, Reading, folded, read_by_cpython, read_by_postal_mime
from tests.corpus.records import Read, people, read_corpus
from tests.corpus.sources import FOREIGN, sources

OWN = ("generated", "CPython", "cases")
pytestmark = pytest.mark.deep


def of(*names: str) -> list[Read]:
    """Return what was read of the mail of these sources."""
    chosen = {id(mail) for name in names for mail in sources().get(name, ())}
    return [one for one in read_corpus() if id(one.mail) in chosen]


def addresses(found: list[tuple[str, str]]) -> list[str]:
    return [email for _, email in found if "@" in email]


def differences(one: Read, reading: Reading) -> dict[Field, str]:
    """Return what the record says otherwise, and what the reader says."""
    record, found = one.record, dict[Field, str]()
    subject = folded(record["subject"])
    if reading.subject not in {None, subject}:
        found["subject"] = f"{subject!r}, not {reading.subject!r}"
    for field in FIELDS:
        said, others = addresses(people(record, field)), reading.people[field]
        if others is not None and addresses(others) != said:
            found["people"] = f"{field} {said}, not {addresses(others)}"
    files = len(record["attachments"])
    if reading.files not in {None, files}:
        found["files"] = f"{files} files, not {reading.files}"
    return found


def hold(reader: Reader, found: list[Read], readings: list[Reading]) -> None:
    """Hold records to a reader; print how many were compared, exempt and wrong."""
    used: Counter[Exempt] = Counter()
    wrong = []
    for one, reading in zip(found, readings, strict=True):
        for field, said in differences(one, reading).items():
            if rule := exempt(reader, field, one):
                used[rule] += 1
            else:
                wrong.append(f"{one.mail.name}: {said}")
    print(f"{reader}: {len(found)} mails, {used.total()} exempt, {len(wrong)} violations")
    assert not wrong, "\n".join(wrong)
    needless = {rule for rule in EXEMPT if rule.reader == reader} - used.keys()
    assert not needless, f"no mail needs these any more: {needless}"


def test_cpythons_reader_agrees() -> None:
    found = of(*OWN)
    hold("CPython", found, [read_by_cpython(one.mail.raw) for one in found])


def test_postal_mime_agrees() -> None:
    found = of(*OWN)
    hold("postal-mime", found, read_by_postal_mime([one.mail.raw for one in found]))


def test_mail_of_a_folder_is_read_as_both_readers_read_it() -> None:
    found = of(FOREIGN)
    if not found:
        pytest.skip("CORPUS names no folder: no further mail was read")
    readings = read_by_postal_mime([one.mail.raw for one in found])
    wrong = []
    for one, reading in zip(found, readings, strict=True):
        other = read_by_cpython(one.mail.raw)
        both = differences(one, reading).keys() & differences(one, other).keys()
        agree = {
            "subject": reading.subject == other.subject,
            "people": reading.people == other.people,
            "files": reading.files == other.files,
        }
        wrong += [f"{one.mail.name}: {field}" for field in both if agree[field]]
    print(f"{len(found)} mails of the folder, {len(wrong)} violations")
    assert not wrong, "\n".join(wrong)
