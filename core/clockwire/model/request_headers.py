"""Which headers a subscriber may add to its webhooks: none that the service or a proxy gives meaning to."""

import re
from collections.abc import Mapping

from clockwire.model.errors import FieldInvalid, Violation

MOST_HEADERS = 20
LARGEST_HEADERS = 4096

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110 section 5.6.2
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")  # printable ASCII, no blank at the ends

_REFUSED = frozenset(
    {
        "accept-encoding",
        "age",
        "cache-control",
        "clear-site-data",
        "connection",
        "expect",
        "expires",
        "host",
        "http2-settings",
        "keep-alive",
        "pragma",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "warning",
    }
)
_REFUSED_PREFIXES = (
    "clockwire-",  # ours
    "webhook-",
    "x-st-webhook-",
    "svix-",  # read instead of webhook-* by a widespread library
    "x-svix-",
    "content-",
    "proxy-",
    "x-amz",  # trusted inside the networks of clouds
    "x-azure-",
    "x-fd-",
    "x-gfe",
    "x-goog",
)


def check_headers(headers: Mapping[str, str], *, field: str = "subscription.headers") -> tuple[tuple[str, str], ...]:
    """The headers as they will be sent, or FieldInvalid; values may be secret, and are never part of the error."""
    if len(headers) > MOST_HEADERS:
        raise FieldInvalid.of(field, f"must have at most {MOST_HEADERS} entries, not {len(headers)}")
    if sum(len(name) + len(value) for name, value in headers.items()) > LARGEST_HEADERS:
        raise FieldInvalid.of(field, f"names and values must have at most {LARGEST_HEADERS} bytes together")
    seen: set[str] = set()
    for name, value in headers.items():
        problem = _problem_of_name(name, seen) or _problem_of_value(value)
        if problem:
            raise FieldInvalid(Violation(f"{field}[{name!a}]", problem))
        seen.add(name.lower())
    return tuple(headers.items())


def _problem_of_name(name: str, seen: set[str]) -> str:
    lowered = name.lower()
    if _NAME.fullmatch(name) is None:
        return "is not the name of a header"
    if lowered in _REFUSED or lowered.startswith(_REFUSED_PREFIXES):
        return "is set by the service or belongs to the connection"
    return "is given twice" if lowered in seen else ""


def _problem_of_value(value: str) -> str:
    return "" if _VALUE.fullmatch(value) else "must have a value of printable ASCII, without blanks at its ends"
