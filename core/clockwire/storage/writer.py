"""Who writes: one thread, many callers, one commit.

Operations wait in a queue. The writer takes all that wait (a group), runs them one after the other inside ONE database
transaction, each under a savepoint so that a refused one fails alone, commits, and only then answers the callers. A
commit costs what hundreds of rows cost, so a busy writer is a fast one; an idle one makes a group of one and waits
for no company.

The logs of the group's workspaces are locked first, in the order of their ids. From there to the commit nobody else
writes in them, so log order is commit order and an operation may read, decide and write without a race.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from clockwire.model.caller import Caller
from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.errors import ClockwireError, QuotaExceeded, RequestIdReused, ResourceNotFound, StoreUnavailable
from clockwire.model.event import Mutation
from clockwire.model.instants import Clock, Instant
from clockwire.model.vault import Vault
from clockwire.storage.database import Database, is_passing
from clockwire.storage.kept_answers import KEPT_FOR, Key, insert_answers, select_answers
from clockwire.storage.statements import run_statement
from clockwire.storage.transaction import Log, Transaction
from clockwire.storage.workspaces import lock_logs
from clockwire.storage.write_connection import WriteConnection

T = TypeVar("T")
S = TypeVar("S")
log = structlog.get_logger(__name__)

LARGEST_GROUP = 512
QUEUE_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Generic[T]):
    """What makes an operation repeatable: the caller's key for it, and how its answer is kept."""

    method: str
    request_id: str
    #: Of the request's body: the same key with another body is a mistake of the caller's.
    digest: bytes
    encode: Callable[[T, Mutation], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Generic[T]):
    """The answer to an operation that was committed: its result, or the answer kept from the first time."""

    result: T | None = None
    mutation: Mutation | None = None
    kept: bytes | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Job(Generic[T]):
    """An operation in the queue."""

    operation: Callable[[Transaction], T]
    caller: Caller
    repeat: Repeat[T] | None = None
    dry: bool = False
    done: Callable[[Written[T] | Exception], None]
    #: Where `done` is called; None: on the writer's thread.
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def key(self) -> Key | None:
        """What it is remembered by, if the caller wants it repeatable."""
        return (self.caller.workspace_id, self.repeat.method, self.repeat.request_id) if self.repeat else None


@dataclass(slots=True)
class Group:
    """The operations of one database transaction that succeeded, in order."""

    now: Instant
    logs: dict[str, Log]
    done: list[tuple[Job[Any], Transaction, Any]] = field(default_factory=list)
    answers: list[tuple[Job[Any], Written[Any] | Exception]] = field(default_factory=list)


