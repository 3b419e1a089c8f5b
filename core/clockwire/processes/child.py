"""A process of this program that works for this one: how it is started and spoken to; one life of it."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from clockwire.processes.frames import Incoming, Outgoing, socket_pair


class Child:
    """Runs a module of this program, until it or this process ends."""

    def __init__(
        self, module: str, *, inherited: Sequence[int] = (), drained: Callable[[], None] = lambda: None
    ) -> None:
        """It begins to start. *inherited* are descriptors it keeps open; *drained* is as in `Outgoing`.

        What it needs to know it is told over a socket, because a command line and an environment can be read by
        others. It has a session of its own: Ctrl-C in a terminal is for this process, which tells it to stop.
        """
        self._end, theirs = socket_pair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-P", "-m", module, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), *inherited],
                start_new_session=True,
            )
        except OSError:
            self._end.close()
            raise
        finally:
            theirs.close()
        self._incoming = Incoming(self._end)
        self._outgoing = Outgoing(self._end, drained=drained)

    @property
    def pid(self) -> int:
        """What the system calls it."""
        return self._process.pid

    @property
    def descriptor(self) -> int:
        """What can be read once there is something to hear, or it has ended."""
        return self._incoming.descriptor

    @property
    def listens(self) -> bool:
        """Whether it has heard everything that was said."""
        return not self._outgoing.waits

    @property
    def overwhelmed(self) -> bool:
        """Whether so much was said that it has not heard that it is better to say no more."""
        return self._outgoing.full

    def say(self, message: object) -> None:
        """It will hear this, unless it ends before. Never waits."""
        self._outgoing.say(message)

    def hear(self) -> Any:  # noqa: ANN401 - whatever it says
        """The next thing it says, waited for; None if it has ended."""
        return self._incoming.next()

    def here(self) -> Iterator[Any]:
        """What it has said by now, not waited for. Raises EOFError after it if it has ended."""
        return self._incoming.here()

    def kill(self) -> None:
        """It ends at once."""
        self._process.kill()

    def ended(self) -> int:
        """Its exit status, once it has ended; what it held open is closed."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)  # if it still runs, it ends by this
        self._outgoing.close()
        self._end.close()
        return self._process.wait()
