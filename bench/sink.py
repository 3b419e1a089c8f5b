"""Who receives: fifty endpoints in one process that answer 200 at once and remember what came, and when.

Each endpoint is an address of its own, 127.0.1.1 to 127.0.1.50, so that to a sender they are fifty hosts. The program
that measures asks over a control connection, in lines of JSON: see `endpoints.py`.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Callable
from typing import cast

import uvloop

ADDRESSES = [f"127.0.1.{number}" for number in range(1, 51)]

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_SAMPLE_EVERY = 50


class Ledger:
    """What came since the last reset."""

    def __init__(self) -> None:
        self.arrivals: dict[bytes, int] = {}
        self.requests = 0
        self.connections = 0
        self.addresses: set[str] = set()
        self.samples: list[tuple[bytes, bytes]] = []
        self.expected = 0
        self.complete = asyncio.Event()

    def note(self, head: bytes, body: bytes, arrival: int) -> None:
        """One request came; its first byte at *arrival*."""
        self.requests += 1
        self.arrivals.setdefault(_value(head, b"webhook-id"), arrival)
        if self.requests % _SAMPLE_EVERY == 1:
            self.samples.append((head, body))
        if len(self.arrivals) == self.expected:
            self.complete.set()

    def note_connection(self, address: str) -> None:
        """A connection is used, new or kept open from before."""
        self.connections += 1
        self.addresses.add(address)

    def report(self, secret: str) -> dict[str, object]:
        """Everything in numbers, the arrivals by webhook-id in nanoseconds since the epoch."""
        return {
            "arrivals": {id_.decode(): arrival for id_, arrival in self.arrivals.items()},
            "requests": self.requests,
            "connections": self.connections,
            "addresses": len(self.addresses),
            "samples": len(self.samples),
            "verified": sum(_is_signed(head, body, secret) for head, body in self.samples),
            "body": self.samples[-1][1].decode() if self.samples else "",
        }


class Endpoint(asyncio.Protocol):
    """One connection to one of the addresses, kept open for as long as the sender likes."""

    def __init__(self, ledger: Callable[[], Ledger]) -> None:
        self._ledger = ledger
        self._kept = b""
        self._arrival = 0
        self._noted: Ledger | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to answer, and which of the addresses it is."""
        self._transport = cast("asyncio.Transport", transport)
        self._address = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        """Answers each request as soon as it is whole."""
        now = time.time_ns()
        if not self._kept:
            self._arrival = now
        self._kept += data
        while (end := self._kept.find(b"\r\n\r\n")) >= 0:
            head = self._kept[:end]
            length = end + 4 + int(_value(head, b"content-length"))
            if len(self._kept) < length:
                return
            body, self._kept = self._kept[end + 4 : length], self._kept[length:]
            self._transport.write(_ANSWER)
            ledger = self._ledger()
            if self._noted is not ledger:
                self._noted = ledger
                ledger.note_connection(self._address)
            ledger.note(head, body, self._arrival)
            self._arrival = now


class Sink:
    """The endpoints, and the control connection beside them."""

    def __init__(self) -> None:
        self._current = Ledger()

    async def serve(self) -> None:
        """Listens until the program is ended; says where, in one line of JSON."""
        loop = asyncio.get_running_loop()
        port = _free_port()
        await loop.create_server(lambda: Endpoint(lambda: self._current), ADDRESSES, port, backlog=1024)
        control = await asyncio.start_server(self._control, "127.0.0.1", 0)
        print(json.dumps({"port": port, "control": control.sockets[0].getsockname()[1]}), flush=True)
        await control.serve_forever()

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command = json.loads(line)
            writer.write(json.dumps(await self._obey(command)).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _obey(self, command: dict[str, object]) -> object:
        if command["do"] == "expect":
            self._current = Ledger()
            self._current.expected = int(str(command["count"]))
            return {}
        if command["do"] == "wait":
            try:
                async with asyncio.timeout(float(str(command["seconds"]))):
                    await self._current.complete.wait()
            except TimeoutError:
                return {"complete": False, "came": len(self._current.arrivals)}
            return {"complete": True}
        return self._current.report(str(command["secret"]))


def _is_signed(head: bytes, body: bytes, secret: str) -> bool:
    """Whether the request bears the signature that Standard Time documents."""
    wanted = "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    return hmac.compare_digest(_value(head, b"x-st-webhook-signature"), wanted.encode())


def _value(head: bytes, name: bytes) -> bytes:
    """The value of a header, empty if there is none; *name* is in lower case."""
    _, _, rest = head.lower().partition(b"\r\n" + name + b": ")
    return rest.partition(b"\r\n")[0]


def _free_port() -> int:
    with socket.create_server((ADDRESSES[0], 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    uvloop.run(Sink().serve())
