"""What a connection may do, and how it is cut: over real sockets, with an application that gives back what it got."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from clockwire.settings import Address
from clockwire.web.connections import LARGEST_HEAD, MOST_HEADERS, Limits
from clockwire.web.listening import listening
from tests.support.http import say

SOON = 0.3
QUICK = Limits(head_seconds=SOON, body_seconds=SOON, stall_seconds=SOON, idle_seconds=1)


async def give_back(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body, or with as much as the path asks for."""
    request = Request(scope, receive)
    try:
        body = await request.body()
    except ClientDisconnect:
        return
    size = int(scope["path"].strip("/") or 0)
    await Response(body or b"x" * size)(scope, receive, send)


@asynccontextmanager
async def served(limits: Limits = QUICK) -> AsyncIterator[Address]:
    """A server with these limits."""
    async with listening(give_back, "127.0.0.1", 0, tls=None, drain_seconds=1, limits=limits) as port:
        yield Address(host="127.0.0.1", port=port.number)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"POST / HT",
        b"POST / HTTP/1.1\r\nhost: x\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n",
    ],
)
async def test_a_head_that_does_not_come_is_not_waited_for(sent):
    async with served() as address:
        said = await say(address, sent)
    assert said.endswith(b'{"code":"deadline_exceeded","message":"the request has not come within 0.3 s"}')
    assert statuses(said) == [200, 408][-said.count(b"HTTP/1.1") :]


async def test_a_head_that_drips_is_cut_off_however_steadily_it_drips():
    async with served() as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        dripping = asyncio.create_task(drip(writer, b"GET / HTTP/1.1\r\n", b"a: b\r\n"))
        assert statuses(await reader.read()) == [408]
        await dripping


async def test_a_body_that_drips_is_cut_off_however_steadily_it_drips():
    async with served() as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
        dripping = asyncio.create_task(drip(writer, head, b"x"))
        assert statuses(await reader.read()) == [408]
        await dripping


async def test_a_reader_that_takes_nothing_is_cut_off():
    async with served() as address:
        reader, writer = await asyncio.open_connection(address.host, address.port, limit=1024)
        writer.write(b"GET /50000000 HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.sleep(2 * SOON)  # being slow is the subject
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(50_000_000)
        await close(writer)


@pytest.mark.parametrize(
    ("sent", "id_"),
    [
        (b"POST / HTTP/1.1\r\nhost: x\r\nx-request-id: abc-123\r\ncontent-length: 9\r\n\r\nx", rb"abc-123"),
        (b"POST / HTTP/1.1\r\nhost: x\r\nx-request-id: abc-123\r\n", rb"[0-9a-f-]{36}"),
        (b"nonsense\r\n\r\n", rb"[0-9a-f-]{36}"),
    ],
)
async def test_who_is_cut_is_told_the_request_s_id_that_the_log_has(sent, id_):
    with capture_logs() as lines:
        async with served() as address:
            said = await say(address, sent)
    told = re.search(rb"\r\nx-request-id: (%b)\r\n" % id_, said)
    [line] = [line for line in lines if line["event"] == "http request refused"]
    assert told
    assert (line["request_id"], line["status"], line["log_level"]) == (told[1].decode(), statuses(said)[0], "debug")


async def test_an_idle_connection_is_closed_without_a_word():
    async with served() as address:
        said = await say(address, b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
    assert said.endswith(b"\r\n\r\nx")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\na: " + b"x" * (LARGEST_HEAD - 100) + b"\r\nconnection: close\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\na: " + b"x" * (LARGEST_HEAD + 100) + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * (LARGEST_HEAD + 100), 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MOST_HEADERS + 1) + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000, 431),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\na b: c\r\n\r\n", 400),
    ],
)
async def test_a_head_that_is_too_large_or_no_http_is_refused_in_json(head, status):
    async with served(Limits()) as address:
        said = await say(address, head)
    assert statuses(said) == [status]
    assert status == 200 or re.search(rb'content-type: application/json\r\n.*\r\n\r\n\{"code":', said, re.DOTALL)


async def test_requests_in_one_go_are_answered_in_their_order():
    async with served() as address:
        said = await say(address, b"".join(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % size for size in (3, 1, 2)))
    assert re.findall(rb"\r\n\r\n(x+)", said) == [b"xxx", b"x", b"xx"]


async def test_one_connection_too_many_is_closed_unheard():
    async with served(Limits(most_connections=2)) as address:
        held = [await asyncio.open_connection(address.host, address.port) for _ in range(2)]
        for reader, writer in held:
            writer.write(b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\nx")
        try:
            said = await say(address, b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
        except ConnectionError:
            said = b""
        assert said == b""
        for _, writer in held:
            await close(writer)


async def drip(writer: asyncio.StreamWriter, first: bytes, then: bytes) -> None:
    """Something every few milliseconds, until nobody listens any more."""
    writer.write(first)
    try:
        while not writer.is_closing():
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(SOON / 20)  # being slow is the subject
    except ConnectionError:
        pass
    await close(writer)


async def close(writer: asyncio.StreamWriter) -> None:
    """The connection is closed, however it ended."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def statuses(said: bytes) -> list[int]:
    """The statuses of all answers in these bytes."""
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d{3})", said)]
