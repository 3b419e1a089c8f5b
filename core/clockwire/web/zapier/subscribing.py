"""How webhooks are subscribed to and ended.

https://docs.timetracker.in/api-reference/integrations/zapier/triggers/timer-stopped: subscribe and unsubscribe.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.api.callers import caller
from clockwire.api.calls import Call, Method
from clockwire.api.scopes import Access
from clockwire.model.errors import FieldInvalid, ResourceNotFound, TargetUrlRefused
from clockwire.model.payloads import PayloadFormat
from clockwire.model.signing import Secret, check_secret, generate_secret
from clockwire.model.subscription import Subscription
from clockwire.model.subscription_settings import SubscriptionSettings, checked
from clockwire.model.target import check_target_url
from clockwire.operations.subscriptions import create_subscription, delete_subscription
from clockwire.v1.events_pb2 import EventFilter
from clockwire.web.errors import HttpRefusal
from clockwire.web.framing import keyed
from clockwire.web.parts import Parts
from clockwire.web.requests import read_body
from clockwire.web.zapier.asking import LARGEST_BODY
from clockwire.web.zapier.refusals import refuse, refuse_to_delete

#: Each event that can be subscribed to, and what it is called here.
EVENTS: Mapping[str, str] = {
    "TIMER_STARTED": "timer.started",
    "TIMER_STOPPED": "timer.stopped",
    "CLIENT_CREATED": "client.created",
    "PROJECT_CREATED": "project.created",
    "TASK_CREATED": "task.created",
}
#: The "Manual Time Entry" trigger, under a name of ours: the documentation shows none.
MANUAL = "MANUAL_TIME_ENTRY"
_ID = re.compile("wh_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})")


def routes(parts: Parts, prefix: str) -> Sequence[BaseRoute]:
    """POST subscribe, DELETE one."""
    access = Access(scope="subscriptions.write")
    subscribe = keyed(parts.calls, Method("Zapier/Subscribe", access), _Subscribe(parts).answer, refuse=refuse)
    unsubscribe = keyed(
        parts.calls, Method("Zapier/Unsubscribe", access), _Unsubscribe(parts).answer, refuse=refuse_to_delete
    )
    return [
        Route(f"{prefix}/webhooks/subscribe", subscribe, methods=["POST"]),
        Route(f"{prefix}/webhooks/{{id}}", unsubscribe, methods=["DELETE"]),
    ]


class _Subscribe:
    """A new subscription, which gets TimeTracker's bodies."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def answer(self, request: Request, _call: Call) -> Response:
        """The subscription as it is documented, and its secret this once if one was made."""
        wanted = _wanted(await read_body(request, limit=LARGEST_BODY))
        settings = checked(wanted.settings)
        check_target_url(settings.target_url)  # https alone, whatever the operator allows elsewhere
        await self._parts.check_target(settings.target_url)
        vault = self._parts.vault
        written = await self._parts.writer.write(
            lambda transaction: create_subscription(
                transaction, settings, secret=wanted.secret, paused=False, vault=vault
            ),
            caller(),
        )
        assert written.result is not None
        return _json({"success": True, "webhook": _webhook(written.result, wanted)})


class _Unsubscribe:
    """A subscription of the key's workspace is ended; one that was ended before stays so."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def answer(self, request: Request, _call: Call) -> Response:
        """That it is done."""
        subscription_id = _subscription_id(request.path_params["id"])
        await self._parts.writer.write(
            lambda transaction: delete_subscription(transaction, subscription_id, etag=""), caller()
        )
        return _json({"success": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is subscribed to."""

    settings: SubscriptionSettings
    #: As they were sent, each once.
    events: Sequence[str]
    secret: Secret | None = field(repr=False)
    #: Whether the secret was made here, and has to be told.
    secret_is_new: bool


def _wanted(body: bytes) -> _Wanted:
    """What the body asks for. Raises FieldInvalid, TargetUrlRefused, and the documented sentence for missing fields."""
    sent = _object(body)
    url, events = sent.get("url"), sent.get("events")
    if not url or not events or not isinstance(events, list) or not all(isinstance(each, str) for each in events):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", "URL and events array are required")
    if not isinstance(url, str):
        raise TargetUrlRefused("must be a string")
    description, secret = sent.get("description") or "", sent.get("secret")
    if not isinstance(description, str):
        raise FieldInvalid.of("description", "must be a string")
    return _Wanted(
        settings=SubscriptionSettings(
            description=description, target_url=url, filter=_filter(events), payload_format=PayloadFormat.TIMETRACKER
        ),
        events=[*dict.fromkeys(events)],
        secret=_secret(secret),
        secret_is_new=secret is True,
    )


def _object(body: bytes) -> Mapping[str, Any]:
    """The fields of the body; none if it is no JSON object."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _filter(events: Sequence[str]) -> EventFilter:
    if set(events) == {MANUAL}:
        return EventFilter(event_types=["timelog.created"], expression="manually_entered = true")
    unknown = [each for each in events if each not in EVENTS]
    if MANUAL in unknown:
        raise FieldInvalid.of("events", f"{MANUAL} needs a subscription of its own")
    if unknown:
        raise FieldInvalid.of("events", f"{unknown[0][:50]!r} is none of {', '.join((*EVENTS, MANUAL))}")
    return EventFilter(event_types=[EVENTS[each] for each in dict.fromkeys(events)])


def _secret(wanted: object) -> Secret | None:
    """The secret that signs: made here, given, or none."""
    if wanted is True:
        return generate_secret()
    if isinstance(wanted, str) and wanted:
        return check_secret(wanted)
    if wanted in (None, False, ""):
        return None
    raise FieldInvalid.of("secret", "must be true, or the secret itself")


def _webhook(subscription: Subscription, wanted: _Wanted) -> Mapping[str, object]:
    webhook: dict[str, object] = {
        "id": f"wh_{subscription.id.replace('-', '')}",
        "url": subscription.target_url,
        "events": wanted.events,
        "status": "ACTIVE",
    }
    if wanted.secret is not None and wanted.secret_is_new:
        webhook["secret"] = wanted.secret.text
    return webhook


def _subscription_id(webhook_id: str) -> str:
    """What the webhook is called here. Raises ResourceNotFound for what was never a webhook's id."""
    parts = _ID.fullmatch(webhook_id)
    if parts is None:
        raise ResourceNotFound("subscription", webhook_id[:100])
    return "-".join(parts.groups())


def _json(answer: object) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
