"""A walk through Gmail's discovery document with Google's own client: every method, no list.

What a call needs is read from the document: the client's resource, the path's parameters, the
fields of the body. Only what a field of a certain name holds is known here.
"""

import base64
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from tests.infra.google.discovery import document, methods
from tests.infra.google.emulator import FULL, SCOPE, Google, b64, letter

ADA, BEN = "ada@demo.example", "ben@demo.example"
TOPIC = "projects/demo/topics/gmail"
SCOPES = (FULL, f"{SCOPE}settings.basic", f"{SCOPE}settings.sharing")
CREATORS = ("create", "insert")


@cache
def pkcs12() -> str:
    """Return a key with its certificate, as the `pkcs12` field takes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ada")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    content = serialize_key_and_certificates(b"ada", key, made, None, NoEncryption())
    return base64.urlsafe_b64encode(content).decode()


class Walker:
    """Ada's client, and what it takes to call any method."""

    def __init__(self, google: Google) -> None:
        self.google = google
        self._numbers = itertools.count(1)
        google.mailbox(ADA)
        google.mailbox(BEN)
        self._service = google.service(ADA, SCOPES)
        self.answers: dict[str, Any] = {}

    def call(self, method_id: str, **known: str) -> Any:
        """Call a method with fresh things for its path and its body; return the answer."""
        described = methods()[method_id]
        *resources, verb = method_id.split(".")[1:]
        resource = self._service
        for name in resources:
            resource = getattr(resource, name)()
        wanted = described.get("parameterOrder", [])
        given: dict[str, Any] = {"userId": "me", **self._named(method_id, wanted, known)}
        if "request" in described:
            given["body"] = {
                **self._filled(described["request"]["$ref"]),
                **{name: given[name] for name in ("id",) if verb == "update" and name in given},
            }
        if verb == "send" and resources[-1] == "drafts":
            given["body"] = {"id": self.call("gmail.users.drafts.create")["id"]}
        if "startHistoryId" in described["parameters"]:
            given["startHistoryId"] = self.call("gmail.users.getProfile")["historyId"]
        return getattr(resource, {"import": "import_"}.get(verb, verb))(**given).execute()

    def _named(self, method_id: str, wanted: list[str], known: Mapping[str, str]) -> dict[str, str]:
        """Return the path's parameters: each names a thing made for this call."""
        held = {name: known[name] for name in wanted if name in known}
        for name in wanted:
            if name not in held and name != "userId":
                held[name] = self._made(_holder(method_id, name), name, held)
        return held

    def _made(self, resource: str, name: str, known: Mapping[str, str]) -> str:
        """Make a thing of that resource, and return what the parameter calls it by."""
        if resource in NEIGHBOURS:
            return NEIGHBOURS[resource](self, known)
        if ".cse." in resource:
            return "unknown"
        creator = next(
            f"{resource}.{verb}" for verb in CREATORS if f"{resource}.{verb}" in methods()
        )
        made = self.call(creator, **known)
        return str(made.get(name) or made["id"])

    def message(self) -> dict[str, Any]:
        """Deliver a mail with a file; return its ids."""
        mail = letter("A walk")
        mail.add_attachment(b"%PDF-1.4 x" * 90, "application", "pdf", filename="x.pdf")
        return dict(self.google.deliver(ADA, mail))

    def _filled(self, schema: str) -> dict[str, Any]:
        """Return a body with every field whose name says what it may hold."""
        properties = document()["schemas"][schema]["properties"]
        return {name: FIELDS[schema, name](self) for name in properties if (schema, name) in FIELDS}

    def number(self) -> int:
        """Return a number not given before."""
        return next(self._numbers)


def _holder(method_id: str, parameter: str) -> str:
    """Return the resource whose things the parameter names: the path says it just before."""
    segment = methods()[method_id]["path"].partition(f"/{{{parameter}}}")[0].rpartition("/")[2]
    resources = method_id.split(".")
    return ".".join(resources[: resources.index(segment) + 1])


def _attachment(walker: Walker, known: Mapping[str, str]) -> str:
    whole = walker.call("gmail.users.messages.get", id=known["messageId"])
    return str(whole["payload"]["parts"][1]["body"]["attachmentId"])


NEIGHBOURS: Mapping[str, Callable[[Walker, Mapping[str, str]], str]] = {
    "gmail.users.messages": lambda walker, _: str(walker.message()["id"]),
    "gmail.users.threads": lambda walker, _: str(walker.message()["threadId"]),
    "gmail.users.messages.attachments": _attachment,
}
"""Resources whose things come of mail that arrives, not of a call of their own."""

FIELDS: Mapping[tuple[str, str], Callable[[Walker], Any]] = {
    ("Message", "raw"): lambda walker: b64(letter(f"Walk {walker.number()}", sender=ADA, to=BEN)),
    ("Draft", "message"): lambda walker: walker._filled("Message"),
    ("Label", "name"): lambda walker: f"Label {walker.number()}",
    ("WatchRequest", "topicName"): lambda _: TOPIC,
    ("ModifyMessageRequest", "addLabelIds"): lambda _: ["STARRED"],
    ("ModifyThreadRequest", "addLabelIds"): lambda _: ["STARRED"],
    ("BatchModifyMessagesRequest", "ids"): lambda walker: [walker.message()["id"]],
    ("BatchModifyMessagesRequest", "addLabelIds"): lambda _: ["STARRED"],
    ("BatchDeleteMessagesRequest", "ids"): lambda walker: [walker.message()["id"]],
    ("Filter", "criteria"): lambda walker: {"from": f"{walker.number()}@far.example"},
    ("Filter", "action"): lambda _: {"addLabelIds": ["STARRED"]},
    ("ForwardingAddress", "forwardingEmail"): lambda walker: f"f{walker.number()}@far.example",
    ("SendAs", "sendAsEmail"): lambda walker: f"a{walker.number()}@far.example",
    ("SendAs", "displayName"): lambda _: "Ada of Sales",
    ("Delegate", "delegateEmail"): lambda walker: walker.google.mailbox(
        f"d{walker.number()}@demo.example"
    ),
    ("SmimeInfo", "pkcs12"): lambda _: pkcs12(),
    ("VacationSettings", "responseSubject"): lambda _: "Away",
    ("LanguageSettings", "displayLanguage"): lambda _: "de",
}
"""What a field of a schema may hold; a field not named here stays away."""
