"""How subscriptions are said on the wire, and read from it."""

from collections.abc import Mapping, Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.errors import FieldInvalid
from clockwire.model.etag import etag_of
from clockwire.model.instants import Instant, to_timestamp
from clockwire.model.masks import writable_paths
from clockwire.model.payloads import PayloadFormat, Shape
from clockwire.model.sealed import open_headers
from clockwire.model.signing import Secret, check_secret, generate_secret
from clockwire.model.subscription import Health, Subscription, SubscriptionState, SubscriptionStats
from clockwire.model.subscription_settings import MASKED, SubscriptionSettings
from clockwire.model.target import mask_query_values
from clockwire.model.values.times import check_duration
from clockwire.model.vault import Vault
from clockwire.operations.subscription_views import SubscriptionQuery, SubscriptionView
from clockwire.rpc.messages.lengths import to_duration
from clockwire.v1 import subscription_service_pb2 as requests
from clockwire.v1 import subscriptions_pb2 as messages
from clockwire.v1.deliveries_pb2 import DeliveryAttempt

#: The fields a caller may write, and which settings each of them holds.
_SETTINGS: Mapping[str, Sequence[str]] = {
    "name": ["name"],
    "description": ["description"],
    "target_url": ["target_url"],
    "filter": ["filter"],
    "payload_format": ["payload_format"],
    "decimals_as_strings": ["decimals_as_strings"],
    "headers": ["headers"],
    "retry_policy": ["retry_delays", "retry_disabled"],
    "request_timeout": ["request_timeout"],
    "max_in_flight": ["max_in_flight"],
    "max_per_minute": ["max_per_minute"],
    "ca_certificate_pem": ["ca_certificate_pem"],
}

Source = requests.CreateSubscriptionRequest


def subscription_message(
    view: SubscriptionView, *, vault: Vault, now: Instant, sees_secrets: bool
) -> messages.Subscription:
    """The subscription as the contract shows it; the values of the target's query only to those who may write it."""
    subscription = view.subscription
    target_url = subscription.target_url
    message = messages.Subscription(
        id=subscription.id,
        etag=etag_of(subscription.version),
        name=subscription.name,
        description=subscription.description,
        target_url=target_url if sees_secrets else mask_query_values(target_url),
        filter=subscription.filter,
        payload_format=messages.Subscription.PayloadFormat.ValueType(subscription.payload_format),
        decimals_as_strings=subscription.decimals_as_strings,
        headers=dict.fromkeys(open_headers(vault, subscription), MASKED),
        max_in_flight=subscription.max_in_flight,
        max_per_minute=subscription.max_per_minute,
        ca_certificate_pem=subscription.ca_certificate_pem,
        state=messages.Subscription.State.ValueType(subscription.state),
        state_reason=messages.Subscription.StateReason.ValueType(subscription.state_reason),
        state_time=to_timestamp(subscription.state_time),
        signed=subscription.secret is not None,
        secret_fingerprint=subscription.secret_fingerprint,
        create_time=to_timestamp(subscription.create_time),
        update_time=to_timestamp(subscription.update_time),
        create_api_key_id=subscription.create_api_key_id,
    )
    _add_lengths(message, subscription, now)
    if view.stats is not None:
        message.stats.CopyFrom(_stats(subscription.health, view.stats))
    return message


def _add_lengths(message: messages.Subscription, subscription: Subscription, now: Instant) -> None:
    """Those fields that are set or not."""
    if subscription.retry_delays or subscription.retry_disabled:
        message.retry_policy.disabled = subscription.retry_disabled
        message.retry_policy.delays.extend(map(to_duration, subscription.retry_delays))
    if subscription.request_timeout:
        message.request_timeout.CopyFrom(to_duration(subscription.request_timeout))
    if subscription.rotation_end_time is not None and subscription.rotation_end_time > now:
        message.rotation_end_time.CopyFrom(to_timestamp(subscription.rotation_end_time))


