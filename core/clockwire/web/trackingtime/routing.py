"""Which endpoints for TrackingTime's outgoing webhooks there are: list, get, add, enable, disable, reset, delete.

Their paths are those of its API, version 4. Add and delete can also be asked with GET, as its own node for n8n does;
no browser can be led to do that, because the key is in a header that none adds by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from clockwire.api.callers import caller
from clockwire.api.calls import Method
from clockwire.api.scopes import Access
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.identifiers import is_id
from clockwire.model.instants import Instant
from clockwire.model.signing import generate_secret
from clockwire.model.subscription import Subscription
from clockwire.model.subscription_settings import checked
from clockwire.operations import subscriptions as operations
from clockwire.operations.subscription_views import (
    SubscriptionQuery,
    SubscriptionView,
    get_subscription,
    list_subscriptions,
)
from clockwire.storage.subscriptions import find_subscription
from clockwire.storage.transaction import Transaction
from clockwire.web.inbound.bodies import read_fields
from clockwire.web.parts import Parts
from clockwire.web.requests import read_body
from clockwire.web.trackingtime.describing import described
from clockwire.web.trackingtime.framing import Answer, endpoint
from clockwire.web.trackingtime.webhooks import STATUSES, is_disabled, is_wanted, require_ours, settings_of, shown

PREFIX: Final = "/api/v4/{account_id}/webhooks"
LARGEST_BODY = 64 * 1024
_MOST_SHOWN = 10_000
_SEES_SECRETS = frozenset({"subscriptions.write", "operator"})


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """All of them; those with a word in the path come before those with an id."""
    hooks = _Webhooks(parts)

    def route(path: str, name: str, answer: Answer, *methods: str, scope: str = "subscriptions.write") -> Route:
        method = Method(f"TrackingTime/{name}", Access(scope=scope))
        return Route(f"{PREFIX}{path}", endpoint(parts.calls, method, answer), methods=[*methods])

    return [
        route("", "List", hooks.list, "GET", scope="subscriptions.read"),
        route("/add", "Add", hooks.add, "GET", "POST"),
        route("/enable/{id}", "Enable", hooks.enable, "PUT"),
        route("/disable/{id}", "Disable", hooks.disable, "PUT"),
        route("/reset_token/{id}", "ResetToken", hooks.reset_token, "POST"),
        route("/{id}/delete", "Delete", hooks.delete, "GET"),
        route("/{id}", "Get", hooks.get, "GET", scope="subscriptions.read"),
        route("/{id}", "Delete", hooks.delete, "DELETE"),
    ]


def paths() -> dict[str, Any]:
    """What OpenAPI says of them."""
    return described(PREFIX)


@dataclass(frozen=True, slots=True)
class _Webhooks:
    """The webhooks of an account."""

    parts: Parts

    async def list(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """The webhooks with a status, or all, oldest first."""
        status = request.query_params.get("filter", "ALL")
        if status not in STATUSES:
            raise FieldInvalid.of("filter", f"must be one of {', '.join(STATUSES)}")
        found = await self.parts.database.read(_all, caller().workspace_id, self.parts.clock())
        return [self._shown(each) for each in found if is_wanted(each, status)]

    async def get(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """One webhook."""
        id_, now = request.path_params["id"], self.parts.clock()
        if not is_id(id_):
            raise ResourceNotFound("webhook", id_[:100])
        view = await self.parts.database.read(get_subscription, caller().workspace_id, subscription_id=id_, now=now)
        require_ours(view.subscription)
        return self._shown(view)

    async def add(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """A new webhook, and its token this once."""
        sent = await _sent(request)
        settings, paused, secret = checked(settings_of(sent)), is_disabled(sent), generate_secret()
        await self.parts.check_target(settings.target_url)
        created = await self._write(
            lambda transaction: operations.create_subscription(
                transaction, settings, secret=secret, paused=paused, vault=self.parts.vault
            )
        )
        return self._shown(SubscriptionView(subscription=created)) | {"token": secret.text, "secret": secret.text}

    async def enable(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """The webhook, which sends; also what happened while it did not."""
        id_ = request.path_params["id"]

        def resume(transaction: Transaction) -> Subscription:
            _check_ours(transaction, id_)
            return operations.resume_subscription(transaction, id_, cancel_held=False).subscription

        return self._shown(SubscriptionView(subscription=await self._write(resume)))

    async def disable(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """The webhook, which does not send."""
        id_ = request.path_params["id"]

        def pause(transaction: Transaction) -> Subscription:
            _check_ours(transaction, id_)
            return operations.pause_subscription(transaction, id_)

        return self._shown(SubscriptionView(subscription=await self._write(pause)))

    async def reset_token(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """The webhook with a new token, this once; the one before signs nothing any more."""
        id_, secret = request.path_params["id"], generate_secret()

        def rotate(transaction: Transaction) -> Subscription:
            _check_ours(transaction, id_)
            return operations.rotate_secret(transaction, id_, secret, overlap=0, vault=self.parts.vault)

        view = SubscriptionView(subscription=await self._write(rotate))
        return self._shown(view) | {"token": secret.text, "secret": secret.text}

    async def delete(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """The webhook is gone, and so is what waited for it."""
        id_ = request.path_params["id"]

        def delete(transaction: Transaction) -> Subscription:
            subscription = _check_ours(transaction, id_)
            operations.delete_subscription(transaction, id_, etag="")
            return subscription

        return {"id": (await self._write(delete)).id}

    async def _write(self, operation: Any) -> Subscription:  # noqa: ANN401 - an operation that gives a subscription
        written = await self.parts.writer.write(operation, caller())
        assert written.result is not None
        result: Subscription = written.result
        return result

    def _shown(self, view: SubscriptionView) -> dict[str, Any]:
        return shown(view, sees_secrets=not caller().scopes.isdisjoint(_SEES_SECRETS))


async def _sent(request: Request) -> Mapping[str, Any]:
    """The fields of the query, and those of the body if there is one."""
    body = await read_body(request, limit=LARGEST_BODY)
    within = read_fields(request, body) if body else {}
    fields = dict(within)
    for name, value in request.query_params.multi_items():
        if name in fields:
            raise FieldInvalid.of(name[:60] or "query", "is there twice")
        fields[name] = value
    return fields


def _all(connection: Connection, workspace_id: str, now: Instant) -> Sequence[SubscriptionView]:
    query = SubscriptionQuery()
    return list_subscriptions(connection, workspace_id, query, after_id="", limit=_MOST_SHOWN, stats_at=now)


def _check_ours(transaction: Transaction, id_: str) -> Subscription:
    """The webhook. Raises ResourceNotFound, also for a subscription that is none."""
    found = find_subscription(transaction.connection, transaction.workspace.id, id_) if is_id(id_) else None
    if found is None:
        raise ResourceNotFound("webhook", id_[:100])
    return require_ours(found)
