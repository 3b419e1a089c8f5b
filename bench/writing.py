"""Who writes: a client process that stores time logs over gRPC, as fast as it may or at a steady pace.

It connects, says "ready", waits for a line, writes, and prints one line of JSON: when its first call began, and how
long its calls took.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import uvloop
from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.client import AsyncClient
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.record_service_pb2 import BatchMutateRecordsRequest, CreateRecordRequest, RecordMutation
from clockwire.v1.records_pb2 import Record, TimeLog

BATCH = 100
CALLS_IN_FLIGHT = 16

_FIRST_START = 1_700_000_000
_LENGTH = 900  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be written."""

    target: str
    api_key: str
    user_ids: list[str]
    project_ids: list[str]
    count: int
    per_second: int
    """0: as fast as it goes, in batches; else so many single records."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """How it went."""

    start_time: float
    """When the first call began, in seconds since the epoch."""
    call_seconds: list[float]


async def run(task: Task) -> None:
    """All of it, from the connection to the last answer."""
    async with AsyncClient(task.target, api_key=task.api_key, plaintext=True) as client:
        await client.events.GetEventLog(GetEventLogRequest())  # the connection is there before time runs
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        start_time = time.time()
        write = _write_steadily if task.per_second else _write_batches
        wrote = Wrote(start_time, await write(client, task))
    print(json.dumps(asdict(wrote)), flush=True)


async def _write_batches(client: AsyncClient, task: Task) -> list[float]:
    call_seconds = []
    starts = iter(range(0, task.count, BATCH))

    async def take_turns() -> None:
        for start in starts:
            numbers = range(start, min(start + BATCH, task.count))
            creations = [CreateRecordRequest(record=_time_log(task, number)) for number in numbers]
            request = BatchMutateRecordsRequest(mutations=[RecordMutation(create=each) for each in creations])
            began = time.perf_counter()
            await client.records.BatchMutateRecords(request)
            call_seconds.append(time.perf_counter() - began)

    await asyncio.gather(*(take_turns() for _ in range(CALLS_IN_FLIGHT)))
    return call_seconds


async def _write_steadily(client: AsyncClient, task: Task) -> list[float]:
    """Each at its moment, whether or not those before have been answered."""
    call_seconds = []

    async def write_one(number: int) -> None:
        began = time.perf_counter()
        await client.records.CreateRecord(CreateRecordRequest(record=_time_log(task, number)))
        call_seconds.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for number, moment in _moments(task):
            await asyncio.sleep(moment - time.perf_counter())
            group.create_task(write_one(number))
    return call_seconds


def _moments(task: Task) -> Iterator[tuple[int, float]]:
    start = time.perf_counter()
    for number in range(task.count):
        yield number, start + number / task.per_second


def _time_log(task: Task, number: int) -> Record:
    """Another quarter of an hour, the projects taking turns."""
    start = _FIRST_START + number * _LENGTH
    body = TimeLog(
        user_id=task.user_ids[number % len(task.user_ids)],
        project_id=task.project_ids[number % len(task.project_ids)],
        start_time=Timestamp(seconds=start),
        end_time=Timestamp(seconds=start + _LENGTH),
        description=f"Reviewed drawing {number}, called the client about the revised dates, updated the plan",
    )
    return Record(time_log=body)


if __name__ == "__main__":
    uvloop.run(run(Task(**json.loads(sys.argv[1]))))
    sys.stdin.readline()  # it stays until it has been measured
