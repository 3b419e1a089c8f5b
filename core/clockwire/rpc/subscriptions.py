"""SubscriptionService: who gets which events, where."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.model.delivery import ClaimedDelivery
from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import DAY, Clock
from clockwire.model.signing import Secret, check_secret, generate_secret
from clockwire.model.subscription import Subscription
from clockwire.model.subscription_settings import checked
from clockwire.model.values.times import check_duration
from clockwire.model.vault import Vault
from clockwire.operations import subscriptions as operations
from clockwire.operations.samples import Samples, preview
from clockwire.operations.subscription_views import SubscriptionView, get_subscription, list_subscriptions
from clockwire.rpc.messages.deliveries import attempt_message, delivery_message
from clockwire.rpc.messages.subscriptions import (
    cancels_held,
    chosen_secret,
    settings_of,
    shape_of,
    subscription_message,
    subscription_query,
    written_settings,
)
from clockwire.rpc.pages import page_of
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.v1 import subscription_service_pb2 as messages
from clockwire.v1 import subscriptions_pb2
from clockwire.v1.subscription_service_pb2_grpc import SubscriptionServiceServicer

_LONGEST_OVERLAP = timedelta(days=7)
_SEES_SECRETS = frozenset({"subscriptions.write", "operator"})

Context = grpc.aio.ServicerContext[Any, Any]


class Subscriptions(SubscriptionServiceServicer):
    """The servicer."""

    def __init__(
        self,
        database: Database,
        writes: Writes,
        vault: Vault,
        samples: Samples,
        *,
        check_target: Callable[[str], Awaitable[object]],
        headers_of: Callable[[ClaimedDelivery], Mapping[str, str]],
        clock: Clock,
    ) -> None:
        """*check_target* raises TargetUrlRefused for a URL that webhooks may not go to; it may look names up.

        *headers_of* says which headers an attempt would be made with.
        """
        self._database = database
        self._writes = writes
        self._vault = vault
        self._samples = samples
        self._check_target = check_target
        self._headers_of = headers_of
        self._clock = clock

    async def CreateSubscription(
        self, request: messages.CreateSubscriptionRequest, context: Context
    ) -> messages.CreateSubscriptionResponse:
        """A new subscription, and its secret this once."""
        secret = chosen_secret(request)
        settings = checked(settings_of(request.subscription))
        await self._check_target(settings.target_url)
        return await self._writes.run(
            request,
            lambda transaction: operations.create_subscription(
                transaction, settings, secret=secret, paused=request.paused, vault=self._vault
            ),
            lambda created, _: messages.CreateSubscriptionResponse(
                subscription=self._written(created), secret=_shown(secret, provided=request.secret)
            ),
        )

    async def GetSubscription(
        self, request: messages.GetSubscriptionRequest, context: Context
    ) -> messages.GetSubscriptionResponse:
        """One subscription, with its stats."""
        if not (request.subscription_id or request.name):
            raise FieldInvalid.of("key", "needs a subscription_id or a name")
        view = await self._database.read(
            get_subscription,
            caller().workspace_id,
            subscription_id=request.subscription_id,
            name=request.name,
            now=self._clock(),
        )
        return messages.GetSubscriptionResponse(subscription=self._seen(view))

    async def ListSubscriptions(
        self, request: messages.ListSubscriptionsRequest, context: Context
    ) -> messages.ListSubscriptionsResponse:
        """A page of subscriptions, oldest first."""
        workspace_id, now = caller().workspace_id, self._clock()
        page = page_of(request, workspace_id, now)
        found = await self._database.read(
            list_subscriptions,
            workspace_id,
            subscription_query(request),
            after_id=str(page.after[0]) if page.after else "",
            limit=page.size + 1,
            stats_at=now if request.include_stats else None,
        )
        shown = [self._seen(each) for each in found[: page.size]]
        response = messages.ListSubscriptionsResponse(subscriptions=shown)
        if len(found) > page.size:
            response.next_page_token = page.next_token(found[page.size - 1].subscription.id)
        return response

    async def UpdateSubscription(
        self, request: messages.UpdateSubscriptionRequest, context: Context
    ) -> messages.UpdateSubscriptionResponse:
        """The subscription with other settings."""
        sent = request.subscription
        names = written_settings(sent, request.update_mask)
        settings = checked(settings_of(sent), names)
        if "target_url" in names:
            await self._check_target(settings.target_url)
        return await self._writes.run(
            request,
            lambda transaction: operations.update_subscription(
                transaction, sent.id, settings, names=names, etag=sent.etag, vault=self._vault
            ),
            lambda updated, _: messages.UpdateSubscriptionResponse(subscription=self._written(updated)),
        )

    async def DeleteSubscription(
        self, request: messages.DeleteSubscriptionRequest, context: Context
    ) -> messages.DeleteSubscriptionResponse:
        """The subscription is gone, and so is what waited for it."""
        return await self._writes.run(
            request,
            lambda transaction: operations.delete_subscription(transaction, request.subscription_id, etag=request.etag),
            lambda cancelled_count, _: messages.DeleteSubscriptionResponse(cancelled_count=cancelled_count),
        )

    async def PauseSubscription(
        self, request: messages.PauseSubscriptionRequest, context: Context
    ) -> messages.PauseSubscriptionResponse:
        """The subscription, which does not send."""
        return await self._writes.run(
            request,
            lambda transaction: operations.pause_subscription(transaction, request.subscription_id),
            lambda paused, _: messages.PauseSubscriptionResponse(subscription=self._written(paused)),
        )

    async def ResumeSubscription(
        self, request: messages.ResumeSubscriptionRequest, context: Context
    ) -> messages.ResumeSubscriptionResponse:
        """The subscription, which sends."""
        cancel_held = cancels_held(request)
        return await self._writes.run(
            request,
            lambda transaction: operations.resume_subscription(
                transaction, request.subscription_id, cancel_held=cancel_held
            ),
            lambda resumed, _: messages.ResumeSubscriptionResponse(
                subscription=self._written(resumed.subscription), held_count=resumed.held_count
            ),
        )

    async def RotateSecret(
        self, request: messages.RotateSecretRequest, context: Context
    ) -> messages.RotateSecretResponse:
        """The subscription with a new secret, which is shown this once."""
        secret = check_secret(request.secret) if request.secret else generate_secret()
        overlap = check_duration("overlap", request.overlap, maximum=_LONGEST_OVERLAP)
        overlap = overlap if request.HasField("overlap") else DAY
        return await self._writes.run(
            request,
            lambda transaction: operations.rotate_secret(
                transaction, request.subscription_id, secret, overlap=overlap, vault=self._vault
            ),
            lambda rotated, _: messages.RotateSecretResponse(
                subscription=self._written(rotated), secret=_shown(secret, provided=request.secret)
            ),
        )

    async def FinishSecretRotation(
        self, request: messages.FinishSecretRotationRequest, context: Context
    ) -> messages.FinishSecretRotationResponse:
        """The subscription with its new secret alone."""
        return await self._writes.run(
            request,
            lambda transaction: operations.finish_secret_rotation(transaction, request.subscription_id),
            lambda finished, _: messages.FinishSecretRotationResponse(subscription=self._written(finished)),
        )

    async def TestSubscription(
        self, request: messages.TestSubscriptionRequest, context: Context
    ) -> messages.TestSubscriptionResponse:
        """A sample event, sent, and what came back."""
        view = await self._samples.send(
            caller(), request.subscription_id, event_type=request.event_type, record_id=request.record_id
        )
        return messages.TestSubscriptionResponse(
            delivery=delivery_message(view.delivery),
            attempt=attempt_message(view.attempts[-1], body=view.body, with_bodies=True),
        )

    async def PreviewPayload(
        self, request: messages.PreviewPayloadRequest, context: Context
    ) -> messages.PreviewPayloadResponse:
        """A sample event as it would be sent."""
        claimed = await self._database.read(
            preview,
            caller().workspace_id,
            event_type=request.event_type,
            record_id=request.record_id,
            shape=shape_of(request),
            now=self._clock(),
        )
        headers = {name: value for name, value in self._headers_of(claimed).items() if value}
        return messages.PreviewPayloadResponse(body=claimed.body, headers=headers)

    def _written(self, subscription: Subscription) -> subscriptions_pb2.Subscription:
        """For whoever may write. Called on the writer's thread too, for answers that are kept."""
        return self._message(SubscriptionView(subscription=subscription), sees_secrets=True)

    def _seen(self, view: SubscriptionView) -> subscriptions_pb2.Subscription:
        return self._message(view, sees_secrets=not caller().scopes.isdisjoint(_SEES_SECRETS))

    def _message(self, view: SubscriptionView, *, sees_secrets: bool) -> subscriptions_pb2.Subscription:
        return subscription_message(view, vault=self._vault, now=self._clock(), sees_secrets=sees_secrets)


def _shown(secret: Secret | None, *, provided: str) -> str:
    """A secret that the service made; the caller knows its own."""
    return "" if secret is None or provided else secret.text
