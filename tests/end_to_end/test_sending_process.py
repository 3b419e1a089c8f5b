"""A server's webhooks are sent by a process of its own: whichever of the two dies, nothing is lost or left behind."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

from clockwire.cli.databases import opened
from clockwire.client import AsyncClient
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from clockwire.v1 import subscription_service_pb2 as service
from clockwire.v1.deliveries_pb2 import Delivery
from clockwire.v1.delivery_service_pb2 import GetDeliveryRequest, ListDeliveriesRequest
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscription_service_pb2 import (
    CreateSubscriptionRequest,
    PauseSubscriptionRequest,
    ResumeSubscriptionRequest,
)
from clockwire.v1.subscriptions_pb2 import RetryPolicy, Subscription
from tests.support.processes import ServerProcess, ends_within, server_processes
from tests.support.receivers import Answer, Receiver
from tests.support.server import ON_SQLITE, new_key, new_workspace

# Several processes start in each test, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(120)


@dataclass
class Ground:
    """A server, a key for a workspace in it, and an endpoint."""

    server: ServerProcess
    database_url: str
    api_key: str
    receiver: Receiver

    def client(self) -> AsyncClient:
        """A client that never asks twice by itself."""
        return self.server.client(self.api_key, timeout=20)


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    with opened(database_url) as database:
        api_key = new_key(database, system_clock, new_workspace(database, system_clock, "Apart"), SCOPES)
    with (
        Receiver() as receiver,
        server_processes(database_url, tmp_path, 1, "--allow-target", "127.0.0.0/8") as [server],
    ):
        yield Ground(server, database_url, api_key, receiver)


async def subscribe(client: AsyncClient, ground: Ground, **settings) -> str:
    subscription = Subscription(
        target_url=ground.receiver.url(),
        filter=EventFilter(event_types=["*"]),
        retry_policy=RetryPolicy(delays=[Duration(seconds=1)] * 20),
        **settings,
    )
    answer = await client.subscriptions.CreateSubscription(CreateSubscriptionRequest(subscription=subscription))
    return answer.subscription.id


async def change(client: AsyncClient, *names: str) -> None:
    await asyncio.gather(*(client.create("client", client_name=name) for name in names))


async def all_deliveries(client: AsyncClient) -> list[Delivery]:
    """Every delivery once it has ended, or after a time that is less than that of a lease."""
    found = await client.deliveries.ListDeliveries(ListDeliveriesRequest(page_size=1000))
    asked = [GetDeliveryRequest(delivery_id=each.id, wait_timeout=Duration(seconds=15)) for each in found.deliveries]
    await asyncio.gather(*map(client.deliveries.GetDelivery, asked))  # one call waits only so long
    answers = await asyncio.gather(*map(client.deliveries.GetDelivery, asked))
    return [answer.delivery for answer in answers]


async def first_delivery(client: AsyncClient) -> None:
    """The process that sends is ready: it has sent something."""
    await change(client, "first")
    [delivery] = await all_deliveries(client)
    assert delivery.state == Delivery.STATE_SUCCEEDED


def states(deliveries: list[Delivery]) -> set[int]:
    return {each.state for each in deliveries}


async def test_when_the_process_that_sends_is_killed_another_takes_its_place_and_nothing_is_lost(ground: Ground):
    async with ground.client() as client:
        await subscribe(client, ground, max_in_flight=8)
        await first_delivery(client)
        for round_ in range(2):
            ground.receiver.always(Answer(held=threading.Event()))
            await change(client, *(f"{round_}-{each}" for each in range(20)))
            os.kill(ground.server.sending_pid, signal.SIGKILL)
            await change(client, *(f"{round_}-{each} without it" for each in range(5)))
            ground.receiver.always(Answer())
            delivered = await all_deliveries(client)
            assert len(delivered) == 1 + 25 * (1 + round_)
            assert states(delivered) == {Delivery.STATE_SUCCEEDED}


async def test_when_the_server_is_killed_the_process_that_sends_ends_and_a_new_server_goes_on(ground: Ground):
    ground.receiver.plan(Answer(), Answer(held=threading.Event()))
    async with ground.client() as client:
        await subscribe(client, ground, max_in_flight=1)
        await first_delivery(client)
        await change(client, "held")
        await asyncio.to_thread(ground.receiver.wait_for, 2)
    pid = ground.server.sending_pid
    await asyncio.to_thread(ground.server.kill)
    await asyncio.to_thread(ground.server.start)

    assert await asyncio.to_thread(ends_within, pid, 1)
    if ground.database_url.startswith("sqlite"):  # on PostgreSQL others may live on: its leases run out
        async with ground.client() as client:
            assert states(await all_deliveries(client)) == {Delivery.STATE_SUCCEEDED}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_both_let_what_is_under_way_end(ground: Ground, number: int):
    held = threading.Event()
    ground.receiver.plan(Answer(), Answer(held=held))
    async with ground.client() as client:
        await subscribe(client, ground, max_in_flight=1)
        await first_delivery(client)
        await change(client, "held")
        await asyncio.to_thread(ground.receiver.wait_for, 2)
    pid = ground.server.sending_pid
    os.kill(pid, number)  # as a service manager tells every process of the service
    ground.server.tell_to_stop(number)
    assert not await asyncio.to_thread(ends_within, pid, 0.3)
    held.set()

    assert await asyncio.to_thread(ground.server.stop) == 0
    assert await asyncio.to_thread(ends_within, pid, 1)
    await asyncio.to_thread(ground.server.start)
    async with ground.client() as client:
        deliveries = await all_deliveries(client)
    assert states(deliveries) == {Delivery.STATE_SUCCEEDED}
    assert {each.attempt_count for each in deliveries} == {1}


async def test_once_a_pause_is_answered_nothing_begins(ground: Ground):
    async with ground.client() as client:
        id_ = await subscribe(client, ground, max_in_flight=2)
        await first_delivery(client)
        for round_ in range(3):
            came = len(ground.receiver.received)
            held = threading.Event()
            ground.receiver.always(Answer(held=held))
            await change(client, *(f"{round_}-{each}" for each in range(12)))
            await asyncio.to_thread(ground.receiver.wait_for, came + 2)
            await client.subscriptions.PauseSubscription(PauseSubscriptionRequest(subscription_id=id_))
            held.set()
            ground.receiver.always(Answer())
            await change(client, f"{round_} during the pause")
            assert len(ground.receiver.received) == came + 2
            await client.subscriptions.ResumeSubscription(ResumeSubscriptionRequest(subscription_id=id_))
            assert states(await all_deliveries(client)) == {Delivery.STATE_SUCCEEDED}


@ON_SQLITE
async def test_one_that_stands_still_holds_up_no_call_and_sends_everything_later(ground: Ground):
    async with ground.client() as client:
        id_ = await subscribe(client, ground, max_in_flight=64)
        await first_delivery(client)
        pid = ground.server.sending_pid
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(20):
            await change(client, *(str(each) for each in range(400)))
            await client.subscriptions.PauseSubscription(PauseSubscriptionRequest(subscription_id=id_))
            await client.subscriptions.ResumeSubscription(ResumeSubscriptionRequest(subscription_id=id_))
        os.kill(pid, signal.SIGCONT)

        assert states(await all_deliveries(client)) == {Delivery.STATE_SUCCEEDED}
        assert ground.server.sending_pid == pid


@ON_SQLITE
async def test_a_test_is_answered_also_while_another_process_is_about_to_start(ground: Ground):
    async with ground.client() as client:
        id_ = await subscribe(client, ground)
        await first_delivery(client)
        os.kill(ground.server.sending_pid, signal.SIGKILL)
        answer = await client.subscriptions.TestSubscription(service.TestSubscriptionRequest(subscription_id=id_))

    assert answer.attempt.http_status in {200, 0}  # 0: it was asked to before anybody knew that it had died
