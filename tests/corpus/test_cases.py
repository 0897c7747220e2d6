"""Mail that was read wrongly once, and what a record of it holds."""

import json
from typing import Any

import pytest

from shared.domain.mail.writing.outgoing import Outgoing
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.mail.writing.reply import as_reply
from tests.corpus.mail import Mail
from tests.corpus.readers import folded
from tests.corpus.records import read, received
from tests.corpus.sources import CASES

EXPECTED: list[dict[str, Any]] = json.loads((CASES / "records.json").read_text())


@pytest.mark.parametrize("case", EXPECTED, ids=[case["file"] for case in EXPECTED])
def test_the_record_holds_what_the_mail_does(case: dict[str, Any]) -> None:
    record = read(Mail(case["file"], (CASES / case["file"]).read_bytes())).record
    for text in case.get("text", ()):
        assert text in folded(record["text"])
    for text in case.get("html", ()):
        assert text in folded(record["html"] or "")
    if "files" in case:
        assert [file["filename"] for file in record["attachments"]] == case["files"]
    assert record["subject"] == case.get("subject", record["subject"])
    assert record["date"] in {case.get("date", received()), received()}


def test_a_reply_quotes_both_bodies_that_stand_side_by_side() -> None:
    name = "09-plain-body-html-disclaimer.eml"
    record = read(Mail(name, (CASES / name).read_bytes())).record
    me = Mailbox("grace@acme.example")
    for written in (Outgoing(me, text="Mine"), Outgoing(me, html="<p>Mine</p>")):
        reply = as_reply(written, record, [me.address], to_all=False, quote=True)
        bodies = [body for body in (reply.text, reply.html) if body]
        assert bodies
        for body in bodies:
            assert "Please pay invoice 42 today" in body
            assert "Confidential." in body
