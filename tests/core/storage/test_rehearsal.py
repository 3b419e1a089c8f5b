"""An operation that was rehearsed comes to the same as one that was not, whatever happened in between."""

from functools import partial

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from clockwire.model.caller import system
from clockwire.model.errors import ClockwireError, FieldInvalid, IdTaken, ReferenceMissing, ValueTaken
from clockwire.model.identifiers import new_id
from clockwire.model.mutations import Deletion
from clockwire.operations.records import batch_mutate, create_record, delete_record
from clockwire.operations.workspaces import update_workspace
from clockwire.processes.telling import heard, told
from clockwire.storage import tables
from clockwire.storage.rehearsal import CannotRehearse, Performance, rehearse
from clockwire.storage.timers import put_timer
from clockwire.v1.records_pb2 import Record, RecordKey
from clockwire.v1.timers_pb2 import Timer
from tests.support.any_records import IDS
from tests.support.bookkeeping import Bookkeeper, creation
from tests.support.clock import MovableClock
from tests.support.wild_batches import BATCH, BEGINNING, CHANGES, DAY
from tests.support.writing import make_workspace, working

#: What can be rehearsed, more often than not.
WRITES = st.lists(CHANGES, min_size=1, max_size=3)


@pytest.fixture
async def books(database, clock):
    async with working(database, clock) as work:
        yield Bookkeeper(work, make_workspace(database, clock))


@pytest.fixture
async def world(books):
    """A client, a project, a task and a user."""
    client = await books.create("client", client_name="Acme")
    project = await books.create("project", project_name="P", client_id=client.id)
    task = await books.create("task", task_name="T", project_id=project.id)
    user = await books.create("user", user_name="Ann")
    return {"client": client, "project": project, "task": task, "user": user}


class Rehearsed:
    """An operation that is rehearsed now, as if by another process, and done later."""

    def __init__(self, books, operation, *, rows=list):
        """*rows*: as what the other process found comes here."""
        self.held = None
        self._books = books
        with books.work.database.reading() as connection:
            script = rehearse(connection, heard(told(operation)), books.caller, books.work.clock)
        reads = [(text, parameters, [*rows(found)]) for text, parameters, found in script.reads]
        self._performance = Performance(heard(told(script._replace(reads=reads))), operation, self._note)

    async def perform(self):
        return await self._books.run(self._performance)

    def _note(self, held):
        self.held = held


def log_of(world, place="project", **fields):
    work = {"user_id": world["user"].id, "date": DAY, "duration": 1, f"{place}_id": world[place].id, **fields}
    return creation("timelog", **work)


def batch(*mutations):
    return partial(batch_mutate, mutations=mutations)


def count(books, table):
    with books.work.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


async def test_a_rehearsal_writes_nothing(books, world):
    before = [count(books, table) for table in tables.metadata.sorted_tables]
    Rehearsed(books, batch(log_of(world), log_of(world)))
    assert [count(books, table) for table in tables.metadata.sorted_tables] == before


async def test_what_was_rehearsed_is_written_answered_and_told(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world, client_rate="10"), log_of(world, "task")))

    first, second = await rehearsed.perform()

    assert rehearsed.held
    assert first.created
    assert first.record.time_log.client_cost.value == "10.00"
    assert await books.read(first.record) == first.record
    assert await books.types(4) == ["timelog.created"] * 2
    assert [each.record for each in (await books.events())[4:]] == [first.record, second.record]
    assert (await books.read(world["task"])).task.actual_time.seconds == 3600


async def test_rows_may_come_in_another_order(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world)), rows=reversed)
    await rehearsed.perform()
    assert rehearsed.held


@pytest.mark.parametrize("rows", [lambda rows: rows[:-1], lambda rows: [*rows[:-1], *rows[:1]]])
async def test_a_row_too_many_or_twice_is_another_answer(books, world, rows):
    rehearsed = Rehearsed(books, batch(log_of(world)), rows=rows)
    await rehearsed.perform()
    assert not rehearsed.held


async def test_what_a_record_refers_to_is_as_it_is_when_the_record_is_written(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world)))
    await books.update(world["project"], project_name="Renamed")
    [written] = await rehearsed.perform()
    assert not rehearsed.held
    assert written.record.time_log.project_name == "Renamed"


async def test_two_rehearsed_side_by_side_are_both_counted(books, world):
    both = [Rehearsed(books, batch(log_of(world, "task"))) for _ in range(2)]
    for each in both:
        await each.perform()
    assert [each.held for each in both] == [True, False]
    assert (await books.read(world["task"])).task.actual_time.seconds == 7200


async def test_what_is_gone_is_not_referred_to(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world)))
    await books.delete(world["project"], force=True)
    with pytest.raises(ReferenceMissing):
        await rehearsed.perform()
    assert await books.types(4) == ["task.deleted", "project.deleted"]


async def test_an_id_that_was_taken_since_is_refused(books):
    [id_] = IDS[6][:1]
    rehearsed = Rehearsed(books, batch(creation("client", id=id_, client_name="Mine")))
    await books.create("client", id=id_, client_name="Theirs")
    with pytest.raises(IdTaken):
        await rehearsed.perform()


