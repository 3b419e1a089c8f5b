"""How an operation is tried before its turn comes, so that the writer need only do what came of it.

A rehearsal runs an operation that may read and may not write. What it reads is noted with what it finds; what it would
write is noted. In the operation's turn the writer reads the same again, in the operation's own place between all
others. If it finds the same, the operation would come to the same, and what it would write is written. If not, nothing
has happened yet, and the operation is run as if nobody had rehearsed it.

An operation may be rehearsed if it depends on nothing but its caller, the time and what it reads; most do.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, NoReturn, Protocol, TypeVar, cast

from sqlalchemy import Connection

from clockwire.model.caller import Caller
from clockwire.model.event import EventDraft
from clockwire.model.instants import Clock
from clockwire.model.workspace import Workspace
from clockwire.storage.statements import run_statement
from clockwire.storage.transaction import Transaction
from clockwire.storage.workspaces import find_log

T = TypeVar("T")
Operation = Callable[[Transaction], T]
Parameters = tuple[Any, ...] | None


class CannotRehearse(Exception):
    """The operation does something of which only its real turn can tell what comes of it."""


class Script(NamedTuple):
    """What an operation does, as long as it finds what it found."""

    workspace: Workspace
    #: Of the workspace's log.
    epoch: str
    #: Statements, their parameters and the rows they found.
    reads: Sequence[tuple[str, Parameters, Sequence[Any]]]
    writes: Sequence[tuple[str, Parameters]]
    #: The events it publishes, with their ids.
    drafts: Sequence[tuple[str, EventDraft]]
    result: Any


class Rehearsing(Protocol):
    """Who can have operations rehearsed."""

    async def rehearsed(self, operation: Operation[T], caller: Caller) -> Operation[T]:
        """The same operation, rehearsed if that is worth while now. It can be pickled."""


class Unrehearsed:
    """Where nothing is rehearsed."""

    async def rehearsed(self, operation: Operation[T], caller: Caller) -> Operation[T]:  # noqa: ARG002 - as the protocol
        """The operation as it is."""
        return operation


@dataclass(frozen=True, slots=True)
class Performance(Generic[T]):
    """An operation that was rehearsed."""

    script: Script
    operation: Operation[T]
    #: Hears whether it could be done by the script.
    noted: Callable[[bool], None]

    def __call__(self, transaction: Transaction) -> T:
        """As the operation."""
        holds = self._holds(transaction)
        self.noted(holds)
        if not holds:
            return self.operation(transaction)
        for text, parameters in self.script.writes:
            run_statement(transaction.connection, text, parameters)
        transaction.drafts += self.script.drafts
        return cast("T", self.script.result)

    def _holds(self, transaction: Transaction) -> bool:
        """Whether everything is as the rehearsal found it."""
        script, connection = self.script, transaction.connection
        return (script.workspace, script.epoch) == (transaction.workspace, transaction.epoch) and all(
            _are_same(run_statement(connection, text, parameters).fetchall(), rows)
            for text, parameters, rows in script.reads
        )


def _are_same(found: Sequence[Any], rows: Sequence[Any]) -> bool:
    """Whether these are the rows, in any order: PostgreSQL gives one to the rehearsal and another to the writer.

    A statement whose rows have an order says so itself, and gives the same rows in the same order.
    """
    return found == rows or Counter(map(repr, found)) == Counter(map(repr, rows))


def rehearse(connection: Connection, operation: Operation[Any], caller: Caller, clock: Clock) -> Script:
    """What the operation does as things are now. The connection is in a transaction, and only read from.

    Raises CannotRehearse, and what the operation raises.
    """
    log = find_log(connection, caller.workspace_id)
    if log is None:
        raise CannotRehearse
    stage = _Stage(connection)
    transaction = _Rehearsal(cast("Connection", stage), clock(), caller, log)
    result = operation(transaction)
    if transaction.subscriptions_changed:
        raise CannotRehearse
    return Script(log.workspace, log.epoch, stage.reads, stage.writes, transaction.drafts, result)


class _Rehearsal(Transaction):
    """What a rehearsed operation sees of the transaction."""

    @property
    def head(self) -> int:
        """Others will have published before its turn comes."""
        raise CannotRehearse


class _Stage:
    """What a rehearsed operation has for a connection: as much of one as `run_statement` needs."""

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect
        self.reads: list[tuple[str, Parameters, Sequence[Any]]] = []
        self.writes: list[tuple[str, Parameters]] = []
        self._real = connection

    @property
    def connection(self) -> "_Stage":
        """The driver's connection."""
        return self

    def cursor(self) -> "_Cursor":
        """A cursor of the driver's."""
        return _Cursor(self)

    def take(self, text: str, parameters: Parameters) -> Sequence[Any] | None:
        """The rows that a statement finds; None if it would write."""
        if not text.startswith("SELECT "):
            self.writes.append((text, parameters))
            return None
        if self.writes:
            raise CannotRehearse  # it may look for what was not really written
        rows: Sequence[Any] = run_statement(self._real, text, parameters).fetchall()
        self.reads.append((text, parameters, rows))
        return rows

    def __getattr__(self, name: str) -> NoReturn:
        raise CannotRehearse(name)


class _Cursor:
    """The driver's cursor, of a statement that was taken down."""

    def __init__(self, stage: _Stage) -> None:
        self._stage = stage
        self._rows: Sequence[Any] | None = None

    def execute(self, text: str, parameters: Parameters = None) -> None:
        """Runs the statement if it only reads."""
        self._rows = self._stage.take(text, parameters)

    def fetchall(self) -> Sequence[Any]:
        """The rows that were found."""
        if self._rows is None:
            raise CannotRehearse
        return self._rows

    def fetchone(self) -> Any:  # noqa: ANN401 - a row
        """The first of the rows that were found, None if there is none."""
        return next(iter(self.fetchall()), None)

    @property
    def rowcount(self) -> NoReturn:
        """How many rows were written: none were."""
        raise CannotRehearse
