"""The dispatcher of a server when it is a process of its own, which leaves this one to answer calls and write.

It is told of fresh deliveries as a dispatcher here would be, and sends them with the same code. What can be decided
here is: whether there is a place for one more delivery must be known while its transaction is open, so the process
says beforehand how many it takes. If it ends, another one is started, and what it held is due again.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from queue import SimpleQueue
from typing import Any, Protocol

import structlog

from clockwire.model.caller import system
from clockwire.model.delivery import Attempted, ClaimedDelivery
from clockwire.model.errors import ClockwireError, ServerDraining
from clockwire.model.identifiers import new_id
from clockwire.model.instants import Clock
from clockwire.model.outcome import Outcome, OutcomeKind
from clockwire.model.subscription import Subscription
from clockwire.operations.dispatch import Settled
from clockwire.storage.claims import end_leases_of
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Job, Writer, Written
from clockwire.webhooks.allowances import Allowances
from clockwire.webhooks.messages import (
    Acknowledged,
    Changed,
    Deliver,
    Do,
    Done,
    Ready,
    Report,
    Stop,
    Test,
    Tested,
    Wake,
)
from clockwire.webhooks.sending_process import SendingProcess

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 1.0
_SHORT_LIFE_SECONDS = 10.0
_PAUSE_SECONDS = 1.0
_SETTLE_SECONDS = 5.0
_LOST = "the process that sent it ended before it could tell what came of this attempt"


class Starter(Protocol):
    """What starts the process that sends."""

    def __call__(self, *, lease: str, drained: Callable[[], None]) -> SendingProcess:
        """One that has begun to start."""


class RemoteDispatcher:
    """Does what `Dispatcher` does, elsewhere. From any thread, and nothing but `stop` waits for long."""

    def __init__(
        self,
        writer: Writer[Any],
        start: Starter,
        *,
        clock: Clock,
        ended: Callable[[Sequence[str]], None],
        settled: Callable[[Sequence[Settled]], None],
    ) -> None:
        """*ended* and *settled* are as the dispatcher's own; both are called on a thread of its own."""
        #: Of what the process holds; empty while there is none.
        self.lease = ""
        self._writer = writer
        self._start = start
        self._clock = clock
        self._ended = ended
        self._settled = settled
        self._lock = threading.Lock()
        self._process: SendingProcess | None = None
        self._ready = False
        self._allowances = Allowances()
        self._refused: set[str] = set()
        self._wake_up = 1
        self._wake_later = False
        self._numbers = count(1)
        self._unheard: dict[int, threading.Event] = {}
        self._silent = False
        self._progress_time = time.monotonic()
        self._tests: dict[int, _Test] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Deliveries are sent as soon as the process is ready."""
        self._thread.start()

    def stop(self, grace_seconds: float) -> None:
        """Nothing is sent any more. What was under way may end within the time given; what came of all is written."""
        with self._lock:
            self._stopping.set()
            if self._process is not None and self._ready:
                self._process.say(Stop(grace_seconds))
            elif self._process is not None:
                self._process.kill()
        self._thread.join(grace_seconds + _SETTLE_SECONDS)
        with self._lock:
            if self._process is not None:
                self._process.kill()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the process is there, and sends."""
        return self._ready

    @property
    def pid(self) -> int:
        """What the system calls the process; 0 if there is none."""
        process = self._process
        return process.pid if process else 0

    @property
    def stalled_seconds(self) -> float:
        """How long ago the process last found out what is due, as far as is known here."""
        return time.monotonic() - self._progress_time

    def reserve(self, subscription: Subscription) -> bool:
        """Whether a place was found, and is kept, for one more delivery of this subscription."""
        with self._lock:
            if self._open() and self._allowances.take(subscription, self._wake_up):
                return True
            self._refused.add(subscription.id)
            return False

    def release(self, subscription_ids: Sequence[str]) -> None:
        """Gives back places that were reserved for deliveries which were not committed."""
        with self._lock:
            self._allowances.give_back(subscription_ids)

    def accept(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Hands deliveries over for which places were reserved. Those of a process that has ended are due again."""
        with self._lock:
            mine = [each for each in claimed if each.delivery.lease == self.lease]
            if mine and self._process is not None:
                self._process.say(Deliver(mine))

    def subscriptions_changed(self, workspace_ids: Collection[str] | None) -> None:
        """Begins no attempt any more for subscriptions of these workspaces (None: of any) as they were before.

        Waits until the process says so, unless it is silent.
        """
        heard = threading.Event()
        with self._lock:
            if self._process is None or not self._ready:
                return
            number = next(self._numbers)
            self._unheard[number] = heard
            self._process.say(Changed(number, workspace_ids if workspace_ids is None else tuple(workspace_ids)))
            silent = self._silent
        if not silent and not heard.wait(_PATIENCE_SECONDS):
            self._silent = True
            log.warning("the sending process does not answer", seconds=_PATIENCE_SECONDS)

    def wake(self) -> None:
        """Hears that there are deliveries to claim."""
        with self._lock:
            if self._process is None or not self._ready:
                return
            self._wake_later = not self._process.listens
            if not self._wake_later:
                self._process.say(Wake(self._wake_up, tuple(self._refused)))
                self._refused.clear()
                self._wake_up += 1

    async def send_test(self, claimed: ClaimedDelivery) -> Attempted:
        """Makes one attempt now, or once there is a process again, and says what came of it."""
        loop = asyncio.get_running_loop()
        test = _Test(claimed, loop, loop.create_future())
        number = next(self._numbers)
        with self._lock:
            if self._stopping.is_set():
                raise ServerDraining
            self._tests[number] = test
            self._begin_test(number, test)
        try:
            return await test.answer
        finally:
            with self._lock:
                del self._tests[number]

    def _open(self) -> bool:
        """Whether deliveries may be handed over. The lock is held."""
        return (
            self._ready and self._process is not None and not self._process.overwhelmed and not self._stopping.is_set()
        )

    def _begin_test(self, number: int, test: "_Test") -> None:
        if self._ready and self._process is not None:
            test.begun = True
            self._process.say(Test(number, test.claimed))

    def _drained(self) -> None:
        if self._wake_later:
            self.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._live()
            except Exception:
                log.exception("webhooks cannot be sent")
            if time.monotonic() - started < _SHORT_LIFE_SECONDS:
                self._stopping.wait(_PAUSE_SECONDS)

    def _live(self) -> None:
        """One life of the process, from its start to its end."""
        lease = new_id(self._clock())
        process = self._start(lease=lease, drained=self._drained)
        with self._lock:
            self._process = process
            if self._stopping.is_set():
                process.kill()
        try:
            while (message := process.hear()) is not None:
                self._hear(message, process, lease)
        finally:
            self._lose(process, lease)

    def _hear(self, message: object, process: SendingProcess, lease: str) -> None:
        self._silent = False
        match message:
            case Report():
                with self._lock:
                    self._allowances.raise_to(message.limits, message.heard)
                self._progress_time = time.monotonic() - message.stalled_seconds
                self._settled(message.attempts)
                self._ended(message.ended)
            case Acknowledged(number):
                self._unheard.pop(number).set()
            case Tested(number, outcome, request_headers):
                if (test := self._tests.get(number)) is not None:
                    test.tell(outcome, request_headers)
            case Do(number, operation, workspace_id):
                self._write(process, number, operation, workspace_id)
            case Ready():
                self._begin(lease)

    def _write(
        self, process: SendingProcess, number: int, operation: Callable[[Transaction], Any], workspace_id: str
    ) -> None:
        """What the process has to write down is written here, and answered."""

        def done(answer: Written[Any] | Exception) -> None:
            process.say(Done(number, RuntimeError(str(answer)) if isinstance(answer, Exception) else answer))

        try:
            self._writer.submit(Job(operation=operation, caller=system(workspace_id), done=done))
        except ClockwireError as error:
            done(error)

    def _begin(self, lease: str) -> None:
        """The process sends from now on. It claims by itself what waits."""
        with self._lock:
            self._allowances = Allowances()
            self.lease, self._ready = lease, True
            for number, test in self._tests.items():
                self._begin_test(number, test)
        log.info("sending webhooks", process=self.pid)

    def _lose(self, process: SendingProcess, lease: str) -> None:
        """The process has ended, and nobody waits for it any more."""
        with self._lock:
            self.lease, self._ready, self._process = "", False, None
            unheard, self._unheard = self._unheard, {}
            begun = [test for test in self._tests.values() if test.begun]
        for event in unheard.values():
            event.set()
        status = process.ended()
        for test in begun:
            start_time = test.claimed.delivery.create_time
            outcome = Outcome(kind=OutcomeKind.UNKNOWN, start_time=start_time, duration=0, error=_LOST)
            test.tell(outcome, {})
        if status != 0 or not self._stopping.is_set():
            log.error("the sending process ended", process=process.pid, status=status)
            self._free(lease)

    def _free(self, lease: str) -> None:
        """What was leased to a process that has ended is due; tried until it is written, or nobody waits for it."""
        answers: SimpleQueue[Any] = SimpleQueue()
        while True:
            try:
                self._writer.submit(Job(operation=partial(_end_leases, lease), caller=system(""), done=answers.put))
                if not isinstance(answer := answers.get(), Exception):
                    return
            except ClockwireError as error:
                answer = error
            log.error("leases not ended", error=str(answer))
            if self._stopping.wait(_PAUSE_SECONDS):
                return


class _Test:
    """A test that somebody waits for."""

    def __init__(
        self, claimed: ClaimedDelivery, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Attempted]"
    ) -> None:
        self.claimed = claimed
        self.answer = answer
        self.begun = False
        self._loop = loop

    def tell(self, outcome: Outcome, request_headers: Any) -> None:  # noqa: ANN401
        attempted = Attempted(claimed=self.claimed, outcome=outcome, request_headers=request_headers)
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._settle, attempted)

    def _settle(self, attempted: Attempted) -> None:
        if not self.answer.done():
            self.answer.set_result(attempted)


def _end_leases(lease: str, transaction: Transaction) -> None:
    end_leases_of(transaction.connection, lease, transaction.now)
