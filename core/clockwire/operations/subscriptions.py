"""What subscribers can do with their subscriptions.

Each change takes the subscription's lock first, since the dispatcher writes beside us: see `dispatch.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clockwire.model.delivery import DeliveryState
from clockwire.model.errors import FieldInvalid, ResourceNotFound, ValueTaken
from clockwire.model.etag import check_etag
from clockwire.model.identifiers import new_id
from clockwire.model.payloads import PayloadFormat
from clockwire.model.sealed import open_headers, seal_headers, seal_secret
from clockwire.model.signing import Secret, fingerprint
from clockwire.model.subscription import StateReason, Subscription, SubscriptionState
from clockwire.model.subscription_settings import MASKED, SubscriptionSettings
from clockwire.model.vault import Vault
from clockwire.storage.deliveries import cancel, hold, release_held
from clockwire.storage.subscriptions import (
    find_by_name,
    lock_subscriptions,
    put_subscription,
    select_planned,
    was_deleted,
)
from clockwire.storage.transaction import Transaction

_UNSENT = (DeliveryState.PENDING, DeliveryState.WAITING, DeliveryState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A subscription that sends again, and how many deliveries that were held were released or cancelled."""

    subscription: Subscription
    held_count: int


def create_subscription(
    transaction: Transaction, settings: SubscriptionSettings, *, secret: Secret | None, paused: bool, vault: Vault
) -> Subscription:
    """A new subscription; it gets what is committed from now on. Raises ValueTaken if its name is another's."""
    id_, now = new_id(transaction.now), transaction.now
    created = Subscription(
        id=id_,
        workspace_id=transaction.workspace.id,
        version=1,
        **_plain(settings),
        headers=seal_headers(vault, id_, _merged(settings.headers, {})),
        state=SubscriptionState.PAUSED if paused else SubscriptionState.ACTIVE,
        state_reason=StateReason.NONE,
        state_time=now,
        secret=seal_secret(vault, id_, secret) if secret else None,
        secret_fingerprint=fingerprint(secret) if secret else "",
        retiring_secret=None,
        rotation_end_time=None,
        create_time=now,
        update_time=now,
        create_api_key_id=transaction.caller.api_key_id,
    )
    return _store(transaction, _named(transaction, created))


def update_subscription(
    transaction: Transaction,
    subscription_id: str,
    settings: SubscriptionSettings,
    *,
    names: Sequence[str],
    etag: str,
    vault: Vault,
) -> Subscription:
    """The subscription with new values in the fields of these *names*. Raises EtagMismatch and ValueTaken.

    A header whose value is sent as `***` keeps the one it has.
    """
    stored = _locked(transaction, subscription_id)
    check_etag(etag, stored.version)
    plain = {name: value for name, value in _plain(settings).items() if name in names}
    changed = _named(transaction, replace(stored, **plain))
    if "headers" in names:
        known = open_headers(vault, stored)
        headers = _merged(settings.headers, known)
        if headers != known:
            changed = replace(changed, headers=seal_headers(vault, stored.id, headers))
    return stored if changed == stored else _store(transaction, changed.revised(transaction.now))


def delete_subscription(transaction: Transaction, subscription_id: str, *, etag: str) -> int:
    """How many deliveries that waited for it are cancelled, now that it is gone; none if it was deleted before."""
    workspace_id = transaction.workspace.id
    if was_deleted(transaction.connection, workspace_id, subscription_id):
        return 0
    stored = _locked(transaction, subscription_id)
    check_etag(etag, stored.version)
    _store(transaction, stored.deleted(transaction.now))
    return cancel(transaction.connection, stored.id, transaction.now, *_UNSENT)


def pause_subscription(transaction: Transaction, subscription_id: str) -> Subscription:
    """The subscription, which does not send; its deliveries are held."""
    stored = _locked(transaction, subscription_id)
    if stored.state is SubscriptionState.PAUSED:
        return stored
    paused = _store(transaction, stored.turned(SubscriptionState.PAUSED, transaction.now))
    hold(transaction.connection, stored.id)
    return paused


