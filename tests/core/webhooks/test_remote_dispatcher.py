"""Webhooks are sent by a process of its own as they would be here, whatever happens to that process."""

import asyncio
import base64
import ipaddress
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from clockwire.model.delivery import DeliveryState
from clockwire.model.instants import SECOND, system_clock
from clockwire.model.outcome import OutcomeKind
from clockwire.model.subscription import SubscriptionState
from clockwire.operations.dispatch import settle_attempts
from clockwire.operations.samples import _begin_test
from clockwire.operations.subscriptions import pause_subscription, resume_subscription
from clockwire.settings import Secret
from clockwire.storage.subscriptions import select_planned
from clockwire.v1.events_pb2 import EventFilter
from clockwire.webhooks.remote_dispatcher import RemoteDispatcher
from clockwire.webhooks.sending_process import SendingProcess
from tests.core.operations.test_event_log import happen
from tests.support.dispatching import deliveries, subscribe, until
from tests.support.receivers import Answer, Receiver
from tests.support.server import ON_SQLITE, a_settings
from tests.support.writing import VAULT_KEY, Working, make_workspace, working

# A process starts in each test, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(120)

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
NOTHING = EventFilter(event_types=["invoice.deleted"])


@dataclass
class Apart:
    """A writer, and a process that sends; and what that process has told."""

    work: Working
    dispatcher: RemoteDispatcher
    ended: list[str]
    settled: list[OutcomeKind]

    async def ready(self, *, after: int = 0) -> int:
        """The id of the process once it sends, if it is not *after*."""
        await until(lambda: self.dispatcher.alive and self.dispatcher.pid != after, seconds=60)
        return self.dispatcher.pid


@asynccontextmanager
async def sending_apart(database, settings):
    ended: list[str] = []
    settled: list[OutcomeKind] = []
    async with working(database, system_clock) as work:
        dispatcher = RemoteDispatcher(
            work.writer,
            partial(SendingProcess, settings, inherited=()),
            clock=system_clock,
            ended=ended.extend,
            settled=lambda attempts: settled.extend(each.outcome for each in attempts),
        )
        apart = Apart(work, dispatcher, ended, settled)
        work.planner.hand_to(dispatcher)
        dispatcher.start()
        try:
            await apart.ready()
            yield apart
        finally:
            await asyncio.to_thread(dispatcher.stop, 5)


@pytest.fixture
def caller(database):
    return make_workspace(database, system_clock)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def apart(database, database_url):
    async with sending_apart(database, settings_of(database_url)) as apart:
        yield apart


def settings_of(database_url):
    key = Secret(base64.b64encode(VAULT_KEY).decode())
    return a_settings(database_url, secret_key=key, allow_target=[LOOPBACK], log_level="error")


def select_one(database, caller):
    with database.reading() as connection:
        [subscription] = select_planned(connection, caller.workspace_id)
    return subscription


def states(database, caller):
    return [each.state for each in deliveries(database, caller)]


def all_succeeded(database, caller, count):
    return lambda: states(database, caller) == [DeliveryState.SUCCEEDED] * count


async def test_what_is_handed_over_is_sent_and_what_came_of_it_is_told(apart, caller, receiver, database):
    await subscribe(apart.work, caller, receiver.url())
    await happen(apart.work, caller, "a", "b", "c")
    await until(lambda: len(apart.ended) == 3)

    assert states(database, caller) == [DeliveryState.SUCCEEDED] * 3
    assert set(apart.ended) == {each.id for each in deliveries(database, caller)}
    assert apart.settled == [OutcomeKind.SUCCEEDED] * 3
    assert apart.dispatcher.stalled_seconds < 5


async def test_more_than_it_takes_at_a_time_is_all_sent_and_once(apart, caller, receiver, database):
    await subscribe(apart.work, caller, receiver.url(), max_in_flight=2)
    await asyncio.gather(*(happen(apart.work, caller, f"{each}") for each in range(600)))
    await until(all_succeeded(database, caller, 600), seconds=60)

    assert len(receiver.received) == 600
    # Once nothing waits in the table any more, deliveries are handed over again.
    await happen(apart.work, caller, "last")
    await until(all_succeeded(database, caller, 601))
    subscription = select_one(database, caller)
    await until(lambda: apart.dispatcher.reserve(subscription))
    apart.dispatcher.release([subscription.id])


async def test_what_comes_for_a_subscription_that_was_disabled_is_held(apart, caller, receiver, database):
    receiver.always(Answer(410))
    await subscribe(apart.work, caller, receiver.url())
    await happen(apart.work, caller, "a")
    await until(lambda: select_one(database, caller).state is SubscriptionState.DISABLED)
    while states(database, caller)[0] is not DeliveryState.HELD:  # it may take a moment until whoever plans knows
        await happen(apart.work, caller, "b")

    assert apart.dispatcher.alive


