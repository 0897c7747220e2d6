"""Where no webhook may go, however the address is written."""

import pytest

from shared.domain.events.addresses import AllowedHosts, checked_url, is_public
from shared.errors import InvalidRequestError

NOBODY = AllowedHosts()

PRIVATE = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
    "",
)
PUBLIC = ("8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::8a")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_our_own_world_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://product.example.com/hooks",
        "ftp://product.example.com/",
        "https://",
        "https:///hooks",
        "product.example.com",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[64:ff9b::169.254.169.254]/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://app.localhost/",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://printer.local/",
        "https://intranet/",
        "https://user:password@product.example.com/",
        "https://product.example.com@127.0.0.1/",
        "https://product.example.com/#fragment",
        "https://product.example.com\\@127.0.0.1/",
        "https://product.example.com/ space",
        "https://product.example.com/\r\nHost: other",
        "https://product.example.com:99999/",
        "https://product.example.com:x/",
        "https://pröduct.example.com/",
        "https://a..b.com/",
        "https://product.example.com/" + "x" * 2048,
    ],
)
def test_an_address_that_may_lead_home_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        checked_url(url, NOBODY)
    assert refused.value.code == "invalid_webhook_url"


@pytest.mark.parametrize(
    "url",
    [
        "https://product.example.com/hooks?token=a",
        "https://product.example.com:8443/",
        "https://xn--prduct-wxa.example.com/",
        "https://8.8.8.8/hooks",
        "https://[2606:4700:4700::1111]/",
        "https://1a.2b.example.co/",
    ],
)
def test_an_address_of_the_internet_is_taken_as_it_is(url: str) -> None:
    assert checked_url(url, NOBODY) == url


def test_an_operator_allows_a_host_or_one_port_of_it() -> None:
    allowed = AllowedHosts(frozenset({"127.0.0.1:8090", "hooks.internal", "::1"}))
    for url in ("http://127.0.0.1:8090/a", "http://hooks.internal/", "https://[::1]:9/"):
        assert checked_url(url, allowed) == url
    for url in ("http://127.0.0.1:8091/a", "https://127.0.0.1/", "http://x.hooks.internal/"):
        with pytest.raises(InvalidRequestError):
            checked_url(url, allowed)