def resume_subscription(transaction: Transaction, subscription_id: str, *, cancel_held: bool) -> Resumed:
    """The subscription, which sends; what was held is due now, or cancelled."""
    connection, now = transaction.connection, transaction.now
    stored = _locked(transaction, subscription_id)
    if stored.state is SubscriptionState.ACTIVE:
        return Resumed(subscription=stored, held_count=0)
    resumed = _store(transaction, stored.turned(SubscriptionState.ACTIVE, now))
    if cancel_held:
        return Resumed(subscription=resumed, held_count=cancel(connection, stored.id, now, DeliveryState.HELD))
    return Resumed(subscription=resumed, held_count=release_held(connection, stored.id, now))


def rotate_secret(
    transaction: Transaction, subscription_id: str, secret: Secret, *, overlap: int, vault: Vault
) -> Subscription:
    """The subscription with a new secret; for *overlap* microseconds the one it had signs too."""
    stored = _locked(transaction, subscription_id)
    now = transaction.now
    overlaps = overlap > 0 and stored.secret is not None
    rotated = replace(
        stored.revised(now),
        secret=seal_secret(vault, stored.id, secret),
        secret_fingerprint=fingerprint(secret),
        retiring_secret=stored.secret if overlaps else None,
        rotation_end_time=now + overlap if overlaps else None,
    )
    return _store(transaction, rotated)


def finish_secret_rotation(transaction: Transaction, subscription_id: str) -> Subscription:
    """The subscription with its new secret alone."""
    stored = _locked(transaction, subscription_id)
    if stored.rotation_end_time is None:
        return stored
    return _store(transaction, stored.without_retiring_secret().revised(transaction.now))


def announce_disabled(transaction: Transaction) -> None:
    """Whoever plans deliveries in this workspace knows that the dispatcher disabled a subscription.

    What was planned for it since then by those who did not know is held.
    """
    transaction.subscriptions_changed = True
    planned = select_planned(transaction.connection, transaction.workspace.id)
    disabled = [each.id for each in planned if each.state is SubscriptionState.DISABLED]
    for subscription in lock_subscriptions(transaction.connection, disabled).values():
        if subscription.state is SubscriptionState.DISABLED:
            hold(transaction.connection, subscription.id)


def _locked(transaction: Transaction, subscription_id: str) -> Subscription:
    """The subscription as nobody else can change it. Raises ResourceNotFound."""
    stored = lock_subscriptions(transaction.connection, [subscription_id]).get(subscription_id)
    if stored is None or stored.workspace_id != transaction.workspace.id or stored.delete_time is not None:
        raise ResourceNotFound("subscription", subscription_id)
    return stored


def _store(transaction: Transaction, subscription: Subscription) -> Subscription:
    put_subscription(transaction.connection, subscription)
    transaction.subscriptions_changed = True
    return subscription


def _named(transaction: Transaction, subscription: Subscription) -> Subscription:
    """The subscription under a name of its own: its id if it has none. Raises ValueTaken."""
    named = replace(subscription, name=subscription.name or subscription.id)
    other = find_by_name(transaction.connection, named.workspace_id, named.name)
    if other is not None and other.id != named.id:
        raise ValueTaken("name", named.name, other_id=other.id)
    return named


def _plain(settings: SubscriptionSettings) -> dict[str, Any]:
    """The settings that are stored as they are."""
    names = [name for name in SubscriptionSettings.__dataclass_fields__ if name != "headers"]
    plain = {name: getattr(settings, name) for name in names}
    return {**plain, "payload_format": PayloadFormat(settings.payload_format or PayloadFormat.FLAT)}


def _merged(sent: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The headers as they were sent; masked values are those that are known."""
    unknown = [name for name, value in sent.items() if value == MASKED and name not in known]
    if unknown:
        raise FieldInvalid.of(f"subscription.headers[{unknown[0]!r}]", "is masked: send the value itself")
    return {name: known[name] if value == MASKED else value for name, value in sent.items()}
