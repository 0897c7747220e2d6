"""ISO-2022-CN (RFC 1922), of which Python has no codec: ASCII and GB 2312 in seven bits."""

import re
from collections.abc import Callable, Mapping
from typing import Final

_SEVEN_TO_EIGHT: Final = bytes(byte | 0x80 for byte in range(256))
_PARTS: Final = re.compile(rb"\x1b\$\)A|\x1b\$[)*+].|[\x0e\x0f\n]|[^\x1b\x0e\x0f\n]+|\x1b")


def decode_iso_2022_cn(data: bytes, errors: str) -> str:
    """Decode; a line feed ends what a line has shifted to.

    Raises ValueError for the planes of CNS 11643, which no codec of Python holds.
    """
    text: list[str] = []
    shifted = False
    for part in _PARTS.findall(data):
        if part in {b"\x0e", b"\x0f"}:
            shifted = part == b"\x0e"
        elif part == b"\n":
            text.append("\n")
            shifted = False
        elif part.startswith(b"\x1b"):
            if part != b"\x1b$)A":
                raise ValueError("The text names a character set beyond GB 2312.")
        else:
            run = part.translate(_SEVEN_TO_EIGHT) if shifted else part
            text.append(run.decode("gb2312" if shifted else "ascii", errors))
    return "".join(text)


DECODERS: Final[Mapping[str, Callable[[bytes, str], str]]] = {
    "iso-2022-cn": decode_iso_2022_cn,
    "iso-2022-cn-ext": decode_iso_2022_cn,
}
