"""How many POSTs are made at once by one thread: libcurl's transfers, driven by what the sockets are ready for.

The sockets are watched here, by epoll, instead of by libcurl: its own waiting ends at descriptor 1,024 and cannot be
woken from another thread.
"""

import math
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

import pycurl

from clockwire.model.instants import Clock, system_clock
from clockwire.model.outcome import Outcome, OutcomeKind
from clockwire.webhooks.exchange import Done, Exchange, SendRequest

_INTEREST = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}


class Sender:
    """Makes POSTs and says what came of each. All methods but `wake` belong to one thread."""

    def __init__(self, *, clock: Clock = system_clock, idle_connection_count: int = 256) -> None:
        self._clock = clock
        self._active: dict[pycurl.Curl, Exchange] = {}
        self._idle: list[Exchange] = []
        self._ended: deque[tuple[Done, Outcome]] = deque()
        self._due = math.inf
        self._attended: dict[int, Callable[[], None]] = {}
        self._epoll = select.epoll()
        self._wake = _Wake()
        self._epoll.register(self._wake.descriptor, select.EPOLLIN)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, idle_connection_count)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    @property
    def in_flight(self) -> int:
        """How many requests have been begun and have not ended."""
        return len(self._active)

    def send(self, request: SendRequest, done: Done) -> None:
        """Begin a POST; `poll` makes it and calls *done* with its outcome, once."""
        exchange = self._idle.pop() if self._idle else Exchange()
        exchange.begin(request, done, now=self._clock())
        self._active[exchange.curl] = exchange
        self._multi.add_handle(exchange.curl)

    def poll(self, timeout_seconds: float) -> None:
        """Move every transfer on, waiting for at most that long for one that can; then report those that ended."""
        wait = 0.0 if self._ended else min(timeout_seconds, max(self._due - time.monotonic(), 0.0))
        for descriptor, events in self._epoll.poll(wait):
            if descriptor == self._wake.descriptor:
                self._wake.clear()
            elif descriptor in self._attended:
                self._attended[descriptor]()
            else:
                self._multi.socket_action(descriptor, _readiness(events))
        if self._due <= time.monotonic():
            self._due = math.inf
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()
        self._report()

    def attend(self, descriptor: int, ready: Callable[[], None]) -> None:
        """From now on `poll` calls *ready* whenever there is something to be read there."""
        self._attended[descriptor] = ready
        self._epoll.register(descriptor, select.EPOLLIN)

    def leave(self, descriptor: int) -> None:
        """It is not attended to any more."""
        del self._attended[descriptor]
        self._epoll.unregister(descriptor)

    def wake(self) -> None:
        """End the waiting of `poll`, now or the next time; from any thread."""
        self._wake.set()

    def close(self) -> None:
        """End everything; what was in flight has the outcome UNKNOWN, because the receiver may have got it."""
        for exchange in [*self._active.values()]:
            self._multi.remove_handle(exchange.curl)
            self._ended.append((exchange.done, _unknown(exchange.outcome(0, ""))))
            self._idle.append(exchange)
        self._active.clear()
        self._multi.close()
        for exchange in self._idle:
            exchange.close()
        self._idle.clear()
        self._wake.close()
        self._epoll.close()
        self._report()

    def _collect(self) -> None:
        """Take every transfer that has ended out of libcurl, before anyone is told."""
        left = 1
        while left:
            left, succeeded, failed = self._multi.info_read()
            for curl in succeeded:
                self._end(curl, 0, "")
            for curl, error, message in failed:
                self._end(curl, error, message)

    def _end(self, curl: pycurl.Curl, error: int, message: str) -> None:
        exchange = self._active.pop(curl)
        self._multi.remove_handle(curl)
        self._ended.append((exchange.done, exchange.outcome(error, message)))
        self._idle.append(exchange)

    def _report(self) -> None:
        while self._ended:
            done, outcome = self._ended.popleft()
            done(outcome)

    def _on_socket(self, interest: int, descriptor: int, _multi: object, _data: object) -> None:
        if interest == pycurl.POLL_REMOVE:
            self._epoll.unregister(descriptor)
            return
        try:
            self._epoll.register(descriptor, _INTEREST[interest])
        except FileExistsError:
            self._epoll.modify(descriptor, _INTEREST[interest])

    def _on_timer(self, timeout_ms: int) -> None:
        self._due = math.inf if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000


class _Wake:
    """A descriptor that becomes readable when any thread sets it."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._closed = False

    def set(self) -> None:
        with self._lock:
            if not self._closed:
                os.eventfd_write(self.descriptor, 1)

    def clear(self) -> None:
        os.eventfd_read(self.descriptor)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            os.close(self.descriptor)


def _readiness(events: int) -> int:
    readiness = 0
    if events & (select.EPOLLIN | select.EPOLLHUP):
        readiness |= pycurl.CSELECT_IN
    if events & select.EPOLLOUT:
        readiness |= pycurl.CSELECT_OUT
    if events & select.EPOLLERR:
        readiness |= pycurl.CSELECT_ERR
    return readiness


def _unknown(outcome: Outcome) -> Outcome:
    return Outcome(
        kind=OutcomeKind.UNKNOWN,
        start_time=outcome.start_time,
        duration=outcome.duration,
        remote_ip=outcome.remote_ip,
        error="the sender was stopped before the response came",
    )
