"""Who saw a webhook arrive: our own catcher, or, for an endpoint of somebody else, the server's log of its answers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import requests

from clockwire.cli.attempts import is_delivered, outcome_in_words
from clockwire.cli.catching import Catcher, Caught, Reply
from clockwire.client import Client
from clockwire.v1.deliveries_pb2 import Delivery, DeliveryAttempt
from clockwire.v1.delivery_service_pb2 import GetDeliveryRequest, ListDeliveriesRequest

_PATH = "/smoke-test"
_SECONDS_TO_ANSWER = 5


class NotSeen(Exception):
    """What should have happened was not seen; says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A webhook that arrived."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    evidence: str


class Witness(Protocol):
    """Somebody who sees what arrives at a URL."""

    url: str

    def ready(self) -> str:
        """The evidence that webhooks can be seen from now on; raises NotSeen."""

    def delivered(self, subscription_id: str, event_id: str) -> Seen:
        """The webhook of an event, awaited; raises NotSeen."""

    def tested(self, attempt: DeliveryAttempt) -> Seen:
        """The webhook of a test that has just been made; raises NotSeen."""

    def silent(self) -> str:
        """The evidence that nothing came since the last webhook that was asked for; raises NotSeen."""


class OwnCatcher:
    """A catcher in this process sees the request itself."""

    def __init__(self, catcher: Catcher, client: Client, seconds: float) -> None:
        self._catcher = catcher
        self._client = client
        self._seconds = seconds
        self.url = catcher.url + _PATH

    def ready(self) -> str:
        """It answers a request of ours."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.get(self.url, timeout=_SECONDS_TO_ANSWER)
            except requests.RequestException as error:
                raise NotSeen(f"nothing answers at {self.url}: {error}") from error
        self._catcher.next(_SECONDS_TO_ANSWER)  # that was ours
        return f"{self.url} answers {answer.status_code}"

    def delivered(self, subscription_id: str, event_id: str) -> Seen:
        """It came, and it is told how long that took."""
        began = time.monotonic()
        caught = self._next(event_id)
        if caught is None:
            raise NotSeen(f"no request within {self._seconds:g} s; {self._fate(subscription_id, event_id)}")
        took = (time.monotonic() - began) * 1000
        return _seen(caught, f"{caught.method} {caught.path} came after {took:.0f} ms")

    def tested(self, attempt: DeliveryAttempt) -> Seen:
        """It came while the server waited for our answer."""
        caught = self._next(attempt.request_headers.get("webhook-id", ""))
        if caught is None:
            raise NotSeen(f"no request came: the server says that the endpoint {outcome_in_words(attempt)}")
        return _seen(caught, f"{caught.method} {caught.path} came at once")

    def silent(self) -> str:
        """The catcher has nothing."""
        if (more := self._catcher.next(0)) is not None:
            raise NotSeen(f"another request came: {more[0].method} {more[0].path}")
        return "no further request came"

    def _next(self, event_id: str) -> Caught | None:
        """The request with this webhook-id, if it comes in time. What else may come is not ours."""
        ends = time.monotonic() + self._seconds
        while (left := ends - time.monotonic()) > 0 and (came := self._catcher.next(left)):
            if came[0].header("webhook-id") == event_id:
                return came[0]
        return None

    def _fate(self, subscription_id: str, event_id: str) -> str:
        delivery = delivery_of(self._client, subscription_id, event_id)
        if delivery is None:
            return "the server made no delivery for it"
        if not delivery.attempt_count:
            return "the server has not tried yet: is it, or `clockwire dispatch`, sending?"
        attempts = self._client.deliveries.GetDelivery(GetDeliveryRequest(delivery_id=delivery.id)).attempts
        return f"the server tried: {outcome_in_words(attempts[-1])}"


class ServersLog:
    """The server's log says what it sent and how that was answered."""

    def __init__(self, url: str, client: Client, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self.url = url

    def ready(self) -> str:
        """Others look at the URL; here the server's log is looked at."""
        return f"{self.url}: the evidence is what the server's log says of its answers"

    def delivered(self, subscription_id: str, event_id: str) -> Seen:
        """It was accepted."""
        delivery = delivery_of(self._client, subscription_id, event_id)
        if delivery is None:
            raise NotSeen("the server made no delivery for it")
        request = GetDeliveryRequest(delivery_id=delivery.id, include_bodies=True)
        request.wait_timeout.FromMilliseconds(int(self._seconds * 1000))
        attempts = self._client.deliveries.GetDelivery(request, timeout=self._seconds + 30).attempts
        if not attempts:
            raise NotSeen(f"no attempt within {self._seconds:g} s: is the server, or `clockwire dispatch`, sending?")
        return _accepted(attempts[-1])

    def tested(self, attempt: DeliveryAttempt) -> Seen:
        """It was accepted."""
        return _accepted(attempt)

    def silent(self) -> str:
        """That nothing was owed is all that the server knows."""
        return "the server's log has nothing for it"


def delivery_of(client: Client, subscription_id: str, event_id: str) -> Delivery | None:
    """The delivery of an event to a subscription, if the event's transaction made one."""
    request = ListDeliveriesRequest(subscription_id=subscription_id, event_id=event_id)
    return next(iter(client.deliveries.ListDeliveries(request).deliveries), None)


def welcome(caught: Caught) -> Reply:
    """What our own catcher answers."""
    return Reply(HTTPStatus.NO_CONTENT if caught.method == "POST" else HTTPStatus.OK)


def _seen(caught: Caught, evidence: str) -> Seen:
    return Seen({name.lower(): value for name, value in caught.headers}, caught.body, evidence)


def _accepted(attempt: DeliveryAttempt) -> Seen:
    if not is_delivered(attempt):
        raise NotSeen(f"{attempt.target_url} did not accept it: {outcome_in_words(attempt)}")
    headers = {name.lower(): value for name, value in attempt.request_headers.items()}
    return Seen(headers, attempt.request_body, f"{attempt.target_url} {outcome_in_words(attempt)}")
