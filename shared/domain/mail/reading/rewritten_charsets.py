"""Charsets of East Asian mail rewritten for a codec that reads more of them, or reads them at all.

ISO-2022-JP and EUC-JP hold JIS X 0208 in two shapes; code page 932 holds it in a third, with NEC's
and IBM's rows: circled digits, era signs, names as their owners write them. ISO-2022-CN (RFC 1922)
holds GB 2312 in seven bits, GB 18030 the same in eight.
"""

import re
from typing import Final

_SWITCH: Final = re.compile(rb"\x1b(\$\(?[@B]|\([BIJ])|([\x0e\x0f])")
_PAIRS: Final = re.compile(rb"(?:[!-~]{2})+")
_EUC: Final = re.compile(rb"((?:[\xa1-\xfe]{2})+)|\x8e([\xa1-\xdf])|([\x80-\xff])")
_CN_SWITCH: Final = re.compile(rb"\x1b\$\)(?P<set>.)|(?P<shift>[\x0e\x0f\n])")
_SHIFT_OUT: Final = b"\x0e"
_SEVEN_BITS: Final = bytes(byte & 0x7F for byte in range(256))
_EIGHT_BITS: Final = bytes(byte | 0x80 if byte > 0x20 else byte for byte in range(256))  # noqa: PLR2004
_KANA: Final = bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in range(256))  # noqa: PLR2004


def jis_in_cp932(data: bytes) -> bytes:
    """Return ISO-2022-JP as code page 932 has it. Raises ValueError for other character sets."""
    first, *rest = _SWITCH.split(data)
    pieces = [first]
    for mode, shift, run in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        if mode and mode.startswith(b"$"):
            pieces.append(_PAIRS.sub(lambda pairs: _shift(pairs[0]), run))
        else:
            is_kana = mode == b"(I" or shift == b"\x0e"
            pieces.append(run.translate(_KANA) if is_kana else run)
    return _without_escapes(b"".join(pieces))


def euc_in_cp932(data: bytes) -> bytes:
    """Return EUC-JP as code page 932 has it. Raises ValueError for JIS X 0212 and broken pairs."""
    return _EUC.sub(_euc_run, data)


def cn_in_gb18030(data: bytes) -> bytes:
    """Return ISO-2022-CN as GB 18030 has it. Raises ValueError for sets beyond GB 2312."""
    first, *rest = _CN_SWITCH.split(data)
    pieces, is_shifted = [first], False
    for name, shift, run in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        if name not in {None, b"A"}:
            raise ValueError("An escape sequence names another character set.")
        is_shifted = shift == _SHIFT_OUT if shift else is_shifted
        pieces.append(b"\n" if shift == b"\n" else b"")
        pieces.append(run.translate(_EIGHT_BITS) if is_shifted else run)
    return _without_escapes(b"".join(pieces))


def _without_escapes(rewritten: bytes) -> bytes:
    if b"\x1b" in rewritten:
        raise ValueError("An escape sequence names another character set.")
    return rewritten


def _euc_run(run: re.Match[bytes]) -> bytes:
    if run[3]:
        raise ValueError("A byte belongs to no pair.")
    return run[2] or _shift(run[1].translate(_SEVEN_BITS))


def _shift(pairs: bytes) -> bytes:
    """Return rows and cells of JIS X 0208 in the shape of Shift_JIS: two rows to a lead byte."""
    shifted = bytearray()
    for high, low in zip(pairs[::2], pairs[1::2], strict=True):
        lead, odd_row = divmod(high - 0x21, 2)
        cell = low - 0x21 + (94 if odd_row else 0)
        shifted.append(lead + (0x81 if lead < 31 else 0xC1))  # noqa: PLR2004  beyond the kana
        shifted.append(cell + (0x40 if cell < 63 else 0x41))  # noqa: PLR2004  without DEL
    return bytes(shifted)
