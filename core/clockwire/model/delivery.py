"""What a delivery is: the task of getting one event to one subscription, and what becomes of it.

    PENDING ---claim---> IN_FLIGHT ---2xx--------------------> SUCCEEDED
       ^                   |   ^ |----410, no attempt left---> EXHAUSTED
       |                   |   | `----subscription deleted---> CANCELLED
     resume             failure claim
       |                   v   |
      HELD <---pause----- WAITING      HELD, PENDING, WAITING ---delete, resume without them---> CANCELLED

A claim is a lease: whoever holds it alone may settle the delivery, and when it ran out the delivery is due again. What
its sender did nobody knows then: that attempt is logged as UNKNOWN and counts.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from clockwire.model.instants import SECOND, Instant
from clockwire.model.outcome import Decision, Outcome, OutcomeKind
from clockwire.model.payloads import PayloadFormat, Shape
from clockwire.model.retry import SINGLE_ATTEMPT, RetrySchedule
from clockwire.model.subscription import Subscription
from clockwire.v1.events_pb2 import Event

LEASE = 60 * SECOND
"""How long a claim holds: twice the longest request timeout."""


class DeliveryState(IntEnum):
    """Where it stands; the numbers are those of Delivery.State in the contract."""

    PENDING = 1
    IN_FLIGHT = 2
    WAITING = 3
    HELD = 4
    SUCCEEDED = 5
    EXHAUSTED = 6
    CANCELLED = 7


class DeliveryKind(IntEnum):
    """Why it was made; the numbers are those of Delivery.Kind in the contract."""

    EVENT = 1
    TEST = 2


class Delivery(NamedTuple):
    """One event on its way to one subscription, as it is stored. A tuple: it is made from a row, and becomes one."""

    id: str
    workspace_id: str
    subscription_id: str
    #: For a test an id made up for it, under which its body is kept.
    event_id: str
    event_type: str
    event_sequence: int
    event_version: int
    record_id: str
    kind: DeliveryKind
    #: Code of the shape of its body.
    shape: int
    state: DeliveryState
    attempt_count: int
    #: Attempts made before the present run of the retry schedule.
    earlier_attempt_count: int
    #: When it may be claimed; None while held and once ended.
    due_time: Instant | None
    #: Who holds it; empty: nobody.
    lease: str
    #: How the last attempt went, numbered as `OutcomeKind`; 0: there was none.
    last_outcome: int
    last_http_status: int
    create_time: Instant
    end_time: Instant | None

    @classmethod
    def planned(
        cls, id_: str, subscription: Subscription, event: Event, *, now: Instant, lease: str = ""
    ) -> "Delivery":
        """The delivery that an event causes; with a *lease* it is in flight from the beginning."""
        return cls._made(id_, subscription, event, now=now, lease=lease, kind=DeliveryKind.EVENT)

    @classmethod
    def test(cls, id_: str, subscription: Subscription, event: Event, *, now: Instant, lease: str) -> "Delivery":
        """The delivery of a sample event, in flight from the beginning whatever the subscription's state."""
        return cls._made(id_, subscription, event, now=now, lease=lease, kind=DeliveryKind.TEST)

    @classmethod
    def _made(
        cls, id_: str, subscription: Subscription, event: Event, *, now: Instant, lease: str, kind: DeliveryKind
    ) -> "Delivery":
        state, due_time = DeliveryState.HELD, None
        if lease:
            state, due_time = DeliveryState.IN_FLIGHT, now + LEASE
        elif subscription.sends:
            state, due_time = DeliveryState.PENDING, now
        return cls(
            id=id_,
            workspace_id=subscription.workspace_id,
            subscription_id=subscription.id,
            event_id=event.id,
            event_type=event.type,
            event_sequence=event.sequence,
            event_version=event.version,
            record_id=event.record_id,
            kind=kind,
            shape=subscription.shape.code,
            state=state,
            attempt_count=0,
            earlier_attempt_count=0,
            due_time=due_time,
            lease=lease,
            last_outcome=0,
            last_http_status=0,
            create_time=now,
            end_time=None,
        )

    def schedule(self, subscription: Subscription) -> RetrySchedule:
        """When its attempts are repeated: a test is sent once."""
        return SINGLE_ATTEMPT if self.kind is DeliveryKind.TEST else subscription.retry_schedule

    def settle(self, outcome: Outcome, subscription: Subscription, *, now: Instant, random: float) -> "Delivery":
        """What it becomes once its next attempt has had *outcome*; *random* in [0, 1) spreads the delay."""
        if outcome.decision is Decision.SUCCEEDED:
            return self._tried(outcome, state=DeliveryState.SUCCEEDED, due_time=None, end_time=now)
        tried = self._tried(outcome)
        run = tried.attempt_count - self.earlier_attempt_count
        delay = self.schedule(subscription).delay_after(run, random)
        if outcome.decision is Decision.GONE or delay is None:
            return tried.ended(DeliveryState.EXHAUSTED, now)
        if outcome.kind is OutcomeKind.UNKNOWN:  # the lease was delay enough
            return tried.waiting(subscription, due_time=now, now=now)
        return tried.waiting(subscription, due_time=now + max(delay, outcome.retry_after or 0), now=now)

    def _tried(self, outcome: Outcome, **changes: Any) -> "Delivery":  # noqa: ANN401 - values of fields
        return self._replace(
            attempt_count=self.attempt_count + 1,
            lease="",
            last_outcome=outcome.kind,
            last_http_status=outcome.http_status,
            **changes,
        )

    def waiting(self, subscription: Subscription, *, due_time: Instant, now: Instant) -> "Delivery":
        """It waits for its next attempt, as far as the subscription lets it."""
        if subscription.delete_time is not None:
            return self.ended(DeliveryState.CANCELLED, now)
        if not subscription.sends:
            return self._replace(state=DeliveryState.HELD, due_time=None, end_time=None, lease="")
        begun = self.attempt_count > self.earlier_attempt_count
        state = DeliveryState.WAITING if begun else DeliveryState.PENDING
        return self._replace(state=state, due_time=due_time, end_time=None, lease="")

    def again(self, subscription: Subscription, *, now: Instant) -> "Delivery":
        """It is sent again, at once, with a fresh run of the retry schedule."""
        fresh = self._replace(earlier_attempt_count=self.attempt_count)
        return fresh.waiting(subscription, due_time=now, now=now)

    def ended(self, state: DeliveryState, now: Instant) -> "Delivery":
        """It has come to an end."""
        return self._replace(state=state, due_time=None, end_time=now, lease="")


