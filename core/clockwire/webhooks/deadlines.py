"""Who must have an answer by when, whatever the answer waits for."""

import heapq
import threading
import time
from concurrent.futures import Future, InvalidStateError
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Futures with a time limit: one that has no result when its time is over gets the one that was given here."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Future[T], T]] = []
        self._order = count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="clockwire-deadlines", daemon=True)
        self._thread.start()

    def limit(self, future: Future[T], *, seconds: float, late: T) -> None:
        """Give *future* the result *late* after that many seconds, if it has none by then."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._order), future, late))
            self._changed.notify()

    def close(self) -> None:
        """Every future still waiting is late now."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while expired := self._next_expired():
            for _, _, future, late in expired:
                settle(future, late)

    def _next_expired(self) -> list[tuple[float, int, Future[T], T]]:
        """What has expired, once something has; nothing only after the end."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                expired = []
                while self._waiting and self._waiting[0][0] <= now:
                    expired.append(heapq.heappop(self._waiting))
                if expired:
                    return expired
                self._changed.wait(self._waiting[0][0] - now if self._waiting else None)
            rest, self._waiting = self._waiting, []
            return rest


def settle(future: Future[T], result: T) -> None:
    """Give *future* its result unless it has one: of two that race, the first counts."""
    try:
        future.set_result(result)
    except InvalidStateError:
        return
