"""The connection of the thread that writes: kept from one transaction to the next.

To take it from the pool, and give it back, costs as much as a small transaction. SQLAlchemy is left to believe in one
long transaction; where each begins and ends is said to the driver.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from clockwire.storage.database import Database
from clockwire.storage.statements import commit, run_statement


class WriteConnection:
    """Opened when it is needed. Belongs to one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, committed at the end. If anything is raised it is rolled back, and the connection given up."""
        connection = self._begun()
        try:
            yield connection
            commit(connection)
        except BaseException:
            self._give_up()
            raise

    def close(self) -> None:
        """The connection goes back to the pool."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begun(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.connect()
            self._connection.begin()
        elif self._database.dialect == "sqlite":
            run_statement(self._connection, "BEGIN IMMEDIATE")
        return self._connection

    def _give_up(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
        self.close()
