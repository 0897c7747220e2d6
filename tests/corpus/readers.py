"""Two readers that know nothing of this project: CPython's `email` and npm's postal-mime."""

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Any, Final

from tests.corpus.mail import Person
from tests.interop.packages import HERE, installed

FIELDS: Final = {"from": "from", "to": "to", "cc": "cc", "replyTo": "reply-to"}
READ_S: Final = 120
_BODIES: Final = frozenset({"text/plain", "text/html"})


@dataclass(frozen=True)
class Reading:
    """What a reader found; None where it has nothing to say."""

    subject: str | None
    people: dict[str, list[Person] | None]
    files: int | None


def folded(text: str) -> str:
    """Return the text with one space for any white space."""
    return " ".join(text.split())


def leaves(message: "Message[Any, Any]") -> list[Any]:
    """Return the leaves and attached messages, not looking into these."""
    if message.get_content_maintype() != "multipart" or not message.is_multipart():
        return [message]
    parts = (part for part in message.get_payload() if isinstance(part, Message))
    return [leaf for part in parts for leaf in leaves(part)]


def is_body(part: Any) -> bool:
    """Whether a leaf is shown as text."""
    if part.get_content_maintype() == "multipart":  # one without parts is shown by no reader
        return True
    plain = part.get_content_type() in _BODIES
    return plain and not part.get_filename() and part.get_content_disposition() != "attachment"


def read_by_cpython(raw: bytes) -> Reading:
    """Read with the standard library's newer parser."""
    message: Any = message_from_bytes(raw, policy=policy.default)
    people = {field: _people(message, header) for field, header in FIELDS.items()}
    files = [part for part in leaves(message) if not is_body(part)]
    with_content = [part for part in files if part.is_multipart() or part.get_payload()]
    return Reading(_subject(message), people, len(with_content))


def _subject(message: Any) -> str | None:
    try:
        return folded(str(message["subject"] or ""))
    except Exception:  # noqa: BLE001  it fails in many ways on headers that are none
        return None


def _people(message: Any, header: str) -> list[Person] | None:
    try:
        found = message[header]
        if found is None:
            return []
        return [(folded(one.display_name), one.addr_spec) for one in found.addresses]
    except Exception:  # noqa: BLE001  the same
        return None


def read_by_postal_mime(raws: Sequence[bytes]) -> list[Reading]:
    """Read with postal-mime, all in one process; skipped, loudly, without Node."""
    installed()
    node = shutil.which("node")
    assert node is not None
    ended = subprocess.run(
        [node, "postal.mjs"],
        cwd=HERE,
        input=json.dumps([b64encode(raw).decode() for raw in raws]),
        capture_output=True,
        text=True,
        timeout=READ_S,
        check=True,
    )
    return [_reading(one) for one in json.loads(ended.stdout)]


def _reading(found: dict[str, Any]) -> Reading:
    if "failed" in found:
        return Reading(None, dict.fromkeys(FIELDS), None)
    people: dict[str, list[Person] | None] = {
        field: [(folded(one.get("name") or ""), one.get("address") or "") for one in found[field]]
        for field in FIELDS
    }
    return Reading(folded(found["subject"]), people, len(found["files"]))
