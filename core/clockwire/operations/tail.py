"""How readers hear of new events: the newest ones from memory, and a wake-up when there is something to read.

Only workspaces that somebody reads are held, and only what this process wrote: whoever finds nothing here asks the
database. A wake-up carries no data, so that one which gets lost costs time and never an event.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

from clockwire.model.event import LogEntry

_MOST_ENTRIES = 4096
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class _Recent:
    """The newest events of one workspace, without a gap, and who waits for more."""

    entries: deque[LogEntry] = field(default_factory=deque)
    size: int = 0
    readers: int = 0
    waiting: set["asyncio.Future[None]"] = field(default_factory=set)


class Tail:
    """The newest events of the workspaces that are read. Belongs to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing is held yet."""
        self._loop = loop
        self._recent: dict[str, _Recent] = {}

    def told(self, entries: Mapping[str, Sequence[LogEntry]]) -> None:
        """Hears from the writer's thread what was committed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._extend, entries)

    def announced(self, workspace_ids: Collection[str] | None) -> None:
        """Hears from any thread that another process committed something in these workspaces; None: perhaps in any."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all, workspace_ids)

    @contextmanager
    def reading(self, workspace_id: str) -> Iterator[None]:
        """While a reader is here the workspace's new events are held for it."""
        recent = self._recent.setdefault(workspace_id, _Recent())
        recent.readers += 1
        try:
            yield
        finally:
            recent.readers -= 1
            if not recent.readers:
                del self._recent[workspace_id]

    def after(self, workspace_id: str, sequence: int, limit: int) -> tuple[list[LogEntry], LogEntry] | None:
        """The next entries and the newest one of all; None if memory can't tell."""
        recent = self._recent.get(workspace_id)
        if recent is None or not recent.entries:
            return None
        skipped = sequence + 1 - recent.entries[0].sequence
        if not 0 <= skipped < len(recent.entries):
            return None
        return list(islice(recent.entries, skipped, skipped + limit)), recent.entries[-1]

    async def news(self, workspace_id: str, sequence: int, timeout_seconds: float) -> None:
        """Returns when there may be events after *sequence*, or when the time is over."""
        recent = self._recent[workspace_id]
        if recent.entries and recent.entries[-1].sequence > sequence:
            return
        waiting: asyncio.Future[None] = self._loop.create_future()
        recent.waiting.add(waiting)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_seconds):
                    await waiting
        finally:
            recent.waiting.discard(waiting)

    def _wake_all(self, workspace_ids: Collection[str] | None) -> None:
        for workspace_id, recent in self._recent.items():
            if workspace_ids is None or workspace_id in workspace_ids:
                _wake(recent)

    def _extend(self, entries: Mapping[str, Sequence[LogEntry]]) -> None:
        for workspace_id, new in entries.items():
            if recent := self._recent.get(workspace_id):
                _append(recent, new)
                _wake(recent)


def _append(recent: _Recent, new: Sequence[LogEntry]) -> None:
    """The new entries are held; those before a gap, which another process wrote, and the oldest are not."""
    if recent.entries and recent.entries[-1].sequence + 1 != new[0].sequence:
        recent.entries.clear()
        recent.size = 0
    recent.entries.extend(new)
    recent.size += sum(len(entry.message) for entry in new)
    while len(recent.entries) > _MOST_ENTRIES or recent.size > _MOST_BYTES:
        recent.size -= len(recent.entries.popleft().message)


def _wake(recent: _Recent) -> None:
    for waiting in recent.waiting:
        if not waiting.done():
            waiting.set_result(None)
