"""The whole product for one test: a server that sends, a caller, and an endpoint that receives."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from google.protobuf.duration_pb2 import Duration

from clockwire.client import AsyncClient
from clockwire.model.instants import system_clock
from clockwire.v1 import subscription_service_pb2 as service
from clockwire.v1.deliveries_pb2 import Delivery
from clockwire.v1.delivery_service_pb2 import GetDeliveryRequest, GetDeliveryResponse, ListDeliveriesRequest
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscriptions_pb2 import RetryPolicy, Subscription
from tests.support.clock import MovableClock
from tests.support.receivers import Receiver
from tests.support.server import Served, served

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


class RunningClock(MovableClock):
    """The machine's clock: signatures are verified by libraries that have no other."""

    def __call__(self) -> int:
        return system_clock()


@dataclass
class Product:
    """A server that sends, a caller, and an endpoint."""

    server: Served
    client: AsyncClient
    receiver: Receiver

    async def subscribe(self, *event_types: str, url: str = "", **settings: Any) -> tuple[Subscription, str]:
        """A new subscription and its secret."""
        settings.setdefault("retry_policy", RetryPolicy(delays=[Duration(seconds=1)] * 3))
        chosen = EventFilter(event_types=event_types or ["*"])
        made = Subscription(target_url=url or self.receiver.url("/hook?key=hidden"), filter=chosen, **settings)
        answer = await self.client.subscriptions.CreateSubscription(
            service.CreateSubscriptionRequest(subscription=made)
        )
        return answer.subscription, answer.secret

    async def change(self, name: str = "A") -> str:
        """The id of the event that a new client causes."""
        return (await self.client.create("client", client_name=name)).mutation.event_ids[0]

    async def received(self, count: int = 1):
        """The first requests that came."""
        return await asyncio.to_thread(self.receiver.wait_for, count)

    async def delivery(self, event_id: str) -> Delivery:
        """The delivery of an event as it is now."""
        [found] = (await self.client.deliveries.ListDeliveries(ListDeliveriesRequest(event_id=event_id))).deliveries
        return found

    async def ended(self, event_id: str) -> GetDeliveryResponse:
        """The delivery of an event once it has come to an end, with all its attempts."""
        delivery = await self.delivery(event_id)
        request = GetDeliveryRequest(delivery_id=delivery.id, include_bodies=True, wait_timeout=Duration(seconds=15))
        return await self.client.deliveries.GetDelivery(request, timeout=20)


@asynccontextmanager
async def product_at(database_url: str, *, tls: Any = None, **settings: Any) -> AsyncIterator[Product]:
    """The product on a database."""
    settings = {"dispatch": True, "allow_target": [LOOPBACK], **settings}
    async with served(database_url, RunningClock(), **settings) as server, server.client() as client:
        with Receiver(tls=tls) as receiver:
            yield Product(server, client, receiver)
