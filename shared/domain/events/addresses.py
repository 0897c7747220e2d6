"""Which addresses a webhook may go to: the public internet, and hosts the operator allows.

A product's users may choose webhook addresses, so none may lead into our own network, to this
machine or to the cloud's metadata (FACTS 12.1).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shared.errors import InvalidRequestError

LONGEST_URL = 2048
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_VISIBLE = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without the backslash, which programs read in different ways."""
_REFUSED_V4 = tuple(ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24"))
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_LOW_32 = (1 << 32) - 1


def is_public(address: str) -> bool:
    """Whether a resolved IP address is on the public internet, whatever it is wrapped in."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    inner = _embedded_addresses(found) if isinstance(found, IPv6Address) else ()
    return _is_public(found) and all(_is_public(one) for one in inner)


def _is_public(found: IPv4Address | IPv6Address) -> bool:
    if found.is_multicast or found.is_reserved or not found.is_global:
        return False
    if isinstance(found, IPv6Address):
        return not found.is_site_local and found.scope_id is None
    return not any(found in network for network in _REFUSED_V4)


def _embedded_addresses(found: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that a translator or tunnel would take this one for."""
    if found.ipv4_mapped is not None:
        return (found.ipv4_mapped,)
    if found.sixtofour is not None:
        return (found.sixtofour,)
    if found.teredo is not None:
        return found.teredo
    if any(found in network for network in _NAT64):
        return (IPv4Address(int(found) & _LOW_32),)
    return ()


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Hosts that the operator trusts: `host` for any port, or `host:port`.

    Only these may be private, and only these may be spoken to without TLS.
    """

    entries: frozenset[str] = frozenset()

    def allow(self, host: str, port: int) -> bool:
        """Whether the operator allows it."""
        name = host.strip("[]").lower()
        return name in self.entries or f"{name}:{port}" in self.entries


def checked_url(url: str, allowed: AllowedHosts) -> str:
    """Return a webhook's address. Raises InvalidRequestError where nothing may be sent there.

    What a name resolves to is seen at each delivery; here only what it says is judged.
    """
    host, port, secure = _parts(url)
    if allowed.allow(host, port):
        return url
    if not secure:
        raise _refusal("Use https: events carry who and when.")
    if not (is_public(host) if _is_address(host) else _is_name(host)):
        raise _refusal("This host is not on the public internet; an operator may allow it.")
    return url


def origin_of(address: str) -> str:
    """Return scheme, host and port of a webhook's address; a sink's address is its own origin."""
    try:
        host, port, secure = _parts(address)
    except InvalidRequestError:
        return address
    return f"{'https' if secure else 'http'}://{host.rstrip('.')}:{port}"


def _parts(url: str) -> tuple[str, int, bool]:
    if len(url) > LONGEST_URL or not _VISIBLE.fullmatch(url):
        raise _refusal("Give an absolute https address of at most 2048 ASCII characters.")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _refusal("This is no address.") from None
    if parts.scheme not in {"https", "http"} or not (_HOST.fullmatch(host) or _is_address(host)):
        raise _refusal("Give an absolute https address with a plain host name.")
    if "@" in parts.netloc or "#" in url:
        raise _refusal("Leave out user names, passwords and fragments.")
    secure = parts.scheme == "https"
    return host, port or (443 if secure else 80), secure


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_name(host: str) -> bool:
    """Whether a host is a name of the public DNS: not a number in disguise, not a local name."""
    labels = host.split(".")
    local = len(labels) == 1 or labels[-1] in {"localhost", "local", "internal"}
    return not local and not _NUMBER.fullmatch(labels[-1])


def _refusal(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, code="invalid_webhook_url")
