"""How commands reach into a database, beside or without a server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from clockwire.databases import open_database
from clockwire.model.api_key import OPERATOR
from clockwire.model.caller import Caller
from clockwire.model.instants import system_clock
from clockwire.settings import USUAL_DATABASE
from clockwire.storage import schema
from clockwire.storage.database import Database
from clockwire.storage.transaction import Transaction

T = TypeVar("T")


@contextmanager
def opened(url: str | None, *, prepare: bool = True) -> Iterator[Database]:
    """The database, closed afterwards. An empty one gets its tables unless the caller sees to that."""
    database = open_database(url or USUAL_DATABASE)
    try:
        if prepare:
            schema.prepare(database)
        yield database
    finally:
        database.close()


def write(database: Database, workspace_id: str, operation: Callable[[Transaction], T]) -> T:
    """What the operation gives, once it is committed; the caller is whoever holds the database in his hands."""
    with database.writing() as connection:
        caller = Caller(workspace_id=workspace_id, scopes=frozenset({OPERATOR}))
        return operation(Transaction(connection, system_clock(), caller, None))
