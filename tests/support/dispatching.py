"""A dispatcher at work beside a writer, and what a test wants to know of deliveries."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from clockwire.model.caller import Caller
from clockwire.model.delivery import Delivery
from clockwire.model.signing import Secret
from clockwire.model.subscription import Subscription
from clockwire.model.subscription_settings import SubscriptionSettings, checked
from clockwire.model.vault import Vault
from clockwire.operations.subscriptions import create_subscription
from clockwire.storage.attempts import select_attempts
from clockwire.storage.database import Database
from clockwire.storage.deliveries import DeliveryQuery, select_deliveries
from clockwire.v1.events_pb2 import EventFilter
from clockwire.webhooks.addresses import AddressPolicy
from clockwire.webhooks.dispatcher import Dispatcher
from clockwire.webhooks.resolver import Resolver
from tests.support.writing import VAULT, Working, working

LOOPBACK = AddressPolicy([ipaddress.ip_network("127.0.0.0/8")])
SECRET = Secret("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")


@asynccontextmanager
async def dispatching(database: Database, clock: Callable[[], int], *, grace: float = 5) -> AsyncIterator[Working]:
    """A writer and a dispatcher that run until the end of the block."""
    async with working(database, clock) as here:
        resolver = Resolver(LOOPBACK)
        dispatcher = Dispatcher(here.writer, VAULT, resolver, clock=clock)
        here.planner.hand_to(dispatcher)
        dispatcher.start()
        try:
            yield here
        finally:
            await asyncio.to_thread(dispatcher.stop, grace)
            await asyncio.to_thread(resolver.close)


async def subscribe(
    here: Working, caller: Caller, url: str, *, secret: Secret | None = SECRET, vault: Vault = VAULT, **settings: Any
) -> Subscription:
    """A subscription to everything, unless told otherwise."""
    chosen = {"filter": EventFilter(event_types=["*"]), "target_url": url, **settings}
    written = await here.writer.write(
        lambda transaction: create_subscription(
            transaction, checked(SubscriptionSettings(**chosen)), secret=secret, paused=False, vault=vault
        ),
        caller,
    )
    assert written.result is not None
    return written.result


def deliveries(database: Database, caller: Caller) -> list[Delivery]:
    """All deliveries of the workspace, newest first."""
    with database.reading() as connection:
        return select_deliveries(connection, caller.workspace_id, DeliveryQuery(), after=None, limit=10_000)


def attempts(database: Database, delivery: Delivery) -> Sequence[Any]:
    """The attempts of a delivery, in order."""
    with database.reading() as connection:
        return select_attempts(connection, delivery.id)


async def until(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    """Returns once *condition* holds; fails if it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what the database holds is announced to nobody
            await asyncio.sleep(0.01)
