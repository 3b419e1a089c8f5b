"""What does a call cost over gRPC, over HTTP as JSON, and at an inbound hook? Thirty-two at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from google.protobuf.message import Message

from bench.processes import Program
from clockwire.v1.record_service_pb2 import CreateRecordRequest, GetRecordRequest
from clockwire.v1.records_pb2 import Client, Record, RecordKey

CALLERS = 32
CALLS = 3_200
_WARM_UP = 320
_SERVICE = "/clockwire.v1.RecordService"

#: Makes so many calls, one after the other.
Calling = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls of one kind, made by CALLERS callers who each wait for the answer."""

    per_second: float
    server_microseconds: float
    """Processor time of the server for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A server, and what there is to read."""

    grpc: str
    http: str
    api_key: str
    record_id: str
    hook: str
    """The path of an inbound hook, which needs no key."""
    user_id: str


def measure_unary(server: Program, where: Where) -> Mapping[str, Calls]:
    """By transport and call: "gRPC GetRecord", "JSON CreateRecord", "inbound hook, event.add". Writes are durable."""
    return asyncio.run(_measured(server, where))


async def _measured(server: Program, where: Where) -> Mapping[str, Calls]:
    read = GetRecordRequest(key=RecordKey(id=where.record_id)), {"key": {"id": where.record_id}}
    write = CreateRecordRequest(record=Record(client=Client(client_name="A client"))), _client("A client")
    found = {}
    async with grpc.aio.insecure_channel(where.grpc) as channel:
        for name, (message, plain) in {"GetRecord": read, "CreateRecord": write}.items():
            found[f"gRPC {name}"] = await _timed(server, _over_grpc(channel, where, name, message))
            found[f"JSON {name}"] = await _timed(server, _over_http(where, f"{_SERVICE}/{name}", plain))
    entry = {"event": "event.add", "user": where.user_id, "date": "2026-01-15", "duration": 900}
    found["inbound hook, event.add"] = await _timed(server, _over_http(where, where.hook, entry))
    return found


async def _timed(server: Program, calling: Calling) -> Calls:
    await calling(_WARM_UP)
    began, used = time.perf_counter(), server.cpu_seconds
    await asyncio.gather(*(calling(CALLS // CALLERS) for _ in range(CALLERS)))
    seconds, used = time.perf_counter() - began, server.cpu_seconds - used
    return Calls(per_second=CALLS / seconds, server_microseconds=used / CALLS * 1e6)


def _over_grpc(channel: grpc.aio.Channel, where: Where, name: str, message: Message) -> Calling:
    call: Any = channel.unary_unary(f"{_SERVICE}/{name}")
    body, said = message.SerializeToString(), (("authorization", f"Bearer {where.api_key}"),)

    async def calling(count: int) -> None:
        for _ in range(count):
            await call(body, metadata=said)

    return calling


def _over_http(where: Where, path: str, plain: object) -> Calling:
    host, _, port = where.http.rpartition(":")
    body = orjson.dumps(plain)
    head = f"POST {path} HTTP/1.1\r\nhost: {where.http}\r\nauthorization: Bearer {where.api_key}\r\n"
    request = f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body

    async def calling(count: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(count):
            writer.write(request)
            await _answer(reader)
        writer.close()

    return calling


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"a call over HTTP failed: {head.decode()}")
    await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))


def _client(name: str) -> object:
    return {"record": {"client": {"ClientName": name}}}
