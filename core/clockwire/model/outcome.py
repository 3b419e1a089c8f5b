"""What one attempt met, and what follows from it."""

from collections.abc import Mapping
from enum import Enum, IntEnum, auto
from typing import NamedTuple

from clockwire.model.instants import Instant

LARGEST_RESPONSE_HEADERS = 8 * 1024
LARGEST_RESPONSE_BODY = 16 * 1024
LONGEST_ERROR = 500

_SLOW_DOWN = frozenset({429, 502, 503, 504})


class OutcomeKind(IntEnum):
    """How an attempt went; the numbers are those of DeliveryAttempt.Outcome in the contract."""

    SUCCEEDED = 1
    HTTP_ERROR = 2
    REDIRECT_REFUSED = 3
    GONE = 4
    TIMEOUT = 5
    DNS_ERROR = 6
    CONNECTION_ERROR = 7
    TLS_ERROR = 8
    ADDRESS_REFUSED = 9
    UNKNOWN = 10


class Decision(Enum):
    """What an outcome means for its delivery."""

    SUCCEEDED = auto()
    RETRY = auto()
    GONE = auto()
    """The receiver wants no more: the subscription is disabled."""


class Outcome(NamedTuple):
    """What one attempt met: everything its log entry says of the receiver. Lengths of time are in microseconds."""

    kind: OutcomeKind
    start_time: Instant
    duration: int
    http_status: int = 0
    remote_ip: str = ""
    response_headers: Mapping[str, str] = {}
    """Names in lower case; values of a repeated name are joined by a comma. At most 8 KiB."""
    response_body: bytes = b""
    """The first 16 KiB, without content encoding."""
    truncated: bool = False
    """Whether the response was longer than what is kept of it."""
    error: str = ""
    """What went wrong, for people: one sentence of at most 500 characters."""
    retry_after: int | None = None

    @property
    def decision(self) -> Decision:
        """What becomes of the delivery."""
        if self.kind is OutcomeKind.SUCCEEDED:
            return Decision.SUCCEEDED
        return Decision.GONE if self.kind is OutcomeKind.GONE else Decision.RETRY

    @property
    def slows_endpoint(self) -> bool:
        """Whether the receiver has too much to do, so that its other deliveries should wait too."""
        return self.kind is OutcomeKind.HTTP_ERROR and (self.http_status in _SLOW_DOWN or self.retry_after is not None)


def kind_of_status(http_status: int) -> OutcomeKind:
    """How an attempt went that got a whole response with this status."""
    if 200 <= http_status < 300:
        return OutcomeKind.SUCCEEDED
    if 300 <= http_status < 400:
        return OutcomeKind.REDIRECT_REFUSED
    return OutcomeKind.GONE if http_status == 410 else OutcomeKind.HTTP_ERROR
