"""When a failed attempt is repeated: by a schedule with jitter, never before the receiver's Retry-After."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.instants import DAY, HOUR, MINUTE, SECOND, Instant

LONGEST_RETRY_AFTER = DAY

_DEFAULT_DELAYS = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The delays, in microseconds, before the 2nd, 3rd, ... attempt; each is spread by plus or minus *jitter*."""

    delays: tuple[int, ...]
    jitter: float = 0.2

    def delay_after(self, attempt_count: int, random: float) -> int | None:
        """How long to wait after that many failed attempts, or None if no more are made; *random* is in [0, 1)."""
        if attempt_count > len(self.delays):
            return None
        spread = 1 + self.jitter * (2 * random - 1)
        return round(self.delays[attempt_count - 1] * spread)

    @property
    def attempt_count(self) -> int:
        """How many attempts there are at most."""
        return len(self.delays) + 1


DEFAULT_SCHEDULE = RetrySchedule(_DEFAULT_DELAYS)
"""Ten attempts over 75.6 h, as Standard Webhooks 1.0.0 advises."""

SINGLE_ATTEMPT = RetrySchedule(())


def check_delays(delays: Sequence[int], *, field: str = "subscription.retry_policy.delays") -> RetrySchedule:
    """The schedule a caller asks for: 1 to 30 delays of 1 s to 24 h, in microseconds; the default if there are none."""
    if not delays:
        return DEFAULT_SCHEDULE
    if len(delays) > 30:
        raise FieldInvalid.of(field, f"must have at most 30 entries, not {len(delays)}")
    wrong = [index for index, delay in enumerate(delays) if not SECOND <= delay <= DAY]
    if wrong:
        raise FieldInvalid(*(Violation(f"{field}[{index}]", "must be 1 s to 24 h") for index in wrong))
    return RetrySchedule(tuple(delays))


def parse_retry_after(value: str, now: Instant) -> int | None:
    """The microseconds a Retry-After header asks for (RFC 9110 section 10.2.3), 24 h at most; None if it says nothing.

    Both forms are understood: seconds, and a date, which is no wait at all once it has passed.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return LONGEST_RETRY_AFTER if len(text) > 9 else min(int(text) * SECOND, LONGEST_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = int(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) * SECOND - now
    return min(max(wait, 0), LONGEST_RETRY_AFTER)
