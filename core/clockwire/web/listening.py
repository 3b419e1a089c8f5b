"""How the HTTP port is opened, beside gRPC in the same event loop, and how it is closed."""

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from clockwire.api.tls import ListenError, Tls, server_context
from clockwire.web.connections import Connection, Limits

_BACKLOG = 2_048
#: Files that connections leave to gRPC, the database and webhooks.
_FILES_FOR_OTHERS = 512


@asynccontextmanager
async def listening(
    app: ASGIApp, host: str, port: int, *, tls: Tls | None, drain_seconds: float, limits: Limits | None = None
) -> AsyncIterator["Port"]:
    """The port is open. On the way out no more is accepted, and what is under way finishes in time."""
    sockets = _bound(host, port)
    server = _Server(app, tls, limits or Limits(most_connections=_most_connections()))
    try:
        await server.open(sockets)
    except BaseException:
        _close(sockets)
        raise
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield Port(sockets[0].getsockname()[1], lambda: len(server.server_state.connections))
    finally:
        server.should_exit = True
        await ticking
        await server.close(drain_seconds)


@dataclass(frozen=True, slots=True)
class Port:
    """A port that is open."""

    number: int
    connection_count: Callable[[], int]


class _Server(uvicorn.Server):
    """uvicorn, inside a program that has a loop, sockets and signals of its own."""

    def __init__(self, app: ASGIApp, tls: Tls | None, limits: Limits) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level=logging.ERROR,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=limits.idle_seconds,
            )
        )
        self.config.load()
        self._tls = tls
        self._limits = limits

    async def open(self, sockets: Sequence[socket.socket]) -> None:
        """Connections are accepted."""
        loop, context = asyncio.get_running_loop(), server_context(self._tls) if self._tls else None
        terms: dict[str, Any] = {"ssl": context, "ssl_handshake_timeout": self._limits.head_seconds} if context else {}
        self.servers = [
            await loop.create_server(self._connection, sock=each, backlog=_BACKLOG, **terms) for each in sockets
        ]
        await self.on_tick(0)
        self.started = True

    async def close(self, drain_seconds: float) -> None:
        """No more is accepted; who waits for an answer gets it in time, and then every connection ends."""
        for each in self.servers:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=drain_seconds)
        for task in set(self.server_state.tasks):
            task.cancel()
        await asyncio.sleep(0)
        for connection in list(self.server_state.connections):
            connection.transport.close()

    def _connection(self) -> Connection:
        connection = Connection(config=self.config, server_state=self.server_state, app_state={})
        connection.limits = self._limits
        return connection


def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, all on one port."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, *_, address in found:
            chosen = sockets[0].getsockname()[1] if sockets else port
            sockets.append(socket.create_server((str(address[0]), chosen), family=family, **_dual(family, host)))
    except OSError as error:
        _close(sockets)
        message = f"cannot listen on {host}:{port} for HTTP: the address is in use, or not of this machine"
        raise ListenError(message) from error
    for each in sockets:
        each.settimeout(0)
    return sockets


def _dual(family: int, host: str) -> dict[str, Any]:
    """The unspecified address of IPv6 stands for IPv4 too, as it does for gRPC."""
    return {"dualstack_ipv6": family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()}


def _close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _most_connections() -> int:
    """As many as there may be files, some left to others. The program asks for as many files as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(hard - _FILES_FOR_OTHERS, hard // 2)
