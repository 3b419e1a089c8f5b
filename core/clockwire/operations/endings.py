"""How those who wait for a delivery hear that it has ended."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Endings:
    """Wakes who waits. It carries no state: who is woken reads, and a lost wake-up costs only time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def tell(self, delivery_ids: Iterable[str]) -> None:
        """Wakes all who wait for one of these deliveries; from any thread."""
        if not self._waiting:
            return
        with self._lock:
            woken = [each for id_ in delivery_ids for each in self._waiting.get(id_, ())]
        for loop, event in woken:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    @contextmanager
    def heard(self, delivery_id: str) -> Iterator[asyncio.Event]:
        """An event that is set when the delivery ends while this block runs."""
        event = asyncio.Event()
        mine = (asyncio.get_running_loop(), event)
        with self._lock:
            self._waiting.setdefault(delivery_id, set()).add(mine)
        try:
            yield event
        finally:
            with self._lock:
                self._waiting[delivery_id].discard(mine)
                if not self._waiting[delivery_id]:
                    del self._waiting[delivery_id]
