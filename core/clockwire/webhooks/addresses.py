"""Which addresses webhooks may be sent to: public ones, and those the operator allowed.

Whoever makes a subscription chooses where this service connects to. Nothing that only machines inside a network can
reach may be reached through it: the union of the IANA special-purpose registries (RFC 6890 and successors), what clouds
use for themselves, and every IPv6 form that carries an IPv4 address. What Python itself does not take for globally
reachable is refused too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from clockwire.model.target import Address

Network = IPv4Network | IPv6Network

_SPECIAL = tuple(
    (ip_network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud platform"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard"),
        ("100:0:0:1::/64", "dummy prefix"),
        ("2001::/32", "Teredo"),
        ("2001:2::/48", "benchmarking"),
        ("2001:10::/28", "ORCHID"),
        ("2001:20::/28", "ORCHIDv2"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # upper half of the interface identifier, RFC 5214 section 6.1


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses are refused; the operator's networks never are, and only there may http be spoken."""

    allowed_networks: Sequence[Network] = ()

    def allows_http(self, address: Address) -> bool:
        """Whether the operator allowed this address by name of its network."""
        plain = plain_address(address)
        return any(plain in network for network in self.allowed_networks)

    def refused_range(self, address: Address) -> str | None:
        """The special range that keeps this address from being used, in words; None if it may be used."""
        plain = plain_address(address)
        if self.allows_http(plain):
            return None
        embedded = _embedded(plain)
        if embedded is not None and (inner := self.refused_range(embedded)):
            return f"{inner} inside IPv6"
        return _special_range(plain)


def plain_address(address: Address) -> Address:
    """The address as packets to it leave this machine: without zone, and IPv4 where it is only mapped into IPv6."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that a translator or a tunnel would take from this one (NAT64: RFC 6052; ISATAP: RFC 5214)."""
    if isinstance(address, IPv4Address):
        return None
    value = int(address)
    if address in _NAT64 or (value >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(value & 0xFFFFFFFF)
    return None


def _special_range(address: Address) -> str | None:
    for network, name in _SPECIAL:
        if address in network:
            return f"{name} ({network})"
    if address in _NAT64:
        return None
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "not global unicast"
    return None if address.is_global else "not globally reachable"
