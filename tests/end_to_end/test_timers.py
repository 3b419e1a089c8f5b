"""However many start and stop at once, each user has one timer; and what happens to it arrives as webhooks."""

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise

import jsonschema
import pytest

from clockwire.client import AsyncClient
from clockwire.client.errors import TimerNotRunning, TimerRunning
from clockwire.v1 import subscription_service_pb2
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.records_pb2 import TimeLog
from clockwire.v1.subscriptions_pb2 import Subscription
from clockwire.v1.timer_service_pb2 import ListTimersRequest
from tests.support.intact import intact
from tests.support.product import product_at
from tests.support.server import ON_SQLITE
from tests.support.verifying import verify

# Several processes start, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(400)

AT_ONCE = 24


async def test_of_many_starts_at_once_exactly_one_runs(clients: Sequence[AsyncClient]):
    user = (await clients[0].create("user", user_name="Ann")).record.id
    asked = [clients[number % len(clients)].start_timer(user) for number in range(AT_ONCE)]
    answers = await asyncio.gather(*asked, return_exceptions=True)

    [won] = [each for each in answers if not isinstance(each, BaseException)]
    lost = [each for each in answers if isinstance(each, TimerRunning)]
    assert len(lost) == AT_ONCE - 1
    assert {each.metadata["timer_id"] for each in lost} == {won.timer.id}
    for client in clients:
        assert await client.running_timer(user) == won.timer
    story = await intact(clients[-1])
    assert [event.type for event in story.events] == ["user.created", "timer.started"]


async def test_of_many_switches_at_once_each_ends_the_one_before(clients: Sequence[AsyncClient]):
    user = (await clients[0].create("user", user_name="Ann")).record.id
    asked = [clients[number % len(clients)].start_timer(user, stop_running=True) for number in range(AT_ONCE)]
    answers = await asyncio.gather(*asked)

    assert sum(each.HasField("stopped_time_log") for each in answers) == AT_ONCE - 1
    assert len((await clients[0].timers.ListTimers(ListTimersRequest())).timers) == 1
    story = await intact(clients[-1])
    logs = sorted((record.time_log for record in story.records.values() if record.HasField("time_log")), key=_start)
    assert len(logs) == AT_ONCE - 1
    for one, following in pairwise(logs):
        assert one.end_time.ToMicroseconds() == following.start_time.ToMicroseconds()


async def test_of_many_stops_at_once_one_writes_the_log_and_all_are_answered_alike(clients: Sequence[AsyncClient]):
    user = (await clients[0].create("user", user_name="Ann")).record.id
    timer = (await clients[0].start_timer(user)).timer
    asked = [clients[number % len(clients)].stop_timer(timer.id) for number in range(AT_ONCE)]
    answers = await asyncio.gather(*asked)

    assert sum(bool(each.mutation.event_ids) for each in answers) == 1
    assert len({each.time_log.SerializeToString(deterministic=True) for each in answers}) == 1
    with pytest.raises(TimerNotRunning):
        await clients[-1].stop_timer(user_id=user)
    await intact(clients[0])


async def test_what_happens_to_a_timer_arrives_signed_with_its_documented_columns(database_url: str):
    async with product_at(database_url) as product:
        _, secret = await product.subscribe("timer.*", max_in_flight=1)
        schemas = {
            each.name: json.loads(each.payload_schema)
            for each in (await product.client.events.GetEventLog(GetEventLogRequest())).event_types
        }
        ann = (await product.client.create("user", user_name="Ann")).record.id
        shop = (await product.client.create("project", project_name="Shop")).record.id
        first = (await product.client.start_timer(ann, project_id=shop, description="Walls")).timer
        second = (await product.client.start_timer(ann, stop_running=True)).timer

        bodies = [verify(each, secret) for each in await product.received(3)]

    told = [(body["event"], body["id"]) for body in bodies]
    assert sorted(told) == sorted(
        [("timer.started", first.id), ("timer.stopped", first.id), ("timer.started", second.id)]
    )
    for body in bodies:
        jsonschema.validate(body, schemas[str(body["event"])])
    [stopped] = [body for body in bodies if body["event"] == "timer.stopped"]
    assert (stopped["State"], stopped["UserName"], stopped["ProjectName"]) == ("Stopped", "Ann", "Shop")
    assert stopped["StopTime"] is not None


@ON_SQLITE
@pytest.mark.parametrize("format_", [each for each in Subscription.PayloadFormat.values() if each])
async def test_a_subscription_to_timers_is_tested_with_one_in_every_format(database_url: str, format_):
    async with product_at(database_url) as product:
        subscription, _ = await product.subscribe("timer.stopped", payload_format=format_)
        request = subscription_service_pb2.TestSubscriptionRequest(subscription_id=subscription.id)
        answer = await product.client.subscriptions.TestSubscription(request)
        [received] = await product.received(1)

    assert answer.attempt.http_status == 200
    assert received.headers["clockwire-event"] == "timer.stopped"
    assert json.loads(received.body)


def _start(log: TimeLog) -> int:
    return log.start_time.ToMicroseconds()