async def test_once_a_subscription_is_paused_nothing_begins_until_it_is_resumed(apart, caller, receiver, database):
    subscription = await subscribe(apart.work, caller, receiver.url(), max_in_flight=1)
    for round_ in range(10):
        await asyncio.gather(*(happen(apart.work, caller, f"{round_}-{each}") for each in range(10)))
        await apart.work.writer.write(lambda each: pause_subscription(each, subscription.id), caller)
        begun = len(receiver.received)
        await until(lambda: not {DeliveryState.IN_FLIGHT, DeliveryState.PENDING} & set(states(database, caller)))
        assert len(receiver.received) <= begun + 1  # the one that was under way
        await apart.work.writer.write(
            lambda each: resume_subscription(each, subscription.id, cancel_held=False), caller
        )
    await until(all_succeeded(database, caller, 100))
    assert len(receiver.received) == 100


async def test_a_test_is_made_there_and_what_came_of_it_is_answered(apart, caller, receiver, database):
    receiver.plan(Answer(503, (), b"later"))
    subscription = await subscribe(apart.work, caller, receiver.url())
    begun = await apart.work.writer.write(lambda each: _begin_test(each, subscription.id, "client.created", ""), caller)
    attempted = await asyncio.wait_for(apart.dispatcher.send_test(begun.result), 10)

    assert (attempted.outcome.http_status, attempted.outcome.response_body) == (503, b"later")
    assert attempted.request_headers["clockwire-test"] == "true"
    settled = await apart.work.writer.write(lambda each: settle_attempts(each, [attempted]), caller)
    assert settled.result.ended == [begun.result.delivery.id]


async def test_of_a_test_that_was_under_way_when_the_process_died_nobody_knows(apart, caller, receiver):
    receiver.plan(Answer(delay=60))
    subscription = await subscribe(apart.work, caller, receiver.url())
    begun = await apart.work.writer.write(lambda each: _begin_test(each, subscription.id, "client.created", ""), caller)
    asked = asyncio.create_task(apart.dispatcher.send_test(begun.result))
    await asyncio.to_thread(receiver.wait_for, 1)
    os.kill(apart.dispatcher.pid, signal.SIGKILL)

    assert (await asyncio.wait_for(asked, 10)).outcome.kind is OutcomeKind.UNKNOWN


async def test_when_it_dies_another_one_sends_what_it_held_and_what_came_meanwhile(apart, caller, receiver, database):
    receiver.plan(Answer(delay=60), Answer(delay=60))
    await subscribe(apart.work, caller, receiver.url(), max_in_flight=2, retry_delays=(SECOND,) * 10)
    await happen(apart.work, caller, *(f"held {each}" for each in range(10)))
    await asyncio.to_thread(receiver.wait_for, 2)
    killed = apart.dispatcher.pid
    os.kill(killed, signal.SIGKILL)
    await happen(apart.work, caller, *(f"meanwhile {each}" for each in range(10)))
    await apart.ready(after=killed)

    await until(all_succeeded(database, caller, 20), seconds=20)  # less than a lease


async def test_one_that_stands_still_holds_up_no_writer_and_goes_on_where_it_was(apart, caller, receiver, database):
    count = 40
    await subscribe(apart.work, caller, receiver.url(), max_in_flight=64)
    await happen(apart.work, caller, "first")
    await until(all_succeeded(database, caller, 1))
    os.kill(apart.dispatcher.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(20):
            await asyncio.gather(
                *(happen(apart.work, caller, *(f"{each}-{i}" for i in range(10))) for each in range(count))
            )
            for name in "abcde":  # the first waits a second for it, the others do not
                await subscribe(apart.work, caller, receiver.url(), name=name, filter=NOTHING)
    finally:
        os.kill(apart.dispatcher.pid, signal.SIGCONT)

    await until(all_succeeded(database, caller, 1 + count * 10), seconds=40)
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1 + count * 10


@ON_SQLITE
async def test_it_is_seen_not_to_get_on_until_it_does(apart):
    """What /readyz says of it."""
    await until(lambda: apart.dispatcher.stalled_seconds < 1)  # while there is nothing to send, too
    os.kill(apart.dispatcher.pid, signal.SIGSTOP)
    try:
        await until(lambda: apart.dispatcher.stalled_seconds > 3)
    finally:
        os.kill(apart.dispatcher.pid, signal.SIGCONT)
    await until(lambda: apart.dispatcher.stalled_seconds < 1)


async def test_it_is_told_to_stop_lets_what_is_under_way_end_and_gives_back_the_rest(
    database, database_url, caller, receiver
):
    receiver.always(Answer(delay=0.5))
    async with sending_apart(database, settings_of(database_url)) as apart:
        await subscribe(apart.work, caller, receiver.url(), max_in_flight=1)
        await happen(apart.work, caller, "a", "b", "c")
        await asyncio.to_thread(receiver.wait_for, 1)
        pid = apart.dispatcher.pid

    assert sorted(states(database, caller)) == [DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.SUCCEEDED]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
