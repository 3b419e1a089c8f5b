"""Readers that go on by themselves, and stop where going on would lose events."""

import asyncio
import datetime as dt
import threading
from contextlib import aclosing
from itertools import islice

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.client import AsyncClient, Client, event_filter, event_start
from clockwire.client.errors import CursorExpired, CursorRewind, NotFound, Unauthenticated
from clockwire.v1.consumer_service_pb2 import CommitConsumerResponse, Consumer, GetConsumerResponse
from clockwire.v1.consumer_service_pb2_grpc import ConsumerServiceServicer
from clockwire.v1.event_service_pb2 import GetEventLogResponse, PullEventsResponse, WatchEventsResponse
from clockwire.v1.event_service_pb2_grpc import EventServiceServicer
from clockwire.v1.events_pb2 import Event, EventFilter, EventStart
from clockwire.v1.record_service_pb2 import ListRecordsResponse
from clockwire.v1.record_service_pb2_grpc import RecordServiceServicer
from clockwire.v1.records_pb2 import Record
from tests.support.scripted_server import reason, refusing, saying, scripted_server

WATCH, PULL = "EventService/WatchEvents", "EventService/PullEvents"
COMMIT, GET = "ConsumerService/CommitConsumer", "ConsumerService/GetConsumer"
DRAINING = refusing(grpc.StatusCode.UNAVAILABLE, reason("SERVER_DRAINING"))
EXPIRED = refusing(grpc.StatusCode.OUT_OF_RANGE, reason("CURSOR_EXPIRED"))
UNKNOWN_CONSUMER = refusing(grpc.StatusCode.NOT_FOUND, reason("RESOURCE_NOT_FOUND", resource="consumer"))


@pytest.fixture
def server():
    """A server of everything these tests call."""
    with scripted_server(EventServiceServicer, ConsumerServiceServicer, RecordServiceServicer) as server:
        yield server


@pytest.fixture
def client(server):
    """A client that does not repeat single calls, so that each fault reaches the reader."""
    with Client(server.target, plaintext=True, retries=0) as client:
        yield client


def page(*sequences, caught_up=False, cursor=None, kind=PullEventsResponse):
    """A response with these events."""
    response = kind(cursor=cursor or f"c{sequences[-1]}")
    response.events.extend(Event(id=f"e{each}", sequence=each, cursor=f"c{each}") for each in sequences)
    setattr(response, "complete" if kind is PullEventsResponse else "caught_up", caught_up)
    return response


def stream(*sequences):
    """A stream that sends these events one by one and is then ended by the server."""

    def answer(request, context):
        yield from (page(each, kind=WatchEventsResponse) for each in sequences)
        DRAINING(request, context)

    return answer


def sequences(events, count):
    return [event.sequence for event in islice(events, count)]


def test_a_reader_goes_on_from_its_last_cursor(server, client):
    server.answers(PULL, saying(page(1, 2)), DRAINING, saying(page(3)))

    assert sequences(client.watch("earliest"), 3) == [1, 2, 3]
    assert [each.start.cursor for each in server.requests(PULL)] == ["", "c2", "c2"]


def test_latest_is_one_place_for_a_whole_watch(server, client):
    """The first call does not wait: one that waited at "latest" and broke would begin anew at a later place."""
    server.answers(PULL, saying(page(cursor="head", caught_up=True)), saying(page(8)))

    assert sequences(client.watch("latest"), 1) == [8]
    first, second = server.requests(PULL)
    assert not first.HasField("wait_timeout")
    assert second.start.cursor == "head"
    assert second.wait_timeout.seconds == 15


def test_a_reader_that_need_not_follow_ends_at_the_head(server, client):
    server.answers(PULL, saying(page(1)), saying(page(2, caught_up=True)))

    assert [event.sequence for event in client.watch("earliest", follow=False)] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "error"), [(EXPIRED, CursorExpired), (refusing(grpc.StatusCode.UNAUTHENTICATED), Unauthenticated)]
)
def test_a_reader_stops_where_going_on_cannot_help(server, client, answer, error):
    server.answers(PULL, saying(page(1)), answer)
    events = client.watch("earliest")

    assert next(events).sequence == 1
    with pytest.raises(error):
        next(events)


async def test_a_stream_goes_on_from_its_last_cursor_after_the_server_ended_it(server):
    server.answers(WATCH, stream(1, 2), stream(3))

    async with AsyncClient(server.target, plaintext=True) as client, aclosing(client.watch("earliest")) as events:
        assert [(await anext(events)).sequence for _ in range(3)] == [1, 2, 3]

    assert [each.start.cursor for each in server.requests(WATCH)][:2] == ["", "c2"]


async def test_a_silent_stream_is_given_up_and_opened_anew(server):
    ended = threading.Event()

    def silent(_request, context):
        yield page(1, kind=WatchEventsResponse)
        context.add_callback(ended.set)
        ended.wait()

    server.answers(WATCH, silent, stream(2))

    async with AsyncClient(server.target, plaintext=True) as client:
        async with aclosing(client.watch("earliest", heartbeat=0.05)) as events:
            assert [(await anext(events)).sequence for _ in range(2)] == [1, 2]
        assert await asyncio.to_thread(ended.wait, 10)


