"""How does a port close without a wrong word? Its sockets are ended, and only then is the library told to stop.

When grpc.aio stops, it answers CANCELLED to every call that has come in and was not taken yet, and to those that come
until their connection has heard of it; a caller cannot tell that from a call that it gave up itself. Nothing in the
library ends a connection before (grpc/grpc: Server::ShutdownAndNotify in src/core/server/server.cc). So the port and
the sending half of its connections are closed here, below the library. What was sent before still arrives, in order,
and then the end of the connection, which is UNAVAILABLE in every language.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: What this process has open, by number (Linux, macOS, BSD).
_OPEN = Path("/dev/fd")


def hang_up(port: int) -> None:
    """Nobody can connect to this port of this process any more, and nothing more is sent to those who have."""
    for number, end in _sockets(port):
        with end:
            if end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                _replace(number)
    for _, connection in _sockets(port):
        with connection, suppress(OSError):  # it has ended by itself
            connection.shutdown(socket.SHUT_WR)


def _sockets(port: int) -> Iterator[tuple[int, socket.socket]]:
    """Copies of the sockets whose own end is this port, by number: those that listen, and those that were accepted."""
    for number in _numbers():
        with suppress(OSError):  # it was closed meanwhile
            copy = os.dup(number)
            if not stat.S_ISSOCK(os.fstat(copy).st_mode):
                os.close(copy)
                continue
            end = socket.socket(fileno=copy)
            if end.family in {socket.AF_INET, socket.AF_INET6} and end.getsockname()[1] == port:
                yield number, end
            else:
                end.close()


def _numbers() -> list[int]:
    with suppress(OSError):
        return [int(each.name) for each in _OPEN.iterdir()]
    return []


def _replace(number: int) -> None:
    """The socket with this number is closed; the number stays taken, since the library will close it."""
    with socket.socket() as unused:
        os.dup2(unused.fileno(), number, inheritable=False)
