"""How deliveries are claimed and settled: what the dispatcher writes down.

These operations belong to no workspace, so that one claim and one settlement serve all of them. On PostgreSQL they run
beside the writers of workspaces, in this process and others; what keeps them apart is stated here once:

* A delivery that is leased is changed by the holder of its lease alone, or by who finds the lease run out.
* A delivery that is not is changed under the lock of its subscription, and so is the subscription itself. The lock
  comes before those of deliveries, in the order of ids; a claim takes none and skips what is locked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import random as any_number
from typing import NamedTuple

from sqlalchemy import Connection

from clockwire.model.delivery import LEASE, Attempt, Attempted, ClaimedDelivery, Delivery, DeliveryKind, DeliveryState
from clockwire.model.fairness import shared
from clockwire.model.instants import Instant
from clockwire.model.outcome import Outcome, OutcomeKind
from clockwire.model.subscription import Health, StateReason, Subscription, SubscriptionState
from clockwire.model.target import mask_query_values
from clockwire.storage.attempts import insert_attempts, select_last_ends
from clockwire.storage.claims import claim, lock_held, select_due, select_due_times
from clockwire.storage.deliveries import hold, select_bodies, update_deliveries
from clockwire.storage.subscriptions import disable, lock_health, lock_subscriptions, select_by_id, update_health
from clockwire.storage.transaction import Transaction

Random = Callable[[], float]

_LOST = "the sender ended, or lost its lease, before it could tell what came of this attempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What was claimed, and when there will be more."""

    deliveries: Sequence[ClaimedDelivery]
    #: When the next delivery that is not yet due will be; None if there is none.
    next_due_time: Instant | None
    #: Ids of deliveries that ended, because the last attempt they had was lost.
    ended: Sequence[str]


