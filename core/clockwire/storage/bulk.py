"""How many rows are written by one statement, on both databases.

SQLite gets rows of VALUES, in chunks of a few sizes so that few texts are ever compiled; PostgreSQL gets one array
a column (`unnest`). A row then costs what its bytes cost: no SQLAlchemy, no round trip and no hand-over of the
interpreter lock per row.
"""

from bisect import bisect
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Table

from clockwire.storage.statements import run_statement

Row = Sequence[Any]

# Whoever catches an error rolls back a savepoint or everything. So SQLite need not be able to take back the statement
# alone, for which it copies each page before it changes it.
_INSERT = {"sqlite": "INSERT OR FAIL ", "postgresql": "INSERT "}
_CHUNKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)


class BulkInsert:
    """Inserts rows into a table; with *replace* a row whose key exists is overwritten."""

    def __init__(self, table: Table, columns: Sequence[str], *, replace: bool = False, ignore: bool = False) -> None:
        self._names = columns
        self._casts = [_cast(table, name) for name in columns]
        self._head = f"INTO {table.name} ({_listed(columns)}) "
        self._tail = _on_conflict(table, columns, replace=replace, ignore=ignore)
        self._text = cache(self._statement)

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """All *rows* are stored; values stand in the order of the columns."""
        for chunk, parameters in _pieces(connection, rows):
            run_statement(connection, self._text(connection.dialect.name, chunk), parameters)

    def _statement(self, dialect: str, chunk: int) -> str:
        # SQLite copies every value once more if they come from a SELECT.
        rows = _values(chunk, self._names) if chunk else _rows_as(dialect, chunk, self._names, self._casts)
        return _INSERT[dialect] + self._head + rows + self._tail


class BulkUpdate:
    """Updates many rows of a table, each with its own values; *keys* find the row."""

    def __init__(self, table: Table, *, keys: Sequence[str], columns: Sequence[str]) -> None:
        self._names = [*keys, *columns]
        self._casts = [_cast(table, name) for name in self._names]
        self._key_count = len(keys)
        changes, found = (
            ", ".join(f'"{each}" = ?' for each in columns),
            " AND ".join(f'"{each}" = ?' for each in keys),
        )
        self._one_row = f"UPDATE {table.name} SET {changes} WHERE {found}"
        self._head = f"UPDATE {table.name} SET " + ", ".join(f'"{each}" = given."{each}"' for each in columns)
        self._tail = " WHERE " + " AND ".join(f'{table.name}."{each}" = given."{each}"' for each in keys)
        self._text = cache(self._statement)

    def run(self, connection: Connection, rows: Sequence[Row]) -> int:
        """How many rows were found. A row is its keys, then its columns."""
        if len(rows) == 1 and connection.dialect.name == "sqlite":
            return self._run_one(connection, rows[0])
        found = 0
        for chunk, parameters in _pieces(connection, rows):
            found += run_statement(connection, self._text(connection.dialect.name, chunk), parameters).rowcount
        return found

    def _run_one(self, connection: Connection, row: Row) -> int:
        """One is the usual number, and costs a third of what the statement for many does."""
        parameters = (*row[self._key_count :], *row[: self._key_count])
        found: int = run_statement(connection, self._one_row, parameters).rowcount
        return found

    def _statement(self, dialect: str, chunk: int) -> str:
        return self._head + f" FROM ({_rows_as(dialect, chunk, self._names, self._casts)}) AS given" + self._tail


def _pieces(connection: Connection, rows: Sequence[Row]) -> Iterable[tuple[int, tuple[Any, ...]]]:
    """The rows cut into chunks (0: any number), each with the parameters of its statement."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        yield 0, tuple(list(column) for column in zip(*rows, strict=True))
        return
    start = 0
    while start < len(rows):
        chunk = _CHUNKS[bisect(_CHUNKS, len(rows) - start) - 1]
        yield chunk, tuple(chain.from_iterable(rows[start : start + chunk]))
        start += chunk


def _rows_as(dialect: str, chunk: int, names: Sequence[str], casts: Sequence[str]) -> str:
    """A SELECT that yields the parameters as rows with these column names."""
    if dialect == "postgresql":
        arrays = ", ".join("%s::" + ("text" if cast == "jsonb" else cast) + "[]" for cast in casts)
        chosen = ", ".join(f'"{name}"::{cast}' for name, cast in zip(names, casts, strict=True))
        return f"SELECT {chosen} FROM unnest({arrays}) AS rows ({_listed(names)})"
    chosen = ", ".join(f'column{index} AS "{name}"' for index, name in enumerate(names, 1))
    return f"SELECT {chosen} FROM ({_values(chunk, names)})"


def _values(chunk: int, names: Sequence[str]) -> str:
    """That many rows of parameters."""
    row = "(" + ", ".join("?" * len(names)) + ")"
    return f"VALUES {', '.join([row] * chunk)}"


def _on_conflict(table: Table, columns: Sequence[str], *, replace: bool, ignore: bool) -> str:
    if ignore:
        return " ON CONFLICT DO NOTHING"
    if not replace:
        return ""
    keys = [column.name for column in table.primary_key]
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in keys)
    return f" ON CONFLICT ({_listed(keys)}) DO UPDATE SET {changes}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _cast(table: Table, name: str) -> str:
    match table.c[name].type:
        case sqlalchemy.BigInteger():
            return "bigint"
        case sqlalchemy.Integer():
            return "integer"
        case sqlalchemy.LargeBinary():
            return "bytea"
        case sqlalchemy.Boolean():
            return "boolean"
        case sqlalchemy.JSON():
            return "jsonb"
        case _:
            return "text"
