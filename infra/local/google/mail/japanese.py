"""Japan's mail charsets with the characters that vendors added, which Python's codecs refuse.

ISO-2022-JP and EUC-JP hold JIS X 0208 in two shapes; Windows-31J (code page 932) holds it too,
with NEC's and IBM's rows, so both are rewritten to it and read there (circled digits, the yen and
era signs, names with a tall ladder). JIS X 0212 and 0213 are left to Python.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

_ESCAPE: Final = re.compile(rb"\x1b(\$\(?[@-Z]|\([@-Z]|[.][AF])|[\x0e\x0f]")
_DOUBLE: Final = frozenset({b"$@", b"$B", b"$(@", b"$(B"})
_PAIR: Final = re.compile(rb"(?:[\x21-\x7e]{2})+")
_TO_KANA: Final = bytes(byte | 0x80 if byte in range(0x21, 0x60) else byte for byte in range(256))
_EUC: Final = re.compile(
    rb"((?:[\xa1-\xfe]{2})+)|((?:\x8e[\xa1-\xdf])+)|((?:\x8f[\xa1-\xfe]{2})+)|([\x00-\x7f]+)|(.)",
    re.DOTALL,
)


def decode_iso_2022_jp(data: bytes, errors: str) -> str:
    """Decode ISO-2022-JP, 7-bit and 8-bit half-width kana included. Raises ValueError."""
    try:
        return data.decode("iso2022_jp_ext")
    except ValueError:
        pass
    text: list[str] = []
    mode, end = b"(B", 0
    for escape in _ESCAPE.finditer(data):
        text.append(_segment(mode, data[end : escape.start()], errors))
        mode, end = escape[1] or (b"(I" if escape[0] == b"\x0e" else b"(B"), escape.end()
    text.append(_segment(mode, data[end:], errors))
    return "".join(text)


def _segment(mode: bytes, data: bytes, errors: str) -> str:
    if mode in _DOUBLE:
        return _PAIR.sub(lambda run: _to_shift_jis(run[0]), data).decode("cp932", errors)
    if mode == b"(I":
        return data.translate(_TO_KANA).decode("cp932", errors)
    if mode in {b"(B", b"(J", b"(H"}:
        return data.decode("cp932", errors)
    codec = "iso2022_jp_2" if mode in {b"$A", b"$(C", b".A", b".F"} else "iso2022_jp_2004"
    codec = "iso2022_jp_ext" if mode == b"$(D" else codec
    return (b"\x1b" + mode + data + b"\x1b(B").decode(codec, errors)


def decode_euc_jp(data: bytes, errors: str) -> str:
    """Decode EUC-JP as Windows writes it (code page 51932). Raises ValueError."""
    try:
        return data.decode("euc_jp")
    except ValueError:
        pass
    return "".join(_euc_run(run, errors) for run in _EUC.finditer(data))


def _euc_run(run: re.Match[bytes], errors: str) -> str:
    if run[1]:
        return _to_shift_jis(bytes(byte & 0x7F for byte in run[1])).decode("cp932", errors)
    if run[2]:
        return run[2].replace(b"\x8e", b"").decode("cp932", errors)
    return run[0].decode("euc_jp", errors)


def _to_shift_jis(pairs: bytes) -> bytes:
    """Return JIS X 0208 in Shift JIS's shape."""
    out = bytearray()
    for high, low in zip(pairs[::2], pairs[1::2], strict=True):
        lead = ((high - 0x21) >> 1) + 0x81
        out.append(lead + 0x40 if lead > 0x9F else lead)  # noqa: PLR2004
        trail = low + 0x1F if high & 1 else low + 0x7E
        out.append(trail + 1 if high & 1 and trail >= 0x7F else trail)  # noqa: PLR2004
    return bytes(out)


DECODERS: Final[Mapping[str, Callable[[bytes, str], str]]] = {
    "iso-2022-jp": decode_iso_2022_jp,
    "iso-2022-jp-1": decode_iso_2022_jp,
    "iso-2022-jp-2": decode_iso_2022_jp,
    "iso-2022-jp-3": decode_iso_2022_jp,
    "iso-2022-jp-2004": decode_iso_2022_jp,
    "iso-2022-jp-ext": decode_iso_2022_jp,
    "euc-jp": decode_euc_jp,
}
