"""Another process rehearses what waits for the writer; whatever becomes of it, every operation can be done."""

import asyncio
import errno
import os
import signal
from contextlib import contextmanager
from functools import partial

import pytest

from clockwire.model.instants import system_clock
from clockwire.operations.records import batch_mutate
from clockwire.processes.child import Child
from clockwire.processes.messages import Begin
from clockwire.processes.rehearsals import MOST_WAITING, Rehearsals
from clockwire.storage.rehearsal import Performance
from tests.support.bookkeeping import Bookkeeper, creation
from tests.support.processes import ends_within
from tests.support.server import ON_SQLITE
from tests.support.writing import make_workspace, working

# A process starts in each test, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(120)

NEW = partial(batch_mutate, mutations=[creation("client", client_name="Acme")])
REFUSED = partial(batch_mutate, mutations=[])


class Theatre:
    """Rehearsals for a writer that is said to be busy, and what was noted of them."""

    def __init__(self, database_url, **settings):
        self.busy = True
        self.noted: list[bool] = []
        self._database_url = database_url
        self.rehearsals = Rehearsals(self._start, busy=lambda: self.busy, noted=self.noted.append, **settings)

    async def rehearsed(self, operation, caller):
        """The operation once there is a process that rehearses it, and has."""
        while not isinstance(operation, Performance):
            operation = await self.rehearsals.rehearsed(operation, caller)
            await asyncio.sleep(0.01)
        return operation

    def _start(self):
        child = Child("clockwire.rehearsing")
        child.say(Begin(self._database_url, "error", "json"))
        return child


@contextmanager
def theatre_at(database_url, **settings):
    theatre = Theatre(database_url, **settings)
    try:
        yield theatre
    finally:
        theatre.rehearsals.stop()


@pytest.fixture
async def theatre(database_url):
    with theatre_at(database_url, pause_seconds=0) as theatre:
        yield theatre


@pytest.fixture
async def books(database):
    async with working(database, system_clock) as work:
        yield Bookkeeper(work, make_workspace(database, system_clock))


async def test_an_operation_is_rehearsed_by_another_process_and_done_here(theatre, books):
    operation = await theatre.rehearsed(NEW, books.caller)
    assert await books.events() == []
    [made] = await books.run(operation)
    assert await books.read(made.record) == made.record
    assert await books.types() == ["client.created"]
    assert theatre.noted == [True]


@ON_SQLITE
async def test_while_nothing_waits_nothing_is_rehearsed_and_no_process_started(theatre, books):
    theatre.busy = False
    assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
    assert theatre.rehearsals.pid == 0


@ON_SQLITE
async def test_until_the_process_is_ready_nobody_waits_for_it(theatre, books):
    assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
    assert theatre.rehearsals.pid


async def test_what_is_refused_is_left_to_the_writer(theatre, books):
    await theatre.rehearsed(NEW, books.caller)
    assert await theatre.rehearsals.rehearsed(REFUSED, books.caller) is REFUSED


@ON_SQLITE
async def test_if_the_process_dies_nobody_waits_for_it_any_more_and_another_takes_its_place(theatre, books):
    await theatre.rehearsed(NEW, books.caller)
    first = theatre.rehearsals.pid
    os.kill(first, signal.SIGSTOP)
    waiting = asyncio.create_task(theatre.rehearsals.rehearsed(NEW, books.caller))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert await waiting is NEW

    await theatre.rehearsed(NEW, books.caller)
    assert theatre.rehearsals.pid not in (0, first)


@ON_SQLITE
async def test_another_is_started_only_after_a_pause(database_url, books):
    with theatre_at(database_url, pause_seconds=3600) as theatre:
        await theatre.rehearsed(NEW, books.caller)
        os.kill(theatre.rehearsals.pid, signal.SIGKILL)
        assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
        assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
        assert theatre.rehearsals.pid == 0


@ON_SQLITE
async def test_a_process_that_stands_still_is_ended(database_url, books):
    with theatre_at(database_url, longest_seconds=0.5, pause_seconds=0) as theatre:
        await theatre.rehearsed(NEW, books.caller)
        first = theatre.rehearsals.pid
        os.kill(first, signal.SIGSTOP)
        assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
        assert await asyncio.to_thread(ends_within, first, 10)
        await theatre.rehearsed(NEW, books.caller)


@ON_SQLITE
async def test_where_no_process_can_be_started_everything_is_done_without_one(books):
    def too_many_files():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    rehearsals = Rehearsals(too_many_files, busy=lambda: True, noted=lambda _: None, pause_seconds=0)
    assert await rehearsals.rehearsed(NEW, books.caller) is NEW
    assert await rehearsals.rehearsed(NEW, books.caller) is NEW


@ON_SQLITE
async def test_it_is_asked_for_no_more_than_it_can_do_soon(theatre, books):
    await theatre.rehearsed(NEW, books.caller)
    os.kill(theatre.rehearsals.pid, signal.SIGSTOP)
    waiting = [asyncio.create_task(theatre.rehearsals.rehearsed(NEW, books.caller)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
    os.kill(theatre.rehearsals.pid, signal.SIGCONT)
    assert all(isinstance(each, Performance) for each in await asyncio.gather(*waiting))


@ON_SQLITE
async def test_an_answer_that_nobody_waits_for_any_more_is_not_missed(theatre, books):
    await theatre.rehearsed(NEW, books.caller)
    gone = asyncio.create_task(theatre.rehearsals.rehearsed(NEW, books.caller))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await theatre.rehearsals.rehearsed(NEW, books.caller), Performance)


@ON_SQLITE
async def test_stopped_there_is_no_process_and_nothing_is_rehearsed(theatre, books):
    await theatre.rehearsed(NEW, books.caller)
    pid = theatre.rehearsals.pid
    theatre.rehearsals.stop()
    assert ends_within(pid, 0)
    assert await theatre.rehearsals.rehearsed(NEW, books.caller) is NEW
    assert theatre.rehearsals.pid == 0


@ON_SQLITE
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_for_the_server_does_not_end_it(theatre, books, number):
    await theatre.rehearsed(NEW, books.caller)
    os.kill(theatre.rehearsals.pid, number)
    assert isinstance(await theatre.rehearsals.rehearsed(NEW, books.caller), Performance)