async def test_an_id_that_a_timer_took_since_is_refused(books, world):
    [id_] = IDS[3][:1]
    rehearsed = Rehearsed(books, batch(log_of(world, id=id_)))
    timer = Timer(id=id_, user_id=world["user"].id, state=Timer.STATE_RUNNING)
    await books.run(lambda transaction: put_timer(transaction.connection, transaction.workspace.id, timer))
    with pytest.raises(IdTaken):
        await rehearsed.perform()


async def test_a_value_that_was_taken_since_is_refused(books):
    rehearsed = Rehearsed(books, batch(creation("user", user_name="Ann", email="ann@example.com")))
    await books.create("user", user_name="Anne", email="ann@example.com")
    with pytest.raises(ValueTaken):
        await rehearsed.perform()


async def test_a_rate_that_holds_since_is_counted_with(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world)))
    await books.create("billingrate", user_id=world["user"].id, client_rate="30")
    [written] = await rehearsed.perform()
    assert written.record.time_log.client_rate.value == "30"


async def test_settings_of_the_workspace_that_were_changed_since_hold(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world)))
    await books.run(partial(update_workspace, changes={"time_zone": "Asia/Tokyo"}, etag=""))
    [written] = await rehearsed.perform()
    assert written.record.time_log.time_zone == "Asia/Tokyo"


async def test_an_operation_done_dry_leaves_nothing_if_it_was_rehearsed(books, world):
    rehearsed = Rehearsed(books, batch(log_of(world)))
    await books.run(rehearsed._performance, dry=True)
    assert rehearsed.held
    assert await books.types(4) == []


async def test_what_is_refused_is_refused_in_the_rehearsal(books):
    with pytest.raises(FieldInvalid):
        Rehearsed(books, batch())


async def deleting(world):
    return partial(delete_record, deletion=Deletion(key=RecordKey(id=world["task"].id)))


async def reading_what_it_wrote(world):
    rate = creation("billingrate", user_id=world["user"].id, client_rate="30")
    return batch(log_of(world), rate, log_of(world))


async def speaking_sql_of_its_own(_):
    return count_by_itself


def count_by_itself(transaction):
    return transaction.connection.execute(select(func.count()).select_from(tables.record)).scalar_one()


@pytest.mark.parametrize("make", [deleting, reading_what_it_wrote, speaking_sql_of_its_own])
async def test_what_cannot_be_foreseen_is_not_rehearsed(books, world, make):
    operation = await make(world)
    with pytest.raises(CannotRehearse):
        Rehearsed(books, operation)


async def test_nothing_is_rehearsed_in_a_workspace_that_is_not_there(books):
    nowhere = Bookkeeper(books.work, system(new_id(0)))
    with pytest.raises(CannotRehearse):
        Rehearsed(nowhere, batch(creation("client", client_name="Acme")))


@pytest.mark.timeout(180)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(st.tuples(WRITES, BATCH, st.booleans()), min_size=10, max_size=20))
async def test_whatever_happens_in_between_it_is_as_if_nothing_had_been_rehearsed(database, turns):
    clock = MovableClock()
    async with working(database, clock) as work:
        plain, other = (Bookkeeper(work, make_workspace(database, clock)) for _ in range(2))
        for books in (plain, other):
            for each in BEGINNING:
                await books.run(partial(create_record, record=each))
        for mutations, others, twice in turns:
            meanwhile = mutations if twice else others
            clock.now += 1_000_000
            rehearsed = rehearsed_if_possible(other, batch(*mutations))
            for books in (plain, other):
                await outcome(books.run(batch(*meanwhile)))
            expected = await outcome(plain.run(batch(*mutations)))
            assert await outcome(rehearsed.perform() if rehearsed else other.run(batch(*mutations))) == expected
            event("as it is" if rehearsed is None else "performed" if rehearsed.held else "outdated")
        assert await everything(other) == await everything(plain)


def rehearsed_if_possible(books, operation):
    try:
        return Rehearsed(books, operation)
    except (CannotRehearse, ClockwireError):
        return None


async def outcome(done):
    """What it was answered; of an error, which it was."""
    try:
        return [(without_tag_ids(each.record), each[1:]) for each in await done]
    except ClockwireError as error:
        return type(error)


async def everything(books):
    """What a workspace holds and has told."""
    held = []
    for table in (tables.record, tables.tombstone, tables.record_reference, tables.record_key):
        query = select(table).where(table.c.workspace_id == books.caller.workspace_id)
        rows = await books.work.database.read(lambda connection, query=query: connection.execute(query).all())
        held.append(sorted(map(comparable, rows)))
    return held, [(each.type, each.version, without_tag_ids(each.record)) for each in await books.events()]


def comparable(row):
    """The row without its workspace, and what is different each time."""
    values = row._asdict()
    del values["workspace_id"]
    if "message" in values:
        values["message"] = str(without_tag_ids(Record.FromString(values["message"])))
        del values["fields"]
    return str(values)


def without_tag_ids(record):
    """Tags get another id each time they are made."""
    copy = Record()
    if record is not None:
        copy.CopyFrom(record)
    for tag in copy.time_log.tags if copy.HasField("time_log") else ():
        tag.ClearField("id")
    return copy
