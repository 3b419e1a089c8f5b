"""What a subscription is: who wants which events, where, in what shape, and how it is doing."""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache

from clockwire.model.instants import DAY, SECOND, Instant
from clockwire.model.outcome import Outcome, OutcomeKind
from clockwire.model.payloads import PayloadFormat, Shape
from clockwire.model.retry import DEFAULT_SCHEDULE, SINGLE_ATTEMPT, RetrySchedule
from clockwire.v1.events_pb2 import EventFilter

USUAL_TIMEOUT = 15 * SECOND
USUAL_IN_FLIGHT = 4
FAILING_FOR = 5 * DAY
"""After failing for so long, with no success in between, a subscription is disabled."""


class SubscriptionState(IntEnum):
    """Whether it sends; the numbers are those of Subscription.State in the contract."""

    ACTIVE = 1
    PAUSED = 2
    DISABLED = 3


class StateReason(IntEnum):
    """Why the service changed the state, numbered as in the contract; NONE: it did not."""

    NONE = 0
    FAILING = 1
    GONE = 2


@dataclass(frozen=True, slots=True)
class Health:
    """What its attempts met lately."""

    consecutive_failures: int = 0
    #: When the first failure since the last success ended.
    failing_since: Instant | None = None
    last_success_time: Instant | None = None
    last_failure_time: Instant | None = None
    #: What the last failure was, numbered as `OutcomeKind`; 0: there was none.
    last_failure: int = 0

    def after(self, outcome: Outcome) -> "Health":
        """The health once another attempt has had *outcome*. What nobody knows changes nothing."""
        time = outcome.start_time + outcome.duration
        if outcome.kind is OutcomeKind.SUCCEEDED:
            return Health(
                last_success_time=time, last_failure_time=self.last_failure_time, last_failure=self.last_failure
            )
        if outcome.kind is OutcomeKind.UNKNOWN:
            return self
        return replace(
            self,
            consecutive_failures=self.consecutive_failures + 1,
            failing_since=time if self.failing_since is None else self.failing_since,
            last_failure_time=time,
            last_failure=outcome.kind,
        )

    @property
    def has_failed_too_long(self) -> bool:
        """Whether every attempt failed for so long that it is time to stop."""
        if self.failing_since is None or self.last_failure_time is None:
            return False
        return self.last_failure_time - self.failing_since >= FAILING_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as it is stored. Lengths of time are in microseconds; secrets are sealed: see `sealed.py`."""

    id: str
    workspace_id: str
    version: int
    name: str
    description: str
    target_url: str
    filter: EventFilter
    payload_format: PayloadFormat
    decimals_as_strings: bool
    headers: bytes | None = field(repr=False)
    #: Delays before the 2nd, 3rd, ... attempt; empty: the usual ones.
    retry_delays: tuple[int, ...]
    #: Make one attempt only.
    retry_disabled: bool
    #: 0: the usual.
    request_timeout: int
    #: 0: the usual.
    max_in_flight: int
    #: 0: no limit.
    max_per_minute: int
    ca_certificate_pem: str
    state: SubscriptionState
    state_reason: StateReason
    state_time: Instant
    secret: bytes | None = field(repr=False)
    secret_fingerprint: str
    retiring_secret: bytes | None = field(repr=False)
    #: Until when the retiring secret signs too.
    rotation_end_time: Instant | None
    create_time: Instant
    update_time: Instant
    create_api_key_id: str
    health: Health = Health()
    #: When it was deleted; only the dispatcher meets those that were.
    delete_time: Instant | None = None

    @classmethod
    def blank(cls, workspace_id: str, shape: Shape, now: Instant) -> "Subscription":
        """A subscription of nobody, without an id, that gets bodies of this shape."""
        return cls(
            id="",
            workspace_id=workspace_id,
            version=1,
            name="",
            description="",
            target_url="",
            filter=EventFilter(event_types=["*"]),
            payload_format=shape.payload_format,
            decimals_as_strings=shape.decimals_as_strings,
            headers=None,
            retry_delays=(),
            retry_disabled=False,
            request_timeout=0,
            max_in_flight=0,
            max_per_minute=0,
            ca_certificate_pem="",
            state=SubscriptionState.ACTIVE,
            state_reason=StateReason.NONE,
            state_time=now,
            secret=None,
            secret_fingerprint="",
            retiring_secret=None,
            rotation_end_time=None,
            create_time=now,
            update_time=now,
            create_api_key_id="",
        )

    @property
    def sends(self) -> bool:
        """Whether its deliveries are sent now."""
        return self.state is SubscriptionState.ACTIVE and self.delete_time is None

    @property
    def shape(self) -> Shape:
        """The shape of the bodies it gets."""
        return _shape(self.payload_format, self.decimals_as_strings)

    @property
    def retry_schedule(self) -> RetrySchedule:
        """When failed attempts are repeated."""
        if self.retry_disabled:
            return SINGLE_ATTEMPT
        return RetrySchedule(self.retry_delays) if self.retry_delays else DEFAULT_SCHEDULE

    @property
    def timeout(self) -> int:
        """How long one attempt may take, from the beginning of the connection to the end of the response."""
        return self.request_timeout or USUAL_TIMEOUT

    @property
    def places(self) -> int:
        """How many attempts may run at the same time."""
        return self.max_in_flight or USUAL_IN_FLIGHT

    def turned(self, state: SubscriptionState, now: Instant, reason: StateReason = StateReason.NONE) -> "Subscription":
        """The subscription in another state; turned active it has a clean slate of failures."""
        active = state is SubscriptionState.ACTIVE
        health = replace(self.health, consecutive_failures=0, failing_since=None) if active else self.health
        turned = replace(self, state=state, state_reason=reason, state_time=now, health=health)
        return turned.revised(now)

    def revised(self, now: Instant) -> "Subscription":
        """The subscription as a new version; a secret that has retired is forgotten."""
        revised = replace(self, version=self.version + 1, update_time=now)
        if self.rotation_end_time is not None and self.rotation_end_time <= now:
            return revised.without_retiring_secret()
        return revised

    def without_retiring_secret(self) -> "Subscription":
        """The subscription with its current secret only."""
        return replace(self, retiring_secret=None, rotation_end_time=None)

    def deleted(self, now: Instant) -> "Subscription":
        """What stays of it: nothing that was secret."""
        bare = replace(self, headers=None, secret=None, secret_fingerprint="", delete_time=now)
        return bare.without_retiring_secret().revised(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionStats:
    """How a subscription is doing, counted."""

    #: Deliveries waiting, held or in flight.
    pending_count: int
    #: When the oldest of them was made.
    oldest_pending_time: Instant | None
    succeeded_count_24h: int
    exhausted_count_24h: int


NO_DELIVERIES = SubscriptionStats(
    pending_count=0, oldest_pending_time=None, succeeded_count_24h=0, exhausted_count_24h=0
)


@lru_cache(32, typed=True)
def _shape(payload_format: PayloadFormat, decimals_as_strings: bool) -> Shape:  # noqa: FBT001 - never by hand
    """There are a dozen shapes, and each delivery asks for one."""
    return Shape(payload_format=payload_format, decimals_as_strings=decimals_as_strings)
