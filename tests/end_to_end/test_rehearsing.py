"""Many large batches at a time are rehearsed by another process: whatever becomes of it, each is written once."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import pytest
from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date

from clockwire.cli.databases import opened
from clockwire.client import AsyncClient
from clockwire.client.errors import ClockwireError
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from clockwire.v1.record_service_pb2 import BatchMutateRecordsRequest, CreateRecordRequest, RecordMutation
from clockwire.v1.records_pb2 import Record, TimeLog
from tests.support.http import exchange
from tests.support.processes import ServerProcess, ends_within, server_processes
from tests.support.server import ON_SQLITE, new_key, new_workspace

# Several processes start in each test, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(150)

WRITERS = 6
BATCH = 30
HOUR = 3600
DAY = date(2025, 1, 15)


@dataclass
class Ground:
    """A server, and a key for a workspace in it."""

    server: ServerProcess
    api_key: str

    def client(self) -> AsyncClient:
        """A client that never asks twice by itself."""
        return self.server.client(self.api_key, timeout=30)


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    with opened(database_url) as database:
        api_key = new_key(database, system_clock, new_workspace(database, system_clock, "Stage"), SCOPES)
    options = ("--no-dispatch", "--http", "127.0.0.1:0")
    with server_processes(database_url, tmp_path, 1, *options) as [server]:
        yield Ground(server, api_key)


class Writers:
    """Writers of batches of time logs, at the same time, each for a user and in a task."""

    def __init__(self, client: AsyncClient) -> None:
        self.batches = 0
        self.failed = 0
        self._client = client
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        project = await self._client.create("project", project_name="P")
        tasks = [
            await self._client.create("task", task_name=f"T{each}", project_id=project.record.id)
            for each in range(WRITERS)
        ]
        user = await self._client.create("user", user_name="Ann")
        self.task_ids = [each.record.id for each in tasks]
        self._running = [asyncio.create_task(self._write(user.record.id, each)) for each in self.task_ids]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await asyncio.gather(*self._running)

    async def _write(self, user_id: str, task_id: str) -> None:
        day = Date(year=DAY.year, month=DAY.month, day=DAY.day)
        log = TimeLog(user_id=user_id, task_id=task_id, date=day, duration=Duration(seconds=HOUR))
        mutations = [RecordMutation(create=CreateRecordRequest(record=Record(time_log=log)))] * BATCH
        while not self._stopping.is_set():
            try:
                await self._client.records.BatchMutateRecords(BatchMutateRecordsRequest(mutations=mutations))
            except ClockwireError:
                self.failed += 1
                return
            self.batches += 1


async def rehearsals(ground: Ground, result: str) -> int:
    """How many rehearsals have ended so."""
    answer = await asyncio.to_thread(exchange, ground.server.http_target, "GET", "/metrics", None, {})
    lines = answer.body.decode().splitlines()
    [line] = [each for each in lines if each.startswith(f'clockwire_rehearsals_total{{result="{result}"}}')]
    return int(float(line.split()[-1]))


async def more_performed(ground: Ground, writers: Writers, count: int = 1) -> None:
    """Returns once more batches have been rehearsed and written so, by a process that is there now."""
    before = await rehearsals(ground, "performed")
    while await rehearsals(ground, "performed") < before + count:
        assert not writers.failed
        await asyncio.sleep(0.05)


async def assert_each_was_written_once(client: AsyncClient, writers: Writers) -> None:
    """The log has the events of every batch that was answered, and the tasks the hours of its events."""
    events = [each async for each in client.watch("earliest", follow=False)]
    logs = [each for each in events if each.type == "timelog.created"]
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    assert len(logs) == writers.batches * BATCH
    assert len({each.record_id for each in logs}) == len(logs)
    tasks = [await client.get("task", each) for each in writers.task_ids]
    assert sum(each.task.actual_time.seconds for each in tasks) == len(logs) * HOUR


async def test_batches_that_wait_are_rehearsed_and_each_is_written_once(ground: Ground):
    async with ground.client() as client:
        async with Writers(client) as writers:
            await more_performed(ground, writers, 20)
        await assert_each_was_written_once(client, writers)
    assert await rehearsals(ground, "outdated") == 0  # each writer has a task to itself


async def test_a_rehearsing_process_that_is_killed_costs_nobody_anything(ground: Ground):
    async with ground.client() as client:
        async with Writers(client) as writers:
            await more_performed(ground, writers)
            os.kill(ground.server.rehearsing_pid, signal.SIGKILL)
            await more_performed(ground, writers)
        assert not writers.failed
        await assert_each_was_written_once(client, writers)


@ON_SQLITE
async def test_when_the_server_is_killed_the_rehearsing_process_ends(ground: Ground):
    async with ground.client() as client, Writers(client) as writers:
        await more_performed(ground, writers)
        pid = ground.server.rehearsing_pid
        await asyncio.to_thread(ground.server.kill)
    assert await asyncio.to_thread(ends_within, pid, 5)


@ON_SQLITE
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_a_server_that_rehearses_ends_well(ground: Ground, number: int):
    async with ground.client() as client, Writers(client) as writers:
        await more_performed(ground, writers)
        pid = ground.server.rehearsing_pid
        os.kill(pid, number)  # as a service manager tells every process of the service
        ground.server.tell_to_stop(number)
        assert await asyncio.to_thread(ground.server.stop) == 0
    assert await asyncio.to_thread(ends_within, pid, 0)
    await asyncio.to_thread(ground.server.start)
    async with ground.client() as client:
        await assert_each_was_written_once(client, writers)