class Settled(NamedTuple):
    """An attempt that was written down."""

    outcome: OutcomeKind
    duration: int
    #: Whether its delivery has ended.
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a batch of attempts."""

    attempts: Sequence[Settled]
    #: Ids of deliveries that have ended.
    ended: Sequence[str]
    #: Subscriptions that were disabled: tell their workspaces with `operations/subscriptions.py: announce_disabled`.
    disabled: Sequence[Subscription]


def claim_due(
    transaction: Transaction, wants: Mapping[str, int], *, lease: str, limit: int, random: Random = any_number
) -> Claims:
    """Due deliveries of all workspaces, leased to the caller for `LEASE`: at most *limit*, shared evenly.

    *wants* says how many a subscription may get; one that is not in it may get as many as it sends at the same time.
    """
    connection, now = transaction.connection, transaction.now
    due_times = select_due_times(connection)
    ripe = [id_ for id_, due_time in due_times.items() if due_time <= now and wants.get(id_, 1) > 0]
    subscriptions = select_by_id(connection, ripe)
    resting = _rest(transaction, [each.id for each in subscriptions.values() if not each.sends], random)
    places = {each.id: wants.get(each.id, each.places) for each in subscriptions.values() if each.sends}
    found = claim(connection, shared(places, limit, random), now=now, lease=lease, until=now + LEASE)
    bodies = select_bodies(connection, found)
    claimed, ended = _take(transaction, found, subscriptions, bodies, lease=lease, random=random)
    return Claims(
        deliveries=claimed,
        next_due_time=min((each for each in due_times.values() if each > now), default=None),
        ended=[*resting, *ended],
    )


def settle_attempts(
    transaction: Transaction, attempted: Sequence[Attempted], *, random: Random = any_number
) -> Settlement:
    """The attempts are logged and their deliveries stand where the outcomes leave them.

    What was leased to somebody else meanwhile is left alone: that attempt has been logged as one nobody knows of.
    """
    connection, now = transaction.connection, transaction.now
    subscriptions, healths = _lock_attempted(connection, attempted)
    known = [each for each in attempted if each.claimed.subscription.id in subscriptions]  # its workspace may be gone
    mine = lock_held(connection, [each.claimed.delivery for each in known])
    ours = [each for each in known if each.claimed.delivery.id in mine]
    disabled = _note_health(transaction, ours, subscriptions, healths)
    settled = [
        each.claimed.delivery.settle(
            each.outcome, subscriptions[each.claimed.subscription.id], now=now, random=random()
        )
        for each in ours
    ]
    update_deliveries(connection, settled)
    insert_attempts(connection, [_attempt(each) for each in ours])
    return Settlement(
        attempts=[
            Settled(one.outcome.kind, one.outcome.duration, each.end_time is not None)
            for one, each in zip(ours, settled, strict=True)
        ],
        ended=[each.id for each in settled if each.end_time is not None],
        disabled=disabled,
    )


def release(transaction: Transaction, claimed: Sequence[ClaimedDelivery]) -> None:
    """Deliveries whose attempt was not begun are due again at once, for whoever claims them."""
    connection, now = transaction.connection, transaction.now
    subscriptions = lock_subscriptions(connection, {each.subscription.id for each in claimed})
    mine = lock_held(connection, [each.delivery for each in claimed])
    given_back = [
        each.delivery.waiting(subscriptions[each.subscription.id], due_time=now, now=now)
        for each in claimed
        if each.delivery.id in mine and each.subscription.id in subscriptions
    ]
    update_deliveries(connection, given_back)


def _take(
    transaction: Transaction,
    found: Sequence[Delivery],
    subscriptions: Mapping[str, Subscription],
    bodies: Mapping[tuple[str, int], bytes],
    *,
    lease: str,
    random: Random,
) -> tuple[list[ClaimedDelivery], list[str]]:
    """What was just leased, ready to be sent, and ids of those that have no attempt left or no body any more."""
    now = transaction.now
    counted = _count_lost(transaction, found, subscriptions, random)
    claimed, changed = [], []
    for old in found:
        delivery = counted.get(old.id, old)
        body = bodies.get((old.event_id, old.shape))
        if body is None and delivery.end_time is None:
            delivery = delivery.ended(DeliveryState.CANCELLED, now)
        if body is not None and delivery.end_time is None:
            delivery = delivery._replace(state=DeliveryState.IN_FLIGHT, lease=lease, due_time=now + LEASE)
            claimed.append(ClaimedDelivery.of(delivery, subscriptions[old.subscription_id], body))
        if old.id in counted or delivery.end_time is not None:
            changed.append(delivery)
    update_deliveries(transaction.connection, changed)
    return claimed, [each.id for each in changed if each.end_time is not None]


def _rest(transaction: Transaction, subscription_ids: Sequence[str], random: Random) -> list[str]:
    """Ids of deliveries that ended, now that nothing is due any more for subscriptions that do not send.

    What can still be due for them was in flight when they stopped, or was planned by who did not know yet.
    """
    if not subscription_ids:
        return []
    locked = lock_subscriptions(transaction.connection, subscription_ids)
    subscriptions = {each.id: each for each in locked.values() if not each.sends}
    due = select_due(transaction.connection, subscriptions, transaction.now)
    counted = _count_lost(transaction, due, subscriptions, random)
    settled = [
        counted.get(each.id)
        or each.waiting(subscriptions[each.subscription_id], due_time=transaction.now, now=transaction.now)
        for each in due
    ]
    update_deliveries(transaction.connection, settled)
    return [each.id for each in settled if each.end_time is not None]


def _count_lost(
    transaction: Transaction, due: Iterable[Delivery], subscriptions: Mapping[str, Subscription], random: Random
) -> dict[str, Delivery]:
    """Those whose lease ran out, as the attempt leaves them of which nobody knows. It is logged."""
    lost = [each for each in due if each.state is DeliveryState.IN_FLIGHT]
    last_ends = select_last_ends(transaction.connection, [each.id for each in lost]) if lost else {}
    counted, attempts = {}, []
    for each in lost:
        start_time = _leased_at(each, last_ends.get(each.id, each.create_time))
        outcome = Outcome(kind=OutcomeKind.UNKNOWN, start_time=start_time, duration=0, error=_LOST)
        subscription = subscriptions[each.subscription_id]
        counted[each.id] = each.settle(outcome, subscription, now=transaction.now, random=random())
        attempts.append(_attempt_of(each, subscription, outcome, {}))
    insert_attempts(transaction.connection, attempts)
    return counted


def _leased_at(lost: Delivery, known: Instant) -> Instant:
    """When a lost attempt began: after what is *known*, also if its lease was ended before its time."""
    return max((lost.due_time or 0) - LEASE, known)


def _lock_attempted(
    connection: Connection, attempted: Sequence[Attempted]
) -> tuple[dict[str, Subscription], Mapping[str, Health]]:
    """The subscriptions as they are now, and how they are doing.

    Of most only that is read: the rest is as it was when they were sent.
    """
    sent = {each.claimed.subscription.id: each.claimed.subscription for each in attempted}
    locked = lock_health(connection, sent)
    changed = select_by_id(connection, [id_ for id_, (version, _) in locked.items() if version != sent[id_].version])
    healths = {id_: health for id_, (_, health) in locked.items()}
    return {id_: changed.get(id_) or sent[id_] for id_ in locked}, healths


def _note_health(
    transaction: Transaction,
    attempted: Sequence[Attempted],
    subscriptions: dict[str, Subscription],
    healths: Mapping[str, Health],
) -> list[Subscription]:
    """The subscriptions that are disabled by what their endpoints answered; how all are doing is stored."""
    changed: dict[str, Health] = {}
    noted: dict[str, StateReason] = {}
    for each in sorted(attempted, key=lambda each: each.outcome.start_time + each.outcome.duration):
        if each.claimed.delivery.kind is not DeliveryKind.TEST:
            id_ = each.claimed.subscription.id
            health = changed[id_] = (changed.get(id_) or healths[id_]).after(each.outcome)
            reason = StateReason.FAILING if health.has_failed_too_long else StateReason.NONE
            noted[id_] = StateReason.GONE if each.outcome.kind is OutcomeKind.GONE else noted.get(id_) or reason
    update_health(transaction.connection, sorted(changed.items()))
    return _disable(transaction, noted, subscriptions, changed)


def _disable(
    transaction: Transaction,
    reasons: Mapping[str, StateReason],
    subscriptions: dict[str, Subscription],
    healths: Mapping[str, Health],
) -> list[Subscription]:
    """Those that sent until now, and have a reason not to."""
    disabled = []
    for id_, reason in reasons.items():
        if reason is not StateReason.NONE and subscriptions[id_].sends:
            sick = replace(subscriptions[id_], health=healths[id_])
            subscriptions[id_] = sick.turned(SubscriptionState.DISABLED, transaction.now, reason)
            disable(transaction.connection, subscriptions[id_])
            hold(transaction.connection, id_)
            disabled.append(subscriptions[id_])
    return disabled


def _attempt(attempted: Attempted) -> Attempt:
    claimed = attempted.claimed
    return _attempt_of(claimed.delivery, claimed.subscription, attempted.outcome, attempted.request_headers)


def _attempt_of(
    delivery: Delivery, subscription: Subscription, outcome: Outcome, request_headers: Mapping[str, str]
) -> Attempt:
    return Attempt(
        delivery_id=delivery.id,
        number=delivery.attempt_count + 1,
        workspace_id=delivery.workspace_id,
        target_url=mask_query_values(subscription.target_url),
        request_headers=request_headers,
        outcome=outcome,
    )
