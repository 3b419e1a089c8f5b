"""Which addresses may be sent to."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clockwire.webhooks.addresses import AddressPolicy

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::1",
    "2400:cb00::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:829::200e",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
    "2a00:1450::5efe:808:808",
]
SPECIAL = {
    "this network": ["0.0.0.0", "0.255.255.255"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "carrier-grade NAT": ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
    "loopback": ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"],
    "cloud platform": ["168.63.129.16"],
    "link-local": ["169.254.0.0", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%1", "febf::1"],
    "protocol assignments": ["192.0.0.1", "192.0.0.192", "2001:1::1", "2001:3::1", "2001:4:112::1", "2001:1ff::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    "6to4 relay": ["192.88.99.1"],
    "benchmarking": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff00::1", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "reserved": ["240.0.0.0", "255.255.255.254"],
    "broadcast": ["255.255.255.255"],
    "unspecified": ["::"],
    "IPv4-compatible": ["::2", "::8.8.8.8", "::127.0.0.1"],
    "IPv4-translated": ["::ffff:0:8.8.8.8"],
    "local NAT64": ["64:ff9b:1::1", "64:ff9b:1::8.8.8.8"],
    "discard": ["100::1"],
    "dummy prefix": ["100:0:0:1::1"],
    "Teredo": ["2001::1", "2001:0:ffff::1"],
    "ORCHID": ["2001:10::1"],
    "ORCHIDv2": ["2001:20::1"],
    "6to4": ["2002::1", "2002:7f00:1::", "2002:808:808::1"],
    "segment routing": ["5f00::1"],
    "unique local": ["fc00::1", "fd00:ec2::254", "fdff::1"],
    "site-local": ["fec0::1"],
    "loopback (127.0.0.0/8) inside IPv6": ["64:ff9b::7f00:1", "2a00::5efe:127.0.0.1", "2a00::200:5efe:7f00:1"],
    "private (10.0.0.0/8) inside IPv6": ["64:ff9b::10.1.2.3", "2a00::5efe:10.1.2.3"],
    "link-local (169.254.0.0/16) inside IPv6": ["64:ff9b::a9fe:a9fe"],
    "not global unicast": ["1000::1", "4000::1", "8000::1", "e000::1", "64:ff9c::1"],
}


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_may_be_sent_to(text):
    assert AddressPolicy().refused_range(ip_address(text)) is None


@pytest.mark.parametrize(("text", "name"), [(text, name) for name, texts in SPECIAL.items() for text in texts])
def test_special_addresses_are_refused_by_the_name_of_their_range(text, name):
    refused = AddressPolicy().refused_range(ip_address(text))
    assert refused is not None
    assert refused.startswith(name)


def test_what_the_operator_allows_may_be_sent_to_and_nothing_else():
    policy = AddressPolicy([ip_network("10.1.0.0/16"), ip_network("fd00::/64")])
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert policy.refused_range(ip_address(text)) is None
        assert policy.allows_http(ip_address(text))
    for text in ("10.2.0.1", "127.0.0.1", "fd00:0:0:1::1", "64:ff9b::10.2.0.1"):
        assert policy.refused_range(ip_address(text)) is not None
        assert not policy.allows_http(ip_address(text))


def test_http_is_for_allowed_addresses_only():
    assert not AddressPolicy().allows_http(ip_address("8.8.8.8"))


@given(some.ip_addresses())
def test_what_python_takes_for_private_is_never_sent_to(address):
    if not address.is_global and address not in ip_network("64:ff9b::/96"):
        assert AddressPolicy().refused_range(address) is not None


@given(some.ip_addresses(v=4))
def test_an_address_mapped_into_ipv6_is_judged_as_itself(address):
    policy = AddressPolicy()
    assert policy.refused_range(ip_address(f"::ffff:{address}")) == policy.refused_range(address)
    assert (policy.refused_range(ip_address(f"64:ff9b::{address}")) is None) == (policy.refused_range(address) is None)
