"""HTTP clients for the servers of this machine."""

import ssl
from typing import Any, Final

import httpx

TRUSTS_NO_CERTIFICATE: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the certificates of the world takes 18 ms, and nothing here is asked over TLS."""


def loopback_client(**options: Any) -> httpx.AsyncClient:
    """Make a client with httpx's options; a proxy named by the environment is not for it."""
    return httpx.AsyncClient(verify=TRUSTS_NO_CERTIFICATE, trust_env=False, **options)