def _stats(health: Health, stats: SubscriptionStats) -> messages.SubscriptionStats:
    message = messages.SubscriptionStats(
        pending_count=stats.pending_count,
        succeeded_count_24h=stats.succeeded_count_24h,
        exhausted_count_24h=stats.exhausted_count_24h,
        consecutive_failures=health.consecutive_failures,
        last_failure=DeliveryAttempt.Outcome.ValueType(health.last_failure),
    )
    times = {
        "oldest_pending_time": stats.oldest_pending_time,
        "last_success_time": health.last_success_time,
        "last_failure_time": health.last_failure_time,
    }
    for name, time in times.items():
        if time is not None:
            getattr(message, name).CopyFrom(to_timestamp(time))
    return message


def settings_of(subscription: messages.Subscription) -> SubscriptionSettings:
    """What the caller wrote, as it stands there."""
    policy = subscription.retry_policy
    return SubscriptionSettings(
        name=subscription.name,
        description=subscription.description,
        target_url=subscription.target_url,
        filter=subscription.filter,
        payload_format=subscription.payload_format,
        decimals_as_strings=subscription.decimals_as_strings,
        headers=dict(subscription.headers),
        retry_delays=tuple(
            check_duration(f"subscription.retry_policy.delays[{index}]", delay)
            for index, delay in enumerate(policy.delays)
        ),
        retry_disabled=policy.disabled,
        request_timeout=check_duration("subscription.request_timeout", subscription.request_timeout),
        max_in_flight=subscription.max_in_flight,
        max_per_minute=subscription.max_per_minute,
        ca_certificate_pem=subscription.ca_certificate_pem,
    )


def written_settings(sent: messages.Subscription, mask: FieldMask) -> tuple[str, ...]:
    """Names of the settings that an update writes. Raises MaskInvalid."""
    paths = writable_paths(messages.Subscription.DESCRIPTOR, mask, sent=sent, allowed=_SETTINGS)
    return tuple(name for path in paths for name in _SETTINGS[path])


def chosen_secret(request: requests.CreateSubscriptionRequest) -> Secret | None:
    """The secret of a new subscription: made here, provided, or none. Raises FieldInvalid."""
    if request.secret and request.secret_source != Source.SECRET_SOURCE_PROVIDED:
        raise FieldInvalid.of("secret", "is for secret_source SECRET_SOURCE_PROVIDED only")
    match request.secret_source:
        case Source.SECRET_SOURCE_UNSPECIFIED | Source.SECRET_SOURCE_GENERATE:
            return generate_secret()
        case Source.SECRET_SOURCE_PROVIDED:
            return check_secret(request.secret)
        case Source.SECRET_SOURCE_NONE:
            return None
        case unknown:
            raise FieldInvalid.of("secret_source", f"{unknown} is not known")


def subscription_query(request: requests.ListSubscriptionsRequest) -> SubscriptionQuery:
    """Which subscriptions the request asks for. Raises FieldInvalid for a state that can't be."""
    unknown = [state for state in request.states if state not in set(map(int, SubscriptionState))]
    if unknown:
        raise FieldInvalid.of("states", f"{unknown[0]} is no state of a subscription")
    return SubscriptionQuery(states=tuple(request.states), target_url=request.target_url, event_type=request.event_type)


def cancels_held(request: requests.ResumeSubscriptionRequest) -> bool:
    """Whether what was held is cancelled, not sent. Raises FieldInvalid."""
    if request.held not in requests.ResumeSubscriptionRequest.Held.values():
        raise FieldInvalid.of("held", f"{request.held} is not known")
    return request.held == requests.ResumeSubscriptionRequest.HELD_CANCEL


def shape_of(request: requests.PreviewPayloadRequest) -> Shape:
    """The shape of a body. Raises FieldInvalid."""
    try:
        payload_format = PayloadFormat(request.payload_format or PayloadFormat.FLAT)
    except ValueError:
        raise FieldInvalid.of("payload_format", f"{request.payload_format} is not known") from None
    return Shape(payload_format=payload_format, decimals_as_strings=request.decimals_as_strings)