class Writer(Generic[S]):
    """The thread that writes.

    *seal* is called at the end of each group, inside its transaction, which is as of then: it gives the events their
    places, stores them and what they cause. What it returns is handed to *committed* after the commit.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        *,
        clock: Clock,
        seal: Callable[[Transaction, Group], S],
        committed: Callable[[S], None],
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        """At most *queue_limit* operations wait; more are refused."""
        self._connection = WriteConnection(database)
        self._vault = vault
        self._clock = clock
        self._seal = seal
        self._committed = committed
        self._queue: Queue[Job[Any] | None] = Queue()
        self._queue_limit = queue_limit
        self._writing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """The writer takes operations from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Everything that was queued is written, and the thread has ended."""
        self._queue.put(None)
        self._thread.join()

    @property
    def busy(self) -> bool:
        """Whether an operation that came now would have to wait for others."""
        return self._writing or not self._queue.empty()

    async def write(
        self,
        operation: Callable[[Transaction], T],
        caller: Caller,
        *,
        repeat: Repeat[T] | None = None,
        dry: bool = False,
    ) -> Written[T]:
        """Runs the operation and answers once it is durable; *dry* runs it and takes it back.

        Raises what the operation raised, QuotaExceeded if too many wait, StoreUnavailable if the database is away.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Written[T]] = loop.create_future()
        self.submit(Job(operation=operation, caller=caller, repeat=repeat, dry=dry, done=_settle(future), loop=loop))
        return await future

    def submit(self, job: Job[Any]) -> None:
        """The job waits its turn. Raises QuotaExceeded if too many wait."""
        if self._queue.qsize() >= self._queue_limit:
            raise QuotaExceeded("operations may wait to be written", self._queue_limit, retry_after_seconds=1)
        self._queue.put(job)

    def _run(self) -> None:
        held: list[Job[Any]] = []
        while True:
            self._writing = bool(held)
            jobs, stopping = self._next_group(held)
            self._writing = True
            now, held = _without_repeats(jobs)
            self._write_group(now)
            if stopping and not held:
                self._connection.close()
                return

    def _next_group(self, held: list[Job[Any]]) -> tuple[list[Job[Any]], bool]:
        jobs: list[Job[Any]] = list(held)
        try:
            while len(jobs) < LARGEST_GROUP:
                job = self._queue.get_nowait() if jobs else self._queue.get()
                if job is None:
                    return jobs, True
                jobs.append(job)
        except Empty:
            pass
        return jobs, False

    def _write_group(self, jobs: Sequence[Job[Any]]) -> None:
        """Each job is answered. If the connection was lost before the commit, another is tried, once."""
        progress = _Progress()
        try:
            try:
                group, sealed = self._commit(jobs, progress)
            except DBAPIError as error:
                if progress.committing or not error.connection_invalidated:
                    raise
                group, sealed = self._commit(jobs, progress)
        except Exception as error:  # noqa: BLE001 - the thread must live on, and every caller be answered
            _answer([(job, _told(error)) for job in jobs])
            return
        self._committed(sealed)
        _answer(group.answers)

    def _commit(self, jobs: Sequence[Job[Any]], progress: "_Progress") -> tuple[Group, S]:
        with self._connection.transaction() as connection:
            logs = lock_logs(connection, {job.caller.workspace_id for job in jobs if job.caller.workspace_id})
            group = Group(now=self._clock(), logs=logs)
            kept = select_answers(connection, (job.key for job in jobs if job.key), group.now - KEPT_FOR)
            for job in jobs:
                transaction = Transaction(connection, group.now, job.caller, logs.get(job.caller.workspace_id))
                self._take(job, transaction, group, kept)
            sealed = self._seal(Transaction(connection, self._clock(), Caller(workspace_id=""), None), group)
            self._keep_answers(connection, group)
            progress.committing = True
        return group, sealed

    def _take(
        self, job: Job[Any], transaction: Transaction, group: Group, kept: dict[Key, tuple[bytes, bytes]]
    ) -> None:
        """The job has run under its savepoint, or is answered at once."""
        if job.caller.workspace_id and transaction.log is None:
            group.answers.append((job, ResourceNotFound("workspace", job.caller.workspace_id)))
        elif job.key in kept:
            group.answers.append((job, self._replay(job, *kept[job.key])))
        else:
            self._attempt(job, transaction, group)

    def _attempt(self, job: Job[Any], transaction: Transaction, group: Group) -> None:
        connection = transaction.connection
        run_statement(connection, "SAVEPOINT operation")
        try:
            result = job.operation(transaction)
        except Exception as error:
            if isinstance(error, DBAPIError) and is_passing(error):
                raise
            run_statement(connection, "ROLLBACK TO SAVEPOINT operation")
            group.answers.append((job, error))
            return
        if job.dry:
            run_statement(connection, "ROLLBACK TO SAVEPOINT operation")
            group.answers.append((job, Written(result=result)))
            return
        run_statement(connection, "RELEASE SAVEPOINT operation")
        group.done.append((job, transaction, result))

    def _replay(self, job: Job[Any], digest: bytes, answer: bytes) -> Written[Any] | Exception:
        assert job.repeat is not None
        if digest != job.repeat.digest:
            return RequestIdReused(job.repeat.request_id)
        return Written(kept=self._vault.open(answer, job.repeat.request_id))

    def _keep_answers(self, connection: Any, group: Group) -> None:  # noqa: ANN401
        rows = []
        for job, transaction, result in group.done:
            mutation = _mutation(transaction)
            group.answers.append((job, Written(result=result, mutation=mutation)))
            if job.repeat and job.key:
                answer = self._vault.seal(job.repeat.encode(result, mutation), job.repeat.request_id)
                rows.append((*job.key, job.repeat.digest, answer, group.now))
        insert_answers(connection, rows)


@dataclass(slots=True)
class _Progress:
    """Whether the commit was begun: after that a fault leaves open whether the group was written."""

    committing: bool = False


def _without_repeats(jobs: Iterable[Job[Any]]) -> tuple[list[Job[Any]], list[Job[Any]]]:
    """The jobs for this group, and those that repeat one of them: they wait for its answer in the next."""
    now: list[Job[Any]] = []
    held: list[Job[Any]] = []
    keys: set[Key] = set()
    for job in jobs:
        if job.key in keys:
            held.append(job)
            continue
        now.append(job)
        if job.key:
            keys.add(job.key)
    return now, held


def _mutation(transaction: Transaction) -> Mutation:
    """What the operation did to the log, once its events have their places."""
    head = transaction.log
    if head is None:
        return Mutation(cursor="")
    cursor = Cursor(head.epoch, head.workspace.id, transaction.last_sequence)
    return Mutation(cursor=encode_cursor(cursor), event_ids=transaction.event_ids)


def _told(error: Exception) -> Exception:
    """What the callers are told of a group that failed as a whole."""
    if isinstance(error, ClockwireError):
        return error
    if isinstance(error, DBAPIError):
        log.error("group not written", error=str(error.orig))
        return StoreUnavailable()
    log.error("group not written", exc_info=error)
    return error


def _answer(answers: Iterable[tuple[Job[Any], Written[Any] | Exception]]) -> None:
    """Every caller is answered, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job[Any], Written[Any] | Exception]]] = {}
    for job, answer in answers:
        if job.loop is None:
            job.done(answer)
        else:
            by_loop.setdefault(job.loop, []).append((job, answer))
    for loop, here in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_answer_here, here)


def _answer_here(answers: Iterable[tuple[Job[Any], Written[Any] | Exception]]) -> None:
    for job, answer in answers:
        job.done(answer)


def _settle(future: "asyncio.Future[Written[T]]") -> Callable[[Written[T] | Exception], None]:
    """Gives the future its answer, unless its caller has gone."""

    def settle(answer: "Written[T] | Exception") -> None:  # quoted: else each call would make the type anew
        if future.done():
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    return settle
