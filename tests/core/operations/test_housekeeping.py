"""What has outlived its time is removed, and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from clockwire.model.caller import Caller
from clockwire.model.errors import CursorExpired
from clockwire.model.instants import DAY, HOUR, MINUTE
from clockwire.operations.api_keys import create_operator_key
from clockwire.operations.event_log import read_page
from clockwire.operations.housekeeping import Housekeeping
from clockwire.operations.workspaces import delete_workspace
from clockwire.storage.api_keys import find_key_anywhere
from clockwire.storage.kept_answers import insert_answers
from clockwire.storage.tables import attempt, delivery, event, event_body, kept_answer, metadata, record, workspace
from clockwire.storage.workspaces import fetch_workspace, find_log, replace_workspace
from tests.support.bookkeeping import Bookkeeper
from tests.support.delivering import Desk
from tests.support.timing import Timekeeper
from tests.support.writing import make_workspace, working


@pytest.fixture
async def work(database, clock):
    """A writer at work."""
    async with working(database, clock) as at_work:
        yield at_work


@pytest.fixture
def desk(database, clock):
    """A workspace that keeps events for 10 days and bodies for 5, with a subscription to everything."""
    desk = Desk(database, clock, make_workspace(database, clock))
    with database.writing() as connection:
        stored = fetch_workspace(connection, desk.caller.workspace_id)
        replace_workspace(connection, replace(stored, event_retention=10 * DAY, body_retention=5 * DAY))
    desk.subscribe()
    return desk


@pytest.fixture
def books(work, desk):
    """Somebody who makes events there."""
    return Bookkeeper(work, desk.caller)


@pytest.fixture
def house(work):
    """The housekeeping, in very small pieces."""
    return Housekeeping(work.database, work.writer, clock=work.clock, key_uses=dict, piece=2)


async def test_events_go_after_their_time_with_all_that_hangs_on_them(database, clock, desk, books, house):
    await books.create("client", client_name="old")
    desk.settle(desk.claim_one(), 200, response_body=b"ok")
    clock.now += 10 * DAY
    await house.tidy()
    assert rows(database, event, delivery, attempt, event_body) == [1, 1, 1, 0]
    clock.now += 1
    await house.tidy()
    assert rows(database, event, delivery, attempt, event_body) == [0, 0, 0, 0]
    assert rows(database, record) == [1]


async def test_the_log_begins_after_what_was_removed_and_old_places_are_refused(database, clock, desk, books, house):
    for number in range(5):
        await books.create("client", client_name=f"old {number}")
    clock.now += 10 * DAY + 1
    await books.create("client", client_name="new")
    await house.tidy()
    workspace_id = desk.caller.workspace_id
    with database.reading() as connection:
        assert find_log(connection, workspace_id).earliest == 6
        assert [entry.sequence for entry in read_page(connection, workspace_id, 5).entries] == [6]
        with pytest.raises(CursorExpired):
            read_page(connection, workspace_id, 4)


async def test_timers_that_ended_go_after_30_days_and_those_that_run_stay(clock, books, house):
    timing = Timekeeper(books)
    people = [await books.create("user", user_name=f"{number}") for number in range(4)]
    running, *ended = [(await timing.start(person)).timer for person in people]
    for each in ended:
        await timing.discard(each)
    clock.now += 30 * DAY
    await house.tidy()
    assert len(await timing.list(include_ended=True)) == 4
    clock.now += 1
    await house.tidy()
    assert await timing.list(include_ended=True) == [running]


async def test_an_emptied_log_goes_on_where_it_ended(database, clock, desk, books, house):
    await books.create("client", client_name="old")
    clock.now += 11 * DAY
    await house.tidy()
    await books.create("client", client_name="new")
    with database.reading() as connection:
        page = read_page(connection, desk.caller.workspace_id, 1)
    assert [entry.sequence for entry in page.entries] == [2]


async def test_deliveries_that_still_wait_go_with_their_event(database, clock, desk, books, house):
    await books.create("client", client_name="old")
    assert rows(database, delivery) == [1]
    clock.now += 11 * DAY
    await house.tidy()
    assert rows(database, delivery, event_body) == [0, 0]
    assert not desk.claim().deliveries


async def test_bodies_go_before_their_events_where_that_was_asked(database, clock, desk, books, house):
    for number in range(3):
        await books.create("client", client_name=f"c{number}")
    for claimed in desk.claim().deliveries:
        desk.settle(claimed, 200, response_body=b"thank you")
    clock.now += 5 * DAY
    await house.tidy()
    assert rows(database, event_body) == [3]
    clock.now += MINUTE
    await house.tidy()
    assert rows(database, event, delivery, attempt, event_body) == [3, 3, 3, 0]
    with database.reading() as connection:
        assert set(map(bytes, connection.execute(select(attempt.c.response_body)).scalars())) == {b""}


async def test_a_body_that_is_still_to_be_sent_is_kept(database, clock, desk, books, house):
    await books.create("client", client_name="c")
    clock.now += 6 * DAY
    await house.tidy()
    [claimed] = desk.claim().deliveries
    assert b'"client.created"' in claimed.body


async def test_tests_of_subscriptions_go_like_events(database, clock, desk, work, house):
    desk.owe(desk.subscribe(name="loose"))
    clock.now += 10 * DAY
    await house.tidy()
    assert rows(database, delivery) == [1]
    clock.now += MINUTE
    await house.tidy()
    assert rows(database, delivery, event_body) == [0, 0]


async def test_kept_answers_go_after_72_hours(database, clock, house):
    with database.writing() as connection:
        insert_answers(connection, [("w", "m", "r", b"digest", b"answer", clock())])
    clock.now += 72 * HOUR
    await house.tidy()
    assert rows(database, kept_answer) == [1]
    clock.now += 1
    await house.tidy()
    assert rows(database, kept_answer) == [0]


async def test_a_deleted_workspace_is_removed_after_seven_days_without_a_trace(database, clock, desk, books, house):
    for number in range(5):
        await books.create("client", client_name=f"c{number}")
    desk.settle_all([])
    other = make_workspace(database, clock)
    await Bookkeeper(books.work, other).create("client", client_name="theirs")
    await books.run(lambda transaction: delete_workspace(transaction, transaction.workspace.name))
    clock.now += 7 * DAY
    await house.tidy()
    assert rows(database, workspace, record) == [2, 6]
    clock.now += 1
    await house.tidy()
    assert rows(database, workspace, record) == [1, 1]
    assert left_of(database, desk.caller.workspace_id) == []


async def test_uses_of_keys_are_stored(database, clock, work):
    issued = await work.writer.write(lambda each: create_operator_key(each, "k"), Caller(workspace_id=""))
    uses = {issued.result.api_key.id: 7 * MINUTE}
    house = Housekeeping(work.database, work.writer, clock=clock, key_uses=lambda: uses)
    await house.tidy()
    with database.reading() as connection:
        assert find_key_anywhere(connection, issued.result.api_key.id).last_use_time == 7 * MINUTE


def rows(database, *tables):
    """How many rows each table has."""
    with database.reading() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def left_of(database, workspace_id):
    """The tables that still hold something of a workspace."""
    with database.reading() as connection:
        return [
            table.name
            for table in metadata.sorted_tables
            if "workspace_id" in table.c
            and connection.execute(
                select(func.count()).select_from(table).where(table.c.workspace_id == workspace_id)
            ).scalar_one()
        ]
