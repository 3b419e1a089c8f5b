"""What a caller chooses of a subscription, and what may be chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from clockwire.model.ca_certificate import check_ca_certificate
from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.event_filter import compile_filter
from clockwire.model.instants import SECOND
from clockwire.model.payloads import PayloadFormat
from clockwire.model.request_headers import check_headers
from clockwire.model.retry import check_delays
from clockwire.model.values.text import check_text
from clockwire.v1.events_pb2 import EventFilter

MASKED = "***"
LONGEST_NAME = 100
LONGEST_DESCRIPTION = 500
LONGEST_TIMEOUT = 30 * SECOND
MOST_IN_FLIGHT = 64
MOST_PER_MINUTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSettings:
    """A subscription as its caller writes it; each default means what the contract says of the empty field."""

    name: str = ""
    description: str = ""
    #: Checked where names can be looked up, before the transaction.
    target_url: str = ""
    filter: EventFilter = field(default_factory=EventFilter)
    payload_format: int = 0
    decimals_as_strings: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    retry_delays: tuple[int, ...] = ()
    retry_disabled: bool = False
    request_timeout: int = 0
    max_in_flight: int = 0
    max_per_minute: int = 0
    ca_certificate_pem: str = ""


FIELDS = tuple(each.name for each in fields(SubscriptionSettings))


def checked(settings: SubscriptionSettings, names: tuple[str, ...] = FIELDS) -> SubscriptionSettings:
    """The settings as they are stored. FieldInvalid names all that is wrong in the fields of these *names*."""
    found: dict[str, Any] = {}
    violations: list[Violation] = []
    for name in names:
        try:
            found[name] = _CHECKS[name](getattr(settings, name))
        except FieldInvalid as error:
            violations += error.violations
    if violations:
        raise FieldInvalid(*violations)
    return replace(settings, **found)


def _filter(value: EventFilter) -> EventFilter:
    compile_filter(value, "subscription.filter")
    if not value.event_types:
        raise FieldInvalid.of("subscription.filter.event_types", "needs at least one entry; '*' stands for all")
    return value


def _payload_format(value: int) -> PayloadFormat:
    try:
        return PayloadFormat(value or PayloadFormat.FLAT)
    except ValueError:
        known = ", ".join(each.name for each in PayloadFormat)
        raise FieldInvalid.of("subscription.payload_format", f"{value} is not known; there are {known}") from None


def _retry_delays(value: tuple[int, ...]) -> tuple[int, ...]:
    check_delays(value)
    return value


def _request_timeout(value: int) -> int:
    if value and not SECOND <= value <= LONGEST_TIMEOUT:
        raise FieldInvalid.of("subscription.request_timeout", "must be 1 s to 30 s, or 0")
    return value


def _number(name: str, most: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not 0 <= value <= most:
            raise FieldInvalid.of(f"subscription.{name}", f"must be 0 to {most:,}")
        return value

    return check


def _ca_certificate_pem(value: str) -> str:
    return check_ca_certificate(value) if value else ""


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever it is
    return value


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda value: check_text("subscription.name", value, LONGEST_NAME),
    "description": lambda value: check_text("subscription.description", value, LONGEST_DESCRIPTION),
    "target_url": _as_it_is,
    "filter": _filter,
    "payload_format": _payload_format,
    "decimals_as_strings": _as_it_is,
    "headers": lambda value: dict(check_headers(value)),
    "retry_delays": _retry_delays,
    "retry_disabled": _as_it_is,
    "request_timeout": _request_timeout,
    "max_in_flight": _number("max_in_flight", MOST_IN_FLIGHT),
    "max_per_minute": _number("max_per_minute", MOST_PER_MINUTE),
    "ca_certificate_pem": _ca_certificate_pem,
}
