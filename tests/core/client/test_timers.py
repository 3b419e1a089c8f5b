"""Timers from a program, whether it waits for its answers or awaits them."""

from datetime import UTC, datetime, timedelta

import pytest

from clockwire.client import AsyncClient, event_fields_of, timer_fields_of, timer_of
from clockwire.client.errors import TimerNotRunning, TimerRunning
from clockwire.v1.timers_pb2 import Timer
from tests.support.serving import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that is only asked."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


def test_a_blocking_client_starts_switches_and_stops(server: RunningServer):
    with server.client() as client:
        ada = client.create("user", user_name="Ada").record.id
        start = client.pull("latest").cursor
        first = client.start_timer(ada, description="One", tags=["a"], billable=False).timer
        assert client.running_timer(ada) == first
        with pytest.raises(TimerRunning):
            client.start_timer(ada)
        second = client.start_timer(ada, stop_running=True, description="Two")
        client.stop_timer(second.timer.id, description="Done")

        assert second.stopped_time_log.id == first.id
        assert client.get("timelog", second.timer.id).time_log.description == "Done"
        assert client.running_timer(ada) is None
        fields = [event_fields_of(event) for event in client.watch(start, event_types=["timer.*"], follow=False)]
        assert [each["type"] for each in fields] == ["timer.started", "timer.stopped"] * 2
        assert fields[0]["timer"] == timer_fields_of(first)
        assert (fields[0]["record"], fields[0]["record_type"]) == (None, None)
        assert (fields[0]["timer"]["description"], fields[0]["timer"]["state"]) == ("One", "Running")


async def test_an_awaited_client_does_the_same(server: RunningServer):
    async with AsyncClient(server.target, api_key=server.api_key, plaintext=True) as client:
        bob = (await client.create("user", user_name="Bob")).record.id
        begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
        started = (await client.start_timer(bob, start_time=begin)).timer
        assert await client.running_timer(bob) == started
        stopped = await client.stop_timer(user_id=bob, stop_time=begin + timedelta(hours=1))

        assert stopped.time_log.time_log.duration.ToTimedelta() == timedelta(hours=1)
        with pytest.raises(TimerNotRunning):
            await client.stop_timer(user_id=bob)


def test_fields_may_be_named_as_in_the_contract_or_as_columns():
    timer = timer_of({"UserID": "u", "project_id": "p", "Description": None, "tags": ["a"]})

    assert timer == Timer(user_id="u", project_id="p", tags=timer.tags)
    assert timer.tags[0].name == "a"
    with pytest.raises(ValueError, match="timer has no field 'colour': it has id, state, user_id"):
        timer_of({"colour": "red"})


def test_a_timer_is_named_in_one_way(server: RunningServer):
    with server.client() as client:
        for named in ({}, {"timer_id": "t", "user_id": "u"}):
            with pytest.raises(ValueError, match="exactly one"):
                client.stop_timer(**named)
