"""How two processes of one program tell each other things: in frames, over a pair of sockets."""

import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from clockwire.processes.telling import heard, told

_HEAD = struct.Struct("!I")
_BUFFER = 1024 * 1024
_PIECE = 128 * 1024
_MOST_WAITING = 4 * 1024 * 1024


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Two ends, with room for what a large commit causes."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    return ours, theirs


class Incoming:
    """What the other process says. Belongs to one thread at a time."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._come = bytearray()

    @property
    def descriptor(self) -> int:
        """What can be read once there is something to hear, or nobody who says anything any more."""
        return self._end.fileno()

    @property
    def ended(self) -> bool:
        """Whether the other process has ended, also if not all that it said was heard; from any thread."""
        poll = select.poll()
        poll.register(self._end, 0)  # nothing but the end, of which it always tells
        return bool(poll.poll(0))

    def next(self) -> Any:  # noqa: ANN401 - whatever was said
        """The next thing that is said, waited for; None if the other process has ended."""
        while (frame := self._frame()) is None:
            if not self._receive():
                return None
        return heard(frame)

    def here(self) -> Iterator[Any]:
        """What has come, not waited for. Raises EOFError after it if the other process has ended."""
        ended = not self._receive(socket.MSG_DONTWAIT)
        while (frame := self._frame()) is not None:
            yield heard(frame)
        if ended:
            raise EOFError

    def _frame(self) -> bytes | None:
        """The next whole frame of what has come."""
        if len(self._come) < _HEAD.size:
            return None
        [size] = _HEAD.unpack_from(self._come)
        end = _HEAD.size + size
        if len(self._come) < end:
            return None
        frame = bytes(memoryview(self._come)[_HEAD.size : end])
        del self._come[:end]
        return frame

    def _receive(self, flags: int = 0) -> bool:
        """Whether the other process is there; what it says has come."""
        try:
            come = self._end.recv(_PIECE, flags)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._come += come
        return bool(come)


class Outgoing:
    """What this process says, from any thread: at once if the other one listens, else as soon as it does."""

    def __init__(self, end: socket.socket, *, drained: Callable[[], None] = lambda: None) -> None:
        """*drained* is called on a thread of its own whenever all has been said after something had to wait."""
        self._end = end
        self._drained = drained
        self._changed = threading.Condition()
        self._waiting: deque[memoryview] = deque()
        self._size = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="outgoing", daemon=True)
        self._thread.start()

    @property
    def waits(self) -> bool:
        """Whether the other process has yet to listen to what was said before."""
        return bool(self._waiting)

    @property
    def full(self) -> bool:
        """Whether so much waits that it is better to say nothing more."""
        return self._size > _MOST_WAITING

    def say(self, message: object) -> None:
        """The other process will hear it, unless it ends before. Never waits for it."""
        body = told(message)
        frame = memoryview(_HEAD.pack(len(body)) + body)
        with self._changed:
            if not self._waiting:
                frame = frame[self._sent(frame) :]
            if frame and not self._closed:
                self._waiting.append(frame)
                self._size += len(frame)
                self._changed.notify_all()

    def finish(self) -> None:
        """Everything has been said, and nothing more will be said or heard."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)
        self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """What still waits is not said, and the thread has ended."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join()

    def _sent(self, frame: memoryview) -> int:
        """How much of it could be said at once. Who has ended hears everything."""
        try:
            return self._end.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError:
            return len(frame)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                frame = self._waiting[0]
            if not self._say_slowly(frame):
                return
            with self._changed:
                if self._closed:
                    return
                self._waiting.popleft()
                self._size -= len(frame)
                empty = not self._waiting
                self._changed.notify_all()
            if empty:
                self._drained()

    def _say_slowly(self, frame: memoryview) -> bool:
        try:
            self._end.sendall(frame)
        except OSError:
            return False
        return True
