"""How a recorded answer is compared with one given here: presence, type, form and order.

Values that belong to one mailbox (ids, times, counts, text) are held to their form; all others,
such as labels, reasons and settings, to the letter.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

FORMS: Final = (
    ("message id", re.compile(r"[0-9a-f]{16}")),
    ("draft id", re.compile(r"r-?\d{17,19}")),
    ("page token", re.compile(r"\d{20}")),
    ("whole second", re.compile(r"\d{10}000")),
    ("number", re.compile(r"-?\d{1,19}")),
    ("label id", re.compile(r"Label_\d+")),
    ("filter id", re.compile(r"ANe1Bm[\w-]{32}")),
    ("message id of Gmail", re.compile(r"<CA[\w+=.-]+@mail\.gmail\.com>")),
    ("date", re.compile(r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")),
    (
        "trace",
        re.compile(r"from \d{12} named unknown by gmailapi\.google\.com with HTTPREST; .{31}"),
    ),
    ("access token", re.compile(r"ya29\..+")),
    ("refresh token", re.compile(r"1//0.+")),
)
"""The first that fits a whole string names its form."""

SETS: Final = frozenset({"labelIds"})
"""Lists whose order says nothing: recorded, the labels of one message come in different orders."""

LISTINGS: Final = frozenset({"messages", "threads", "drafts", "labels"})
"""Lists that are recorded cut: each entry is compared, their number is not."""

FREE: Final = frozenset(
    {
        "snippet",
        "data",
        "name",
        "raw",
        "value",
        "emailAddress",
        "sendAsEmail",
        "displayName",
        "scope",
        "filename",
        "signature",
        "forward",
        "forwardingEmail",
        "delegateEmail",
    }
)
"""Strings that are a mailbox's own: only their type and form count."""

OWN_LENGTH: Final = frozenset({"value", "raw"})
"""Texts that are as long as the mail they are of."""

COUNTS: Final = frozenset(
    {
        "sizeEstimate",
        "messagesTotal",
        "messagesUnread",
        "threadsTotal",
        "threadsUnread",
    }
)
"""Numbers that are a mailbox's own."""

TO_THE_MILLISECOND: Final = frozenset({"expiration"})
"""Times that are a whole second once in a thousand, which says nothing."""

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ADDRESS: Final = re.compile(r"[\w.+-]+@[\w.-]+")
CUT: Final = re.compile(r"<(?:base64url, )?(?:(un)?padded, )?(\d+) chars(?:, (un)?padded)?>")
"""What a recording has in the place of long text."""


def form(text: str) -> str:
    """Return the name of a string's form; text that has none is text."""
    return next((name for name, shape in FORMS if shape.fullmatch(text)), "text")


def differences(recorded: Any, given: Any, path: str = "") -> Iterator[str]:
    """Yield in words each point in which an answer differs from the recorded one."""
    if type(recorded) is not type(given):
        yield f"{path}: {_kind(recorded)} recorded, {_kind(given)} here"
    elif isinstance(recorded, Mapping):
        yield from _objects(recorded, given, path)
    elif isinstance(recorded, list):
        yield from _lists(recorded, given, path)
    elif isinstance(recorded, str):
        yield from _strings(recorded, given, path)
    elif recorded != given and _name(path) not in COUNTS:
        yield f"{path}: {recorded} recorded, {given} here"


def _objects(recorded: Mapping[str, Any], given: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in recorded.keys() - given.keys():
        yield f"{path}.{name}: missing here"
    for name in given.keys() - recorded.keys():
        yield f"{path}.{name}: not recorded"
    common = [name for name in recorded if name in given]
    if common != [name for name in given if name in recorded]:
        yield f"{path}: fields in another order"
    for name in common:
        label = recorded.get("name", "") if name == "value" else ""
        yield from differences(
            recorded[name], given[name], f"{path}.{name}{label and f'({label})'}"
        )


def _lists(recorded: Sequence[Any], given: Sequence[Any], path: str) -> Iterator[str]:
    if _name(path) in SETS:
        labels = [sorted(map(_label, each)) for each in (recorded, given)]
        if labels[0] != labels[1]:
            yield f"{path}: {labels[0]} recorded, {labels[1]} here"
        return
    listing = _name(path) in LISTINGS and path.count(".") == 1
    if len(recorded) != len(given) and not (listing and len(given) > 0):
        yield f"{path}: {len(recorded)} entries recorded, {len(given)} here"
    for number, (one, other) in enumerate(zip(recorded, given, strict=False)):
        yield from differences(one, other, f"{path}[{number}]")


def _strings(recorded: str, given: str, path: str) -> Iterator[str]:
    if recorded == given:
        return
    if cut := CUT.fullmatch(recorded):
        if len(given) != int(cut[2]) and _name(path) not in OWN_LENGTH:
            yield f"{path}: {cut[2]} characters recorded, {len(given)} here"
        return
    if _name(path) in TO_THE_MILLISECOND and recorded.isdigit() and given.isdigit():
        return
    forms = form(recorded), form(given)
    if forms[0] != forms[1]:
        yield f"{path}: a {forms[0]} recorded, a {forms[1]} here"
    elif forms[0] == "text" and _name(path) not in FREE and _plain(recorded) != _plain(given):
        yield f"{path}: {recorded!r} recorded, {given!r} here"
    elif bool(recorded) != bool(given) and not path.endswith("snippet"):
        yield f"{path}: {'text' if recorded else 'nothing'} recorded, the other here"


def _label(id: str) -> str:
    return "a user's" if form(id) == "label id" else id


def _plain(text: str) -> str:
    return ADDRESS.sub("<address>", TIME.sub("<time>", text))


def _name(path: str) -> str:
    """Return a path's last field, without a place in a list or a header's name."""
    return re.sub(r"[\[(].*", "", path.rpartition(".")[2])


def _kind(value: Any) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", int: "number"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)
