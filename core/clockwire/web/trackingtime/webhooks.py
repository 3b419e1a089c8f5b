"""What is a webhook of TrackingTime? A subscription whose bodies are TrackingTime's, under TrackingTime's names."""

from collections.abc import Mapping, Sequence
from typing import Any

from clockwire.model.errors import FieldInvalid, ResourceNotFound, Violation
from clockwire.model.payloads import PayloadFormat
from clockwire.model.rendering.trackingtime import EVENT_OF
from clockwire.model.subscription import Subscription, SubscriptionState
from clockwire.model.subscription_settings import SubscriptionSettings
from clockwire.model.target import mask_query_values
from clockwire.model.values.text import check_id
from clockwire.operations.subscription_views import SubscriptionView
from clockwire.v1.events_pb2 import EventFilter

#: Names that TrackingTime's newer API has for the same events.
ALIASES: Mapping[str, str] = {
    "event.created": "event.add",
    "event.updated": "event.update",
    "event.deleted": "event.delete",
}
FIELDS = (
    *("url", "callback_url", "events", "event_name", "description", "user_id", "status"),
    *("grouped", "is_incoming", "service"),
)
STATUSES = ("ALL", "ENABLED", "DISABLED", "ACTIVE")
_NAME_OF = {ours: theirs for theirs, ours in EVENT_OF.items()}


def settings_of(sent: Mapping[str, Any]) -> SubscriptionSettings:
    """What is to be added. FieldInvalid names all that is wrong, but for the address."""
    violations = [Violation(name[:60], f"is no field; there are {', '.join(FIELDS)}") for name in set(sent) - {*FIELDS}]
    violations += [Violation(name, "must be a text") for name in ("description", "user_id") if not _is_text(sent, name)]
    if sent.get("grouped") not in (None, "", False, "false"):
        violations.append(Violation("grouped", "must be false: each event is sent by itself"))
    if sent.get("is_incoming") not in (None, "", False, "false"):
        violations.append(Violation("is_incoming", "must be false: incoming webhooks are made with InboundHookService"))
    if sent.get("service") not in (None, ""):
        violations.append(Violation("service", "must be empty: it is where incoming webhooks come from"))
    if violations:
        raise FieldInvalid(*violations)
    return SubscriptionSettings(
        description=sent.get("description") or "",
        target_url=_one_of(sent, "url", "callback_url"),
        filter=_filter(_one_of(sent, "events", "event_name"), sent.get("user_id") or ""),
        payload_format=PayloadFormat.TRACKINGTIME,
    )


def is_disabled(sent: Mapping[str, Any]) -> bool:
    """Whether what is to be added does not send at first. Raises FieldInvalid."""
    status = sent.get("status") or "ENABLED"
    if status not in STATUSES[1:]:
        raise FieldInvalid.of("status", f"must be one of {', '.join(STATUSES[1:])}")
    return bool(status == "DISABLED")


def shown(view: SubscriptionView, *, sees_secrets: bool) -> dict[str, Any]:
    """The webhook as it is told; the values of its address's query to those who may write it alone."""
    subscription = view.subscription
    url = subscription.target_url if sees_secrets else mask_query_values(subscription.target_url)
    names = [_NAME_OF.get(each, each) for each in subscription.filter.event_types]
    users = subscription.filter.user_ids
    return {
        "id": subscription.id,
        "event_name": names[0],
        "events": names,
        "description": subscription.description,
        "url": url,
        "callback_url": url,
        "status": status_of(view),
        "is_incoming": False,
        "service": None,
        "user_id": users[0] if users else None,
    }


def status_of(view: SubscriptionView) -> str:
    """ACTIVE while something waits to be sent, else ENABLED; DISABLED if it does not send."""
    if view.subscription.state is not SubscriptionState.ACTIVE:
        return "DISABLED"
    return "ACTIVE" if view.stats is not None and view.stats.pending_count else "ENABLED"


def require_ours(subscription: Subscription) -> Subscription:
    """The subscription, if it is a webhook of TrackingTime. Raises ResourceNotFound."""
    if subscription.payload_format is not PayloadFormat.TRACKINGTIME:
        raise ResourceNotFound("webhook", subscription.id)
    return subscription


def is_wanted(view: SubscriptionView, status: str) -> bool:
    """Whether a list of webhooks with this status has it. What waits to be sent is enabled, too."""
    if view.subscription.payload_format is not PayloadFormat.TRACKINGTIME:
        return False
    own = status_of(view)
    return status in ("ALL", own) or (status == "ENABLED" and own == "ACTIVE")


def _one_of(sent: Mapping[str, Any], name: str, alias: str) -> str:
    value = sent.get(name) or sent.get(alias)
    if sent.get(name) and sent.get(alias) and sent[name] != sent[alias]:
        raise FieldInvalid.of(alias, f"says something else than {name}: one of them is enough")
    if name == "events" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if not isinstance(value, str) or not value:
        raise FieldInvalid.of(name, "is needed, and is a text")
    return value


def _filter(events: str, user_id: str) -> EventFilter:
    return EventFilter(
        event_types=_event_types(events.split(",")),
        user_ids=[check_id("user_id", user_id)] if user_id else [],
    )


def _event_types(names: Sequence[str]) -> list[str]:
    wanted = [ALIASES.get(name.strip(), name.strip()) for name in names]
    unknown = next((name for name in wanted if name not in EVENT_OF), None)
    if unknown is not None:
        raise FieldInvalid.of("events", f"{unknown[:60]!r} is no event; there are {', '.join(EVENT_OF)}")
    return [EVENT_OF[name] for name in dict.fromkeys(wanted)]


def _is_text(sent: Mapping[str, Any], name: str) -> bool:
    return sent.get(name) is None or isinstance(sent[name], str)