class ClaimedDelivery(NamedTuple):
    """A delivery whose next attempt is the holder's to make, with all that it takes."""

    delivery: Delivery
    subscription: Subscription
    body: bytes

    @classmethod
    def of(cls, delivery: Delivery, subscription: Subscription, body: bytes) -> "ClaimedDelivery":
        """The delivery as its sender needs it."""
        return cls(delivery=delivery, subscription=subscription, body=body)

    @property
    def attempt_number(self) -> int:
        """Number of the attempt that is to be made."""
        return self.delivery.attempt_count + 1

    @property
    def redelivery(self) -> bool:
        """Whether somebody asked for it to be sent again."""
        return self.delivery.earlier_attempt_count > 0

    @property
    def test(self) -> bool:
        """Whether it is a test."""
        return self.delivery.kind is DeliveryKind.TEST

    @property
    def shape(self) -> Shape:
        """The shape of its body, which need not be the subscription's of today."""
        payload_format, decimals_as_strings = divmod(self.delivery.shape, 2)
        return Shape(payload_format=PayloadFormat(payload_format), decimals_as_strings=bool(decimals_as_strings))


class Attempted(NamedTuple):
    """A claimed delivery, and what the attempt met."""

    claimed: ClaimedDelivery
    outcome: Outcome
    #: As they may be logged: values of the subscription's own headers are masked.
    request_headers: Mapping[str, str]

    def without_body(self) -> "Attempted":
        """All that is logged of it."""
        claimed = ClaimedDelivery.of(self.claimed.delivery, self.claimed.subscription, b"")
        return Attempted(claimed=claimed, outcome=self.outcome, request_headers=self.request_headers)


class Attempt(NamedTuple):
    """An attempt as it is logged."""

    delivery_id: str
    number: int
    workspace_id: str
    #: Its query values are masked.
    target_url: str
    request_headers: Mapping[str, str]
    outcome: Outcome
