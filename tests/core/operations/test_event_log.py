"""How the event log is read: in order, without a gap, or with an error."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import pytest
from sqlalchemy import update

from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.errors import CursorEpochChanged, CursorExpired, CursorInvalid, FieldInvalid, ResourceNotFound
from clockwire.model.event import EventDraft
from clockwire.model.event_filter import compile_filter
from clockwire.model.instants import to_timestamp
from clockwire.operations.consumers import commit_consumer
from clockwire.operations.watching import Reader
from clockwire.storage.events import delete_entries
from clockwire.storage.tables import event_log
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.events_pb2 import Event, EventFilter, EventStart
from clockwire.v1.records_pb2 import Client, Record
from tests.support.writing import EPOCH, make_workspace, working

EARLIEST = EventStart(position=EventStart.POSITION_EARLIEST)
LATEST = EventStart(position=EventStart.POSITION_LATEST)


@pytest.fixture
async def work(database, clock):
    async with working(database, clock) as here:
        yield here


@pytest.fixture
def caller(database, clock):
    return make_workspace(database, clock)


def happening(name, type_="client.created"):
    """An operation that only says that something happened."""

    def happen(transaction):
        record = Record(id=name, version=1, client=Client(client_id=name, client_name=name))
        draft = {"record_type": RecordType.RECORD_TYPE_CLIENT, "record_id": name, "version": 1, "before": None}
        transaction.publish(EventDraft(type=type_, record=record, **draft))

    return happen


async def happen(work, caller, *names, type_="client.created"):
    return [await work.writer.write(happening(name, type_), caller) for name in names]


def reader(work, caller, *, most_events=100, basic=False, **filter_):
    return Reader(
        log=work.log,
        workspace_id=caller.workspace_id,
        matcher=compile_filter(EventFilter(**filter_)),
        most_events=most_events,
        basic=basic,
        clock=work.clock,
    )


def ids(batch):
    return [Event.FromString(each).record_id for each in batch.events]


def cursor(caller, sequence, epoch=EPOCH):
    return EventStart(cursor=encode_cursor(Cursor(epoch, caller.workspace_id, sequence)))


async def pull(work, caller, after=0, *, end_time=None, wait_seconds=0.0, **how):
    return await reader(work, caller, **how).pull(after, end_time=end_time, wait_seconds=wait_seconds)


async def test_events_stand_in_commit_order_without_a_gap(work, caller):
    await asyncio.gather(*(happen(work, caller, f"{each}") for each in range(60)))
    batch = await pull(work, caller)

    events = [Event.FromString(each) for each in batch.events]
    assert [event.sequence for event in events] == list(range(1, 61))
    assert [event.commit_time.ToMicroseconds() for event in events] == [work.clock.now] * 60


async def test_a_refused_operation_leaves_no_gap(work, caller):
    def refused(transaction):
        happening("never")(transaction)
        raise FieldInvalid.of("field", "wrong")

    await asyncio.gather(
        *(work.writer.write(each, caller) for each in (happening("a"), refused, happening("b"))), return_exceptions=True
    )

    assert ids(await pull(work, caller)) == ["a", "b"]


async def test_a_write_answers_with_the_cursor_after_its_last_event(work, caller):
    first, second = await happen(work, caller, "a", "b")
    after = await work.log.position(caller.workspace_id, EventStart(cursor=first.mutation.cursor))

    assert ids(await pull(work, caller, after)) == ["b"]
    assert await work.log.position(caller.workspace_id, EventStart(cursor=second.mutation.cursor)) == 2


async def test_the_cursor_of_a_no_op_misses_nothing_that_came_after_it(work, caller):
    answers = await asyncio.gather(
        work.writer.write(happening("a"), caller),
        work.writer.write(lambda _: None, caller),
        work.writer.write(happening("b"), caller),
    )
    after = await work.log.position(caller.workspace_id, EventStart(cursor=answers[1].mutation.cursor))

    assert ids(await pull(work, caller, after)) == ["b"]


async def test_commit_times_never_decrease_even_if_the_clock_does(work, caller):
    await happen(work, caller, "a")
    work.clock.now -= 5_000_000
    await happen(work, caller, "b")

    times = [Event.FromString(each).commit_time.ToMicroseconds() for each in (await pull(work, caller)).events]
    assert times == sorted(times)


async def test_a_watch_begins_with_a_batch_that_says_where_it_stands(work, caller):
    async with aclosing(reader(work, caller).watch(0, heartbeat_seconds=9, stop_at_head=False)) as batches:
        batch = await anext(batches)

    assert (batch.events, batch.sequence, batch.backlog) == ([], 0, 0)


async def test_a_watch_goes_on_with_what_is_committed_later(work, caller):
    await happen(work, caller, "a")
    async with aclosing(reader(work, caller).watch(0, heartbeat_seconds=9, stop_at_head=False)) as batches:
        assert ids(await anext(batches)) == ["a"]
        for name in ("b", "c"):
            coming = asyncio.ensure_future(anext(batches))
            await happen(work, caller, name)
            assert ids(await coming) == [name]


async def test_a_watch_that_fell_behind_what_memory_holds_reads_the_database(work, caller):
    async with aclosing(reader(work, caller).watch(0, heartbeat_seconds=9, stop_at_head=False)) as batches:
        await anext(batches)
        await asyncio.gather(*(happen(work, caller, f"{each}") for each in range(5000)))
        seen: list[int] = []
        while len(seen) < 5000:
            seen += [Event.FromString(each).sequence for each in (await anext(batches)).events]

    assert seen == list(range(1, 5001))


async def test_a_quiet_watch_sends_heartbeats_that_move_the_cursor_past_what_the_filter_left_out(work, caller):
    watching = reader(work, caller, event_types=["project.*"]).watch(0, heartbeat_seconds=0.05, stop_at_head=False)
    async with aclosing(watching) as batches:
        await anext(batches)
        await happen(work, caller, "a", "b")
        batch = await anext(batches)
        while batch.sequence < 2:
            batch = await anext(batches)

    assert batch.events == []


async def test_a_heartbeat_moves_the_watermark_with_time(work, caller):
    async with aclosing(reader(work, caller).watch(0, heartbeat_seconds=0.05, stop_at_head=False)) as batches:
        await anext(batches)
        now = work.clock.forward(timedelta(minutes=1))
        batch = await anext(batches)
        assert batch.watermark_time == now
        work.clock.now -= 1_000_000
        await happen(work, caller, "late")
        late = await anext(batches)
        while not late.events:
            late = await anext(batches)

    assert Event.FromString(late.events[0]).commit_time.ToMicroseconds() >= now


async def test_a_watch_that_stops_at_the_head_ends_after_what_was_there(work, caller):
    await happen(work, caller, "a", "b", "c")
    watching = reader(work, caller, most_events=2).watch(0, heartbeat_seconds=9, stop_at_head=True)

    assert [ids(batch) async for batch in watching] == [["a", "b"], ["c"]]


async def test_a_basic_view_leaves_out_the_record(work, caller):
    await happen(work, caller, "a")
    event = Event.FromString((await pull(work, caller, basic=True)).events[0])

    assert not event.HasField("record")
    assert event.record_id == "a"


async def test_a_pull_waits_for_a_first_matching_event(work, caller):
    waiting = asyncio.ensure_future(pull(work, caller, wait_seconds=9, event_types=["client.deleted"]))
    await happen(work, caller, "a")
    await happen(work, caller, "b", type_="client.deleted")

    assert ids(await waiting) == ["b"]


async def test_a_pull_stops_before_the_end_time_and_says_so(work, caller):
    await happen(work, caller, "a")
    end = work.clock.forward(timedelta(hours=1))
    await happen(work, caller, "b")
    batch = await pull(work, caller, end_time=end)

    assert (ids(batch), batch.ended) == (["a"], True)


async def test_a_range_is_closed_for_good_once_it_is_said_to_have_ended(work, caller):
    await happen(work, caller, "a")
    end = work.clock.forward(timedelta(hours=1))
    batch = await pull(work, caller, end_time=end)
    work.clock.now -= 60_000_000
    await happen(work, caller, "late")

    assert (ids(batch), batch.ended) == (["a"], True)
    assert ids(await pull(work, caller, end_time=end)) == ["a"]


async def test_a_range_that_reaches_into_the_future_has_not_ended(work, caller):
    await happen(work, caller, "a")
    batch = await pull(work, caller, end_time=work.clock.now + 1)

    assert (ids(batch), batch.ended) == (["a"], False)


async def test_reading_starts_at_either_end_or_at_a_time(work, caller):
    await happen(work, caller, "a")
    time = work.clock.forward(timedelta(minutes=1))
    await happen(work, caller, "b", "c")
    starts = [EARLIEST, LATEST, EventStart(time=to_timestamp(time)), EventStart(time=to_timestamp(time + 1))]

    assert [await work.log.position(caller.workspace_id, start) for start in starts] == [0, 3, 1, 3]


async def test_reading_starts_where_a_consumer_stands(work, caller):
    await happen(work, caller, "a", "b")
    await work.writer.write(lambda transaction: commit_consumer(transaction, "etl", cursor(caller, 1)), caller)

    assert await work.log.position(caller.workspace_id, EventStart(consumer="etl")) == 1
    with pytest.raises(ResourceNotFound):
        await work.log.position(caller.workspace_id, EventStart(consumer="other"))


async def test_a_start_that_names_no_place_is_refused(work, caller):
    for start in (EventStart(), EventStart(position=EventStart.POSITION_UNSPECIFIED)):
        with pytest.raises(FieldInvalid):
            await work.log.position(caller.workspace_id, start)


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é", "a" * 500, "AQ=="])
async def test_a_malformed_cursor_is_refused(work, caller, text):
    with pytest.raises((CursorInvalid, FieldInvalid)):
        await work.log.position(caller.workspace_id, EventStart(cursor=text))


async def test_a_cursor_of_another_workspace_is_refused(work, caller, database, clock):
    elsewhere = make_workspace(database, clock)
    with pytest.raises(CursorInvalid):
        await work.log.position(caller.workspace_id, cursor(elsewhere, 0))


async def test_a_cursor_of_another_life_of_the_log_is_refused(work, caller):
    for start in (cursor(caller, 0, "ffffffffffffffff"), cursor(caller, 1)):
        with pytest.raises(CursorEpochChanged):
            await work.log.position(caller.workspace_id, start)


def forget(database, caller, through):
    with database.writing() as connection:
        delete_entries(connection, caller.workspace_id, through)
        connection.execute(
            update(event_log).where(event_log.c.workspace_id == caller.workspace_id).values(earliest=through + 1)
        )


async def test_a_reader_behind_retention_gets_an_error_that_says_where_the_log_begins(work, caller, database):
    await happen(work, caller, "a", "b", "c")
    forget(database, caller, 2)

    with pytest.raises(CursorExpired) as refusal:
        await work.log.position(caller.workspace_id, cursor(caller, 1))
    assert refusal.value.metadata["earliest_cursor"] == cursor(caller, 2).cursor
    assert ids(await pull(work, caller, 2)) == ["c"]
    assert await work.log.position(caller.workspace_id, EARLIEST) == 2


async def test_a_reader_whose_events_were_removed_while_it_read_gets_an_error(work, caller, database):
    await happen(work, caller, "a", "b", "c")
    watching = reader(work, caller, most_events=1).watch(0, heartbeat_seconds=9, stop_at_head=False)
    async with aclosing(watching) as batches:
        await anext(batches)
        forget(database, caller, 3)
        with pytest.raises(CursorExpired):
            await anext(batches)


async def test_a_time_of_which_events_may_be_gone_is_refused(work, caller, database):
    await happen(work, caller, "a")
    time = work.clock.forward(timedelta(minutes=1))
    await happen(work, caller, "b")
    forget(database, caller, 1)

    with pytest.raises(CursorExpired):
        await work.log.position(caller.workspace_id, EventStart(time=to_timestamp(time)))
    assert await work.log.position(caller.workspace_id, EventStart(time=to_timestamp(time + 1))) == 2
