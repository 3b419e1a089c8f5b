"""Tasks that keep webhook subscriptions as a deployment wants them."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Context, Variable
from airflow.sdk.exceptions import AirflowException

from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.task_instance import client_for

if TYPE_CHECKING:
    from clockwire.client import Client
    from clockwire.v1.subscriptions_pb2 import Subscription

_TEST_TIMEOUT_SECONDS = 60.0


class ClockwireSubscribeOperator(BaseOperator):
    """Makes the subscription of this name be as described: creates it, changes what differs, or leaves it alone.

    Returns its id, name, state, target_url and signing_secret's fingerprint, and whether it was `created` or `updated`.
    The secret itself never passes through XCom: it is either yours or kept in an Airflow variable, exactly one of
    `secret`, `secret_variable` and `unsigned`.

    :param name: its name, unique in the workspace: running the task again finds it by this
    :param target_url: where the webhooks go
    :param event_types: which events, e.g. ["timelog.*", "project.closed"]
    :param filter: more conditions, by the field names of EventFilter, e.g. {"project_ids": [...]}
    :param options: other fields of Subscription by their names, e.g. {"payload_format": "PAYLOAD_FORMAT_STANDARD"}
    :param secret: the signing secret, from a secrets back-end by template; a new one is rotated in with an overlap
    :param secret_variable: the variable where the server's secret is kept; if it is missing or wrong there, the secret
        is rotated and stored. A name with "secret" in it is masked by Airflow.
    :param unsigned: send without signatures
    """

    template_fields: Sequence[str] = (
        "name",
        "target_url",
        "event_types",
        "filter",
        "options",
        "secret",
        "secret_variable",
        "clockwire_conn_id",
    )
    template_fields_renderers = {"filter": "json", "options": "json"}

    def __init__(
        self,
        *,
        name: str,
        target_url: str,
        event_types: Sequence[str],
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        options: Mapping[str, Any] | None = None,
        secret: str | None = None,
        secret_variable: str | None = None,
        unsigned: bool = False,
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if sum((secret is not None, secret_variable is not None, unsigned)) != 1:
            raise ValueError(
                "say where the signing secret is: exactly one of secret, secret_variable and unsigned=True"
            )
        self.name = name
        self.target_url = target_url
        self.event_types = event_types
        self.filter = filter
        self.options = options
        self.secret = secret
        self.secret_variable = secret_variable
        self.unsigned = unsigned
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """The subscription as it is now."""
        with client_for(self, context) as client:
            found = find_subscription(client, self.name)
            subscription = self._create(client) if found is None else self._update(client, found)
            subscription = self._settle_secret(client, subscription)
        if subscription.state != subscription.STATE_ACTIVE:
            self.log.warning("The subscription %r does not send: it is %s", self.name, _state(subscription))
        return {
            "id": subscription.id,
            "name": subscription.name,
            "state": _state(subscription),
            "target_url": subscription.target_url,
            "secret_fingerprint": subscription.secret_fingerprint or None,
            "created": found is None,
            "updated": found is not None and found.etag != subscription.etag,
        }

    def _wanted(self) -> "Subscription":
        from google.protobuf import json_format

        from clockwire.client import event_filter
        from clockwire.v1.subscriptions_pb2 import Subscription

        chosen = event_filter(self.event_types, self.filter)
        wanted = Subscription(name=self.name, target_url=self.target_url, filter=chosen)
        try:
            return json_format.ParseDict(dict(self.options or {}), wanted)
        except json_format.ParseError as error:
            raise ValueError(f"options: {error}") from error

    def _create(self, client: "Client") -> "Subscription":
        from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest

        request = CreateSubscriptionRequest(subscription=self._wanted(), secret=self.secret or "")
        if self.unsigned:
            request.secret_source = request.SECRET_SOURCE_NONE
        elif self.secret is not None:
            request.secret_source = request.SECRET_SOURCE_PROVIDED
        response = client.subscriptions.CreateSubscription(request)
        if self.secret_variable is not None:
            Variable.set(self.secret_variable, response.secret)
        return response.subscription

    def _update(self, client: "Client", found: "Subscription") -> "Subscription":
        from clockwire.v1.subscription_service_pb2 import UpdateSubscriptionRequest

        wanted = self._wanted()
        wanted.id = found.id
        paths = [path for path in ("target_url", "filter", *(self.options or {})) if _differs(found, wanted, path)]
        if not paths:
            return found
        request = UpdateSubscriptionRequest(subscription=wanted)
        request.update_mask.paths.extend(paths)
        return client.subscriptions.UpdateSubscription(request).subscription

    def _settle_secret(self, client: "Client", subscription: "Subscription") -> "Subscription":
        """Rotate unless the secret that signs is the one that is known here."""
        from clockwire.v1.subscription_service_pb2 import RotateSecretRequest

        if self.unsigned:
            if subscription.signed:
                raise AirflowException(f"{self.name!r} is signed; unsubscribe first to have it unsigned")
            return subscription
        known = self.secret if self.secret_variable is None else Variable.get(self.secret_variable, default="")
        if _fingerprint(known or "") == subscription.secret_fingerprint:
            return subscription
        request = RotateSecretRequest(subscription_id=subscription.id, secret=self.secret or "")
        rotated = client.subscriptions.RotateSecret(request)
        if self.secret_variable is not None:
            Variable.set(self.secret_variable, rotated.secret)
        return rotated.subscription


class ClockwireUnsubscribeOperator(BaseOperator):
    """Deletes the subscription of this name, if there is one; returns whether there was.

    :param name: the subscription's name
    """

    template_fields: Sequence[str] = ("name", "clockwire_conn_id")

    def __init__(self, *, name: str, clockwire_conn_id: str = ClockwireHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> bool:
        """Whether there was one."""
        from clockwire.v1.subscription_service_pb2 import DeleteSubscriptionRequest

        with client_for(self, context) as client:
            found = find_subscription(client, self.name)
            if found is not None:
                client.subscriptions.DeleteSubscription(DeleteSubscriptionRequest(subscription_id=found.id))
        return found is not None


class ClockwireTestSubscriptionOperator(BaseOperator):
    """Sends one sample event to a subscription's endpoint now, and fails unless the endpoint accepts it.

    :param name: the subscription's name
    :param event_type: the type of the sample; the first that the subscription wants if empty
    """

    template_fields: Sequence[str] = ("name", "event_type", "clockwire_conn_id")

    def __init__(
        self,
        *,
        name: str,
        event_type: str = "",
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.event_type = event_type
        self.clockwire_conn_id = clockwire_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """How the attempt went: outcome, http_status, seconds and delivery_id."""
        from clockwire.v1.deliveries_pb2 import DeliveryAttempt
        from clockwire.v1.subscription_service_pb2 import TestSubscriptionRequest

        with client_for(self, context) as client:
            found = find_subscription(client, self.name)
            if found is None:
                raise AirflowException(f"there is no subscription named {self.name!r}")
            request = TestSubscriptionRequest(subscription_id=found.id, event_type=self.event_type)
            answer = client.subscriptions.TestSubscription(request, timeout=_TEST_TIMEOUT_SECONDS)
        outcome = DeliveryAttempt.Outcome.Name(answer.attempt.outcome).removeprefix("OUTCOME_")
        if answer.attempt.outcome != DeliveryAttempt.OUTCOME_SUCCEEDED:
            detail = answer.attempt.error or f"HTTP status {answer.attempt.http_status}"
            raise AirflowException(f"{found.target_url} did not accept the test event: {outcome}, {detail}")
        return {
            "outcome": outcome,
            "http_status": answer.attempt.http_status,
            "seconds": answer.attempt.duration.ToTimedelta().total_seconds(),
            "delivery_id": answer.delivery.id,
        }


def find_subscription(client: "Client", name: str) -> "Subscription | None":
    """The subscription of this name, if there is one."""
    from clockwire.client.errors import NotFound
    from clockwire.v1.subscription_service_pb2 import GetSubscriptionRequest

    try:
        return client.subscriptions.GetSubscription(GetSubscriptionRequest(name=name)).subscription
    except NotFound:
        return None


def _differs(found: "Subscription", wanted: "Subscription", path: str) -> bool:
    # Header values are never read back, so they are always written.
    return bool(path == "headers" or getattr(found, path) != getattr(wanted, path))


def _fingerprint(secret: str) -> str:
    """What Subscription.secret_fingerprint holds for this secret."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def _state(subscription: "Subscription") -> str:
    return type(subscription).State.Name(subscription.state).removeprefix("STATE_")
