"""Where webhooks may be sent, as far as the text of a URL can tell; addresses are judged in webhooks/addresses.py.

A URL is taken apart here, strictly, and put together again from its checked parts: the HTTP client is never given text
that it could read differently. Forms that programs are known to read differently are refused instead of guessed at.
"""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from clockwire.model.errors import TargetUrlRefused

Address = IPv4Address | IPv6Address

LONGEST_URL = 2048

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?"
)
_VISIBLE = re.compile(r"[!-~\u0080-\U0010ffff]*")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?P<port>:[^:]*)?")
_PORT = re.compile(r"[0-9]{1,5}")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL in its parts."""

    scheme: str
    host: str
    """In lower-case ASCII, without brackets and without a dot at the end."""
    port: int
    path: str
    """Path and query, as they are sent."""
    literal: Address | None = None
    """The address, if the host is one."""

    url: str = field(init=False, compare=False)
    """The URL put together again; the port is left out if it is the scheme's own."""

    def __post_init__(self) -> None:
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        object.__setattr__(self, "url", f"{self.scheme}://{host}{port}{self.path}")


def check_target_url(text: str, *, http_allowed: bool = False) -> Target:
    """The target a URL names, or TargetUrlRefused.

    *http_allowed* lets plain http pass here; then every address must be one that the operator allowed.
    """
    if len(text) > LONGEST_URL:
        raise TargetUrlRefused(f"must have at most {LONGEST_URL} characters")
    if "\\" in text or _VISIBLE.fullmatch(text) is None:
        raise TargetUrlRefused("must not contain spaces, control characters or backslashes")
    parts = _URL.fullmatch(text)
    if parts is None or not parts["authority"]:
        raise TargetUrlRefused("must be a URL like https://example.com/path")
    if parts["fragment"]:
        raise TargetUrlRefused(
            "must not have a fragment (#): it is the page that shows the URL; copy the URL that stands there"
        )
    scheme = _scheme(parts["scheme"], http_allowed=http_allowed)
    host, literal, port = _authority(parts["authority"], scheme)
    path = (parts["path"] or "/") + (parts["query"] or "")
    if not path.isascii():
        raise TargetUrlRefused("characters outside ASCII must be percent-encoded in path and query", host=host)
    return Target(scheme, host, port, path, literal)


def _scheme(text: str, *, http_allowed: bool) -> str:
    scheme = text.lower()
    if scheme == "https" or (scheme == "http" and http_allowed):
        return scheme
    if scheme == "http":
        raise TargetUrlRefused("must begin with https:// (http is for addresses the operator allowed)")
    raise TargetUrlRefused("must begin with https://")


def _authority(text: str, scheme: str) -> tuple[str, Address | None, int]:
    if "@" in text:
        raise TargetUrlRefused("must not have a user name or password")
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        raise TargetUrlRefused("the host or the port is malformed (IPv6 addresses stand in brackets)")
    port = _port(parts["port"], scheme)
    if parts["host"].startswith("["):
        address = _bracketed(parts["host"][1:-1])
        return _written(address), address, port
    host = _host(parts["host"])
    literal = _dotted(host) if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) else None
    return host, literal, port


def _port(text: str | None, scheme: str) -> int:
    if text is None:
        return _DEFAULT_PORTS[scheme]
    if _PORT.fullmatch(text[1:]) is None or not 0 < int(text[1:]) < 65536:
        raise TargetUrlRefused("the port must be 1 to 65535")
    return int(text[1:])


def _bracketed(text: str) -> IPv6Address:
    if "%" in text:
        raise TargetUrlRefused("an address must not have a zone")
    try:
        return IPv6Address(text)
    except AddressValueError:
        raise TargetUrlRefused("what stands in brackets is not an IPv6 address") from None


def _written(address: IPv6Address) -> str:
    """The address as https://www.rfc-editor.org/rfc/rfc5952#section-5 has it; Python writes it so from 3.13 on."""
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def _host(text: str) -> str:
    host = (text.lower() if text.isascii() else _ascii(text)).removesuffix(".")
    if len(host) > 253 or any(_LABEL.fullmatch(label) is None for label in host.split(".")):
        raise TargetUrlRefused("the host is not a valid name", host=host[:253])
    return host


def _ascii(text: str) -> str:
    """The host in its ASCII form (IDNA 2008, UTS 46); digits and dots of other scripts become the plain ones."""
    try:
        return idna.encode(text, uts46=True).decode()
    except UnicodeError:  # idna.IDNAError is one
        raise TargetUrlRefused("the host is not a valid international name") from None


def _dotted(host: str) -> IPv4Address:
    """The address of a host that ends in a number: four decimal numbers, not one, not octal, not hexadecimal."""
    try:
        return IPv4Address(host)
    except AddressValueError:
        raise TargetUrlRefused(
            "an IPv4 address must be four decimal numbers without leading zeros", host=host
        ) from None


def mask_query_values(url: str) -> str:
    """The URL with ``***`` for each value in its query, and for each parameter without a name."""
    head, mark, query = url.partition("?")
    if not mark:
        return url
    return head + mark + "&".join(_masked(parameter) for parameter in query.split("&"))


def _masked(parameter: str) -> str:
    name, mark, _ = parameter.partition("=")
    return f"{name}=***" if mark else "***"
