"""How operations are written: in groups, each for itself, once."""

import asyncio
import threading

import pytest
from sqlalchemy import func, insert, select, text

from clockwire.model.caller import system
from clockwire.model.errors import FieldInvalid, QuotaExceeded, RequestIdReused, ResourceNotFound
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.kept_answers import KEPT_FOR
from clockwire.storage.tables import tag
from clockwire.storage.writer import Job, Repeat
from tests.support.writing import make_workspace, working


@pytest.fixture
async def work(database, clock):
    async with working(database, clock) as here:
        yield here


@pytest.fixture
def caller(database, clock):
    return make_workspace(database, clock)


def adding(name):
    """An operation that stores a tag, and answers with its name."""

    def add(transaction):
        row = {"workspace_id": transaction.workspace.id, "id": name, "name": name, "folded_name": name}
        transaction.connection.execute(insert(tag).values(row))
        return name

    return add


def refused(transaction):
    adding("half done")(transaction)
    raise FieldInvalid.of("field", "is wrong")


def broken(transaction):
    adding("half done")(transaction)
    raise ZeroDivisionError


def names(database):
    with database.reading() as connection:
        return set(connection.execute(select(tag.c.name)).scalars())


def gathering(writer):
    """Holds the writer until the block ends, so that what is queued meanwhile becomes one group."""
    held = threading.Event()
    writer.submit(Job(operation=lambda _: held.wait(10), caller=system(""), done=lambda _: None))
    return held


async def together(work, caller, *operations):
    """What each of them was answered, or raised, when they were one group."""
    held = gathering(work.writer)
    group = asyncio.gather(*(work.writer.write(each, caller) for each in operations), return_exceptions=True)
    await asyncio.sleep(0)
    held.set()
    return await group


async def test_an_answer_comes_once_the_write_is_durable(work, caller):
    written = await work.writer.write(adding("one"), caller)

    assert written.result == "one"
    assert names(work.database) == {"one"}


async def test_a_refused_operation_fails_alone_and_leaves_nothing(work, caller):
    answers = await together(work, caller, adding("a"), refused, adding("b"), broken, adding("c"))

    assert [type(answer).__name__ for answer in answers] == [
        "Written",
        "FieldInvalid",
        "Written",
        "ZeroDivisionError",
        "Written",
    ]
    assert names(work.database) == {"a", "b", "c"}


async def test_a_statement_the_database_refuses_fails_alone(work, caller):
    answers = await together(work, caller, adding("a"), adding("a"), adding("b"))

    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]
    assert names(work.database) == {"a", "b"}


async def test_of_a_statement_that_fails_half_way_no_row_is_left(work, caller):
    tags = BulkInsert(tag, ["workspace_id", "id", "name", "folded_name"])

    def add_one_twice(transaction):
        rows = [(transaction.workspace.id, each, each, each) for each in ("new", "newer", "new")]
        tags.run(transaction.connection, rows)

    answers = await together(work, caller, adding("a"), add_one_twice, adding("b"))

    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]
    assert names(work.database) == {"a", "b"}


async def test_operations_that_wait_together_share_one_commit(work, caller):
    answers = await together(work, caller, *[lambda each: id(each.connection)] * 50)

    assert len({written.result for written in answers}) == 1


async def test_a_dry_run_answers_and_stores_nothing(work, caller):
    written = await work.writer.write(adding("one"), caller, dry=True)

    assert written.result == "one"
    assert names(work.database) == set()


def repeat(request_id="r", digest=b"d", method="Add"):
    return Repeat(method=method, request_id=request_id, digest=digest, encode=lambda result, _: result.encode())


async def test_a_repeated_request_is_answered_from_the_first_time(work, caller):
    await work.writer.write(adding("one"), caller, repeat=repeat())
    again = await work.writer.write(adding("one"), caller, repeat=repeat())

    assert again.kept == b"one"


async def test_a_request_repeated_while_the_first_still_waits_is_answered_like_it(work, caller):
    held = gathering(work.writer)
    both = asyncio.gather(*(work.writer.write(adding("one"), caller, repeat=repeat()) for _ in range(2)))
    await asyncio.sleep(0)
    held.set()
    first, second = await both

    assert (first.result, second.kept) == ("one", b"one")


async def test_a_request_id_used_for_another_body_is_refused(work, caller):
    await work.writer.write(adding("one"), caller, repeat=repeat())

    with pytest.raises(RequestIdReused):
        await work.writer.write(adding("two"), caller, repeat=repeat(digest=b"other"))


async def test_a_request_id_belongs_to_its_method_and_workspace(work, caller, database, clock):
    elsewhere = make_workspace(database, clock)
    await work.writer.write(adding("one"), caller, repeat=repeat())

    assert (await work.writer.write(adding("two"), caller, repeat=repeat(method="Other"))).result == "two"
    assert (await work.writer.write(adding("one"), elsewhere, repeat=repeat())).result == "one"


async def test_a_failed_request_may_be_repeated(work, caller):
    with pytest.raises(FieldInvalid):
        await work.writer.write(refused, caller, repeat=repeat())

    assert (await work.writer.write(adding("one"), caller, repeat=repeat())).result == "one"


async def test_an_answer_is_forgotten_after_three_days(work, caller, clock):
    await work.writer.write(adding("one"), caller, repeat=repeat())
    clock.now += KEPT_FOR + 1

    assert (await work.writer.write(adding("two"), caller, repeat=repeat())).result == "two"


async def test_kept_answers_are_not_stored_in_clear(work, caller, database):
    await work.writer.write(adding("secret"), caller, repeat=repeat())

    with database.reading() as connection:
        answer = connection.exec_driver_sql("SELECT answer FROM kept_answer").scalar_one()
    assert b"secret" not in bytes(answer)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_lost_is_replaced(work, caller):
    await work.writer.write(adding("before"), caller)
    with work.database.reading() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))

    await work.writer.write(adding("after"), caller)

    assert names(work.database) == {"before", "after"}


async def test_what_an_operation_leaves_undone_in_a_failed_group_is_not_there(work, caller):
    def unsealed(transaction):
        adding("half done")(transaction)
        transaction.publish(None)

    with pytest.raises(AttributeError):
        await work.writer.write(unsealed, caller)

    await work.writer.write(adding("after"), caller)
    assert names(work.database) == {"after"}


async def test_an_unknown_workspace_is_refused(work):
    with pytest.raises(ResourceNotFound):
        await work.writer.write(adding("one"), system("01920000-0000-7000-8000-000000000000"))


async def test_stopping_writes_what_was_queued(database, clock):
    caller = make_workspace(database, clock)
    async with working(database, clock) as here:
        held = gathering(here.writer)
        writes = [asyncio.ensure_future(here.writer.write(adding(f"{each}"), caller)) for each in range(700)]
        await asyncio.sleep(0)
        held.set()
    await asyncio.gather(*writes)

    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(tag)).scalar_one() == 700


async def test_a_full_queue_refuses_and_says_when_to_come_back(database, clock):
    caller = make_workspace(database, clock)
    async with working(database, clock, queue_limit=3) as here:
        held = gathering(here.writer)
        writes = [asyncio.ensure_future(here.writer.write(adding(f"{each}"), caller)) for each in range(10)]
        await asyncio.sleep(0)
        held.set()
        answers = await asyncio.gather(*writes, return_exceptions=True)

    refusals = [answer for answer in answers if isinstance(answer, QuotaExceeded)]
    assert refusals
    assert all(refusal.retry_after_seconds for refusal in refusals)