async def test_a_stream_stops_where_going_on_would_lose_events(server):
    server.answers(WATCH, EXPIRED)

    async with AsyncClient(server.target, plaintext=True) as client:
        with pytest.raises(CursorExpired):
            await anext(client.watch("long-ago"))


async def test_a_watch_that_is_closed_ends_its_call(server):
    """grpc.aio itself leaves an abandoned stream open for as long as the channel lives."""
    ended = threading.Event()

    def endless(_request, context):
        context.add_callback(ended.set)
        yield page(1, kind=WatchEventsResponse)
        ended.wait()

    server.answers(WATCH, endless)

    async with AsyncClient(server.target, plaintext=True) as client:
        async with aclosing(client.watch("earliest")) as events:
            await anext(events)
        assert await asyncio.to_thread(ended.wait, 10)


def test_all_pages_of_a_list_are_read(server, client):
    def answer(request, _context):
        number = int(request.page_token or 0)
        following = str(number + 1) if number < 2 else ""
        return ListRecordsResponse(records=[Record(id=str(number))], next_page_token=following)

    server.answers("RecordService/ListRecords", answer)

    assert [record.id for record in client.list("project", filter="folder = 'a'", page_size=1)] == ["0", "1", "2"]
    assert {(each.filter, each.page_size) for each in server.requests("RecordService/ListRecords")} == {
        ("folder = 'a'", 1)
    }


def test_a_consumer_that_exists_is_left_where_it_is(server, client):
    server.answers("EventService/GetEventLog", saying(GetEventLogResponse(latest_cursor="head")))
    server.answers(GET, saying(GetConsumerResponse(consumer=Consumer(name="payroll", cursor="c5"))))

    assert client.open_consumer("payroll", "latest").cursor == "c5"
    assert server.requests(COMMIT) == []


def test_a_new_consumer_begins_where_the_head_was_before_it_was_looked_for(server, client):
    """So that two who create it at once cannot move it past an event that came after the first."""
    server.answers("EventService/GetEventLog", saying(GetEventLogResponse(latest_cursor="head")))
    server.answers(GET, UNKNOWN_CONSUMER)
    server.answers(COMMIT, lambda request, _: CommitConsumerResponse(consumer=Consumer(cursor=request.position.cursor)))

    assert client.open_consumer("payroll", "latest").cursor == "head"
    assert [name for name, *_ in server.calls] == ["EventService/GetEventLog", GET, COMMIT]


def test_a_consumer_that_another_created_meanwhile_is_taken_as_it_is(server, client):
    server.answers(
        GET, UNKNOWN_CONSUMER, saying(GetConsumerResponse(consumer=Consumer(name="payroll", cursor="further")))
    )
    server.answers(COMMIT, refusing(grpc.StatusCode.ABORTED, reason("ETAG_MISMATCH")))

    assert client.open_consumer("payroll", "earliest").cursor == "further"
    assert [request.etag for request in server.requests(COMMIT)] == ['"0"']  # which is that of no consumer


def test_a_commit_backwards_is_refused_by_name(server, client):
    server.answers(COMMIT, refusing(grpc.StatusCode.FAILED_PRECONDITION, reason("CURSOR_REWIND")))

    with pytest.raises(CursorRewind):
        client.commit("payroll", "c1")


def test_an_unknown_consumer_cannot_be_read_from(server, client):
    server.answers(PULL, UNKNOWN_CONSUMER)

    with pytest.raises(NotFound):
        client.pull("consumer:payroll")


@pytest.mark.parametrize(
    ("start", "meant"),
    [
        ("earliest", EventStart(position=EventStart.POSITION_EARLIEST)),
        ("latest", EventStart(position=EventStart.POSITION_LATEST)),
        ("consumer:payroll", EventStart(consumer="payroll")),
        ("AZ-_09", EventStart(cursor="AZ-_09")),
        ("2024-01-15T10:00:00+00:00", EventStart(time=Timestamp(seconds=1_705_312_800))),
        (dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC), EventStart(time=Timestamp(seconds=1_705_312_800))),
    ],
)
def test_places_are_said_in_words(start, meant):
    assert event_start(start) == meant


def test_filters_are_said_as_mappings():
    meant = EventFilter(event_types=["project.*"], project_ids=["p"])
    meant.changed_paths.paths.append("project.status")

    conditions = {"project_ids": ["p"], "changed_paths": ["project.status"]}
    assert event_filter(["project.*"], conditions) == meant


@pytest.mark.parametrize(
    ("types", "conditions", "sentence"),
    [
        ("project.*", None, "is a list"),
        ([], {"project": "p"}, "cannot be read"),
        ([], {"changed_paths": "project.status"}, "is a list"),
    ],
)
def test_filters_that_cannot_be_meant_are_refused(types, conditions, sentence):
    with pytest.raises(ValueError, match=sentence):
        event_filter(types, conditions)
