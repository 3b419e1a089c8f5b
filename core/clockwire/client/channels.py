"""Which channel this process, and this event loop, may use.

gRPC channels do not survive a fork: one that was opened before it fails, hangs or aborts the child. So a channel
belongs to the process that opened it; a child opens its own and leaves the inherited one alone, without closing it.
A channel of grpc.aio belongs to one event loop besides.
"""

import asyncio
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

ChannelT = TypeVar("ChannelT")


class Channels(Generic[ChannelT]):
    """At most one open channel, made when it is first asked for, and made anew for another owner."""

    def __init__(self, opener: Callable[[], ChannelT], owner: Callable[[], object]) -> None:
        self._opener = opener
        self._owner = owner
        self._held: tuple[object, ChannelT] | None = None
        self._lock = threading.Lock()
        _ALL.add(self)

    def current(self) -> ChannelT:
        """The channel of this owner."""
        owner = self._owner()
        with self._lock:
            if self._held is None or self._held[0] != owner:
                self._held = (owner, self._opener())
            return self._held[1]

    def discard(self, channel: ChannelT) -> None:
        """*channel* is not given out again. Calls that still run on it may end on it: it is not closed here."""
        with self._lock:
            if self._held is not None and self._held[1] is channel:
                self._held = None

    def take(self) -> ChannelT | None:
        """The channel that is open, if any, for the caller to close."""
        with self._lock:
            held, self._held = self._held, None
        return held[1] if held is not None else None

    def leave_to_parent(self) -> None:
        """In a child, neither the channel nor the lock is used any more."""
        # Finalising the channel here would reach into the parent's connection, and a thread that is not here any
        # more may have held the lock.
        _INHERITED.append(self._held)
        self._held = None
        self._lock = threading.Lock()


def this_process() -> int:
    """The owner of a channel for blocking calls."""
    return os.getpid()


def this_loop() -> asyncio.AbstractEventLoop:
    """The owner of a channel of grpc.aio."""
    return asyncio.get_running_loop()


_ALL: "weakref.WeakSet[Channels[Any]]" = weakref.WeakSet()
_INHERITED: list[object] = []


def _forked() -> None:
    for channels in tuple(_ALL):
        channels.leave_to_parent()


os.register_at_fork(after_in_child=_forked)
