"""How what one process tells another becomes bytes, and values again.

It is pickled. What there is much of is told as something simpler than what pickle would make of it: deliveries and
attempts as tuples, which costs a fifth, records as the bytes they are, which costs the half. A subscription, which is
told again and again, is turned into bytes and back once a version.
"""

import copyreg
import pickle
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

from clockwire.model.delivery import Attempted, ClaimedDelivery, Delivery
from clockwire.model.outcome import Outcome
from clockwire.model.subscription import Subscription
from clockwire.v1.records_pb2 import Record

_MOST_KEPT = 4096


def told(message: object) -> bytes:
    """What to send."""
    written = BytesIO()
    pickler = pickle.Pickler(written, protocol=5)
    pickler.dispatch_table = _TABLE
    pickler.dump(message)
    return written.getvalue()


def heard(data: bytes) -> Any:  # noqa: ANN401 - whatever was said
    """What was said. It is trusted as one's own memory is: only processes of this program say anything."""
    return pickle.loads(data)  # noqa: S301


def _tell_subscription(subscription: Subscription) -> tuple[Any, ...]:
    return _subscription, (_kept_bytes(_Named(subscription)),)


def _tell_claimed(claimed: ClaimedDelivery) -> tuple[Any, ...]:
    return _claimed, (tuple(claimed.delivery), claimed.subscription, claimed.body)


def _tell_attempted(attempted: Attempted) -> tuple[Any, ...]:
    return _attempted, (attempted.claimed, tuple(attempted.outcome), attempted.request_headers)


def _tell_record(record: Record) -> tuple[Any, ...]:
    return _record, (record.SerializeToString(),)


_TABLE = copyreg.dispatch_table | {
    Subscription: _tell_subscription,
    ClaimedDelivery: _tell_claimed,
    Attempted: _tell_attempted,
    Record: _tell_record,
}


class _Named:
    """A subscription that is equal to another one of the same version."""

    __slots__ = ("_name", "subscription")

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._name = (subscription.id, subscription.version)

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self._name == other._name


@lru_cache(maxsize=_MOST_KEPT)
def _kept_bytes(named: _Named) -> bytes:
    return pickle.dumps(named.subscription, protocol=5)


@lru_cache(maxsize=_MOST_KEPT)
def _subscription(data: bytes) -> Subscription:
    made: Subscription = pickle.loads(data)  # noqa: S301 - as above
    return made


def _record(data: bytes) -> Record:
    return Record.FromString(data)


def _claimed(delivery: tuple[Any, ...], subscription: Subscription, body: bytes) -> ClaimedDelivery:
    return ClaimedDelivery(delivery=Delivery._make(delivery), subscription=subscription, body=body)


def _attempted(claimed: ClaimedDelivery, outcome: tuple[Any, ...], headers: Mapping[str, str]) -> Attempted:
    return Attempted(claimed=claimed, outcome=Outcome._make(outcome), request_headers=headers)
