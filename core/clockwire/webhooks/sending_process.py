"""How the process that sends webhooks is started and spoken to: one life of it."""

import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from clockwire.settings import Settings
from clockwire.webhooks.frames import Incoming, Outgoing, socket_pair
from clockwire.webhooks.messages import Begin

_PROGRAM = "clockwire.sending"


class SendingProcess:
    """A process of this program that runs a dispatcher, until it or this process ends."""

    def __init__(
        self, settings: Settings, *, lease: str, inherited: Sequence[int], drained: Callable[[], None]
    ) -> None:
        """It begins to start. *inherited* are descriptors it keeps open; *drained* is as in `Outgoing`.

        The settings go over the socket, because a command line and an environment can be read by others. It has a
        session of its own: Ctrl-C in a terminal is for this process, which tells it to stop.
        """
        self._end, theirs = socket_pair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-P", "-m", _PROGRAM, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), *inherited],
                start_new_session=True,
            )
        self._incoming = Incoming(self._end)
        self._outgoing = Outgoing(self._end, drained=drained)
        self.say(Begin(settings=settings, lease=lease))

    @property
    def pid(self) -> int:
        """What the system calls it."""
        return self._process.pid

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
