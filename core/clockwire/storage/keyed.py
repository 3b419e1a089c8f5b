"""How rows are found, or deleted, by many keys with one statement that is compiled once.

The keys travel in one parameter: a JSON array on SQLite (`json_each`), an array a column on PostgreSQL (`unnest`). So
one text serves any number of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, Integer, Table

from clockwire.storage.statements import run_statement

Key = Sequence[str | int]


class BulkSelect:
    """Finds the rows of a workspace that have one of many keys."""

    def __init__(self, table: Table, *, keys: Sequence[str], columns: Sequence[str]) -> None:
        self._given = _Given(table, keys)
        self._head = f"SELECT {', '.join(f'{table.name}.{column}' for column in columns)} FROM "

    def run(self, connection: Connection, workspace_id: str, keys: Iterable[Key], tail: str = "") -> Sequence[Any]:
        """The rows, in no order unless *tail*, the end of the statement, gives one. Each key may be there once."""
        listed = list(keys)
        if not listed:
            return ()
        joined, parameters = self._given.joined(connection, workspace_id, listed)
        rows: Sequence[Any] = run_statement(connection, self._head + joined + tail, parameters).fetchall()
        return rows


class LockingSelect:
    """Finds rows by their ids, of whatever workspace, and nobody else changes them until the commit.

    They are locked in the order of the ids, so that no two wait for each other. SQLite has one lock, for all.
    """

    def __init__(self, head: str, *, id_: str, lock: str) -> None:
        """*head* is the statement up to its WHERE; *lock* how PostgreSQL locks."""
        self._postgresql = f"{head} WHERE {id_} = ANY(%s) ORDER BY {id_} {lock}"
        self._sqlite = f"{head} WHERE {id_} IN (SELECT value FROM json_each(?))"
        self._sqlite_one = f"{head} WHERE {id_} = ?"

    def run(self, connection: Connection, ids: Iterable[str]) -> Sequence[Any]:
        """The rows, in no order."""
        listed = list(ids)
        if not listed:
            return ()
        text, given = self._statement(connection.dialect.name, listed)
        rows: Sequence[Any] = run_statement(connection, text, (given,)).fetchall()
        return rows

    def _statement(self, dialect: str, ids: list[str]) -> tuple[str, object]:
        """The text, and its only parameter."""
        if dialect == "postgresql":
            return self._postgresql, ids
        if len(ids) == 1:
            return self._sqlite_one, ids[0]
        return self._sqlite, orjson.dumps(ids).decode()


class BulkDelete:
    """Deletes the rows of a workspace that have one of many keys."""

    def __init__(self, table: Table, *, keys: Sequence[str]) -> None:
        self._given = _Given(table, keys)
        self._head = f"DELETE FROM {table.name} WHERE "
        # How the databases find a row again: PostgreSQL by its place.
        self._row = {"postgresql": f"{table.name}.ctid", "sqlite": ", ".join(map(str, table.primary_key.columns))}

    def run(self, connection: Connection, workspace_id: str, keys: Sequence[Key]) -> None:
        """None of the rows with these keys is left."""
        if keys:
            joined, parameters = self._given.joined(connection, workspace_id, keys)
            row = self._row[connection.dialect.name]
            text = f"{self._head}({row}) IN (SELECT {row} FROM {joined})"
            run_statement(connection, text, parameters)


class _Given:
    """The keys that are given, as a table, joined with the rows that have them."""

    def __init__(self, table: Table, keys: Sequence[str]) -> None:
        arrays = ", ".join(f"%s::{_cast(table, key)}[]" for key in keys)
        names = ", ".join(f"given_{key}" for key in keys)
        parts = ", ".join(f"json_extract(value, '$[{index}]') AS given_{key}" for index, key in enumerate(keys))
        rows = " AND ".join(f"{table.name}.{key} = given_{key}" for key in keys)
        self._postgresql = f"unnest({arrays}) AS given ({names}) JOIN {table.name} ON workspace_id = %s AND {rows}"
        # CROSS JOIN: so SQLite looks up each key, rather than reading all rows to see which are among them.
        self._sqlite = f"(SELECT {parts} FROM json_each(?)) CROSS JOIN {table.name} ON workspace_id = ? AND {rows}"

    def joined(self, connection: Connection, workspace_id: str, keys: Sequence[Key]) -> tuple[str, tuple[Any, ...]]:
        """The text of the join, and its parameters."""
        if connection.dialect.name == "postgresql":
            return self._postgresql, (*(list(column) for column in zip(*keys, strict=True)), workspace_id)
        return self._sqlite, (orjson.dumps(keys, default=tuple).decode(), workspace_id)


def _cast(table: Table, column: str) -> str:
    match table.c[column].type:
        case BigInteger():
            return "bigint"
        case Integer():
            return "integer"
        case _:
            return "text"
