"""Who has operations rehearsed by another process, while the writer of this one has others to write.

Nobody depends on that process: without an answer of its, an operation is run as any other. It is started when there is
first something to rehearse, and is not ready for that yet.
"""

import asyncio
from collections.abc import Callable
from itertools import count

import structlog

from clockwire.model.caller import Caller
from clockwire.processes.child import Child
from clockwire.processes.messages import Ready, Rehearse, Rehearsed
from clockwire.storage.rehearsal import Operation, Performance, Script, T

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 10.0
PAUSE_SECONDS = 5.0
MOST_WAITING = 16


class Rehearsals:
    """Belongs to the thread of one event loop."""

    def __init__(
        self,
        start: Callable[[], Child],
        *,
        busy: Callable[[], bool],
        noted: Callable[[bool], None],
        longest_seconds: float = LONGEST_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        """*start* starts the process. *busy*: whether an operation would have to wait now. *noted*: see Performance.

        A process that takes longer than *longest_seconds* for a rehearsal is not waited for, but ended. Another is not
        started before *pause_seconds* have passed since the last one was.
        """
        self._start = start
        self._busy = busy
        self._noted = noted
        self._longest_seconds = longest_seconds
        self._pause_seconds = pause_seconds
        self._child: Child | None = None
        self._ready = False
        self._not_before = 0.0
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Script | None]] = {}

    async def rehearsed(self, operation: Operation[T], caller: Caller) -> Operation[T]:
        """The same operation, rehearsed if it would have to wait anyway. It can be pickled."""
        child = self._wanted()
        if child is None:
            return operation
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        child.say(Rehearse(number, operation, caller))
        try:
            async with asyncio.timeout(self._longest_seconds):
                script = await answer
        except TimeoutError:
            child.kill()
            script = None
        finally:
            del self._waiting[number]
        return operation if script is None else Performance(script, operation, self._noted)

    @property
    def pid(self) -> int:
        """What the system calls the process; 0 if there is none."""
        return self._child.pid if self._child else 0

    def stop(self) -> None:
        """The process has ended, and no other is started."""
        self._not_before = float("inf")
        if self._child is not None:
            self._lose(self._child)

    def _wanted(self) -> Child | None:
        """The process, if something should be rehearsed by it now."""
        if not self._busy():
            return None
        if self._child is None:
            self._begin()
        listens = self._ready and len(self._waiting) < MOST_WAITING
        return self._child if listens and self._child and not self._child.overwhelmed else None

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            return
        self._not_before = loop.time() + self._pause_seconds
        try:
            self._child = child = self._start()
        except OSError:
            log.exception("nothing can be rehearsed")
        else:
            loop.add_reader(child.descriptor, self._listen, child)

    def _listen(self, child: Child) -> None:
        try:
            for message in child.here():
                self._hear(message)
        except EOFError:
            status = self._lose(child)
            log.warning("the rehearsing process ended", process=child.pid, status=status)

    def _hear(self, message: object) -> None:
        match message:
            case Ready():
                self._ready = True
            case Rehearsed(number, script):
                answer = self._waiting.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(script)

    def _lose(self, child: Child) -> int:
        """Its exit status; who waits for it waits no more."""
        asyncio.get_running_loop().remove_reader(child.descriptor)
        self._child, self._ready = None, False
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)
        child.kill()
        return child.ended()
