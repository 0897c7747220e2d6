"""base64url, the one way it is read and written: by Gmail, push envelopes, cursors and tokens."""

import binascii
from typing import Final

_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_TO_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def encode_base64url(data: bytes) -> str:
    """Return base64url without padding, as cookies, tokens and PKCE (RFC 7636) carry it."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL_SAFE).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Decode either alphabet with or without padding (FACTS 4.5). Raises ValueError."""
    return binascii.a2b_base64(text.encode("ascii").translate(_URL_SAFE) + b"===")


def decode_given_base64(text: str) -> bytes:
    """Decode what a caller gives, in either alphabet, with or without padding, in lines or in one.

    Raises ValueError for whatever else is in it: reading on without it would make other bytes.
    """
    bare = text.encode("ascii").translate(_URL_SAFE, b"\r\n")
    bare = bare[:-2] + bare[-2:].rstrip(b"=")
    return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4), strict_mode=True)
