"""Text from strangers made fit to be shown on one line: no character that controls a device.

Everything here takes any text, in time linear in its length, and never raises.
"""

import re
from typing import Final

_BREAK: Final = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DIRECTION: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of text around: `exe.fdp` reads as another kind of file."""

JOINING_SCRIPTS: Final = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1bff\ua840-\ua8ff\ua900-\ua9ff"
    "\uaa00-\uaaff\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010fff"
    "\U00011000-\U00011fff\U0001e900-\U0001e95f"
)
"""Scripts that spell with joiners: Arabic and its kin, the Indic ones, Mongolian, N'Ko, Adlam."""
EMOJI: Final = (
    "\u00a9\u00ae\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u200b\u2060\ufeff]"
    f"|(?<![{JOINING_SCRIPTS}])\u200c"
    f"|(?<![{JOINING_SCRIPTS}{EMOJI}])\u200d"
    f"|(?<=[{EMOJI}])\u200d(?![{EMOJI}])"
)


def one_line(text: str) -> str:
    """Return the text without control characters; line breaks and tabs are spaces, none at ends."""
    if text.isprintable() and text.isascii():
        return text.strip()
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", _BREAK.sub(" ", text))).strip()


def file_name(text: str) -> str:
    """Return a file's name on one line, each run of spaces as one, read in one direction."""
    return " ".join(_DIRECTION.sub("", one_line(text)).split())


def without_invisible(text: str) -> str:
    """Return the text without what only pads it; joiners stay where script or emoji needs them."""
    return _INVISIBLE.sub("", text)
