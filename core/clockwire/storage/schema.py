"""Which tables a database has, and how it gets the ones that this program needs.

Migrations are Alembic's, from the first table on. A database is made or changed in one transaction, and whoever comes
second waits for the first and then finds nothing left to do.
"""

import enum
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy
from sqlalchemy import Connection

from clockwire.storage.database import Database
from clockwire.storage.tables import metadata

#: Not Alembic's usual name: another program's tables may be in the same database.
VERSION_TABLE: Final = "clockwire_version"
MIGRATIONS: Final = Path(__file__).with_name("migrations")

_VERSION = sqlalchemy.text(f"SELECT version_num FROM {VERSION_TABLE}")
_LOCK = 0x636C6F636B77  # "clockw", for pg_advisory_xact_lock


class SchemaState(enum.Enum):
    """How the tables of a database stand to this program."""

    EMPTY = "has no tables of Clockwire"
    OLDER = "was made by an older version of Clockwire"
    CURRENT = "is up to date"
    NEWER = "was made by a newer version of Clockwire"
    FOREIGN = "has tables of the same names that are not Clockwire's"


_ADVICE = {
    SchemaState.EMPTY: "run `clockwire migrate`",
    SchemaState.OLDER: "stop its other servers and run `clockwire migrate`",
    SchemaState.NEWER: "run that version, or a newer one",
    SchemaState.FOREIGN: "give Clockwire a database, or a schema, of its own",
}


class SchemaError(Exception):
    """The database cannot be used as it is; the sentence says what to do."""


def prepare(database: Database) -> None:
    """The database can be used by this program: an empty one is made, an older SQLite file migrated.

    SchemaError if it is newer, and for an older PostgreSQL database, whose other servers may still be running.
    """
    state = schema_state(database)
    if state is SchemaState.EMPTY or (state is SchemaState.OLDER and database.dialect == "sqlite"):
        migrate(database)
    else:
        _require_current(state)


def require_current(database: Database) -> None:
    """The database has just the tables this program needs; SchemaError if not."""
    _require_current(schema_state(database))


def migrate(database: Database) -> bool:
    """Whether anything had to be done to bring the database up to date."""
    with _locked(database) as connection:
        state = _state(connection)
        if state in {SchemaState.NEWER, SchemaState.FOREIGN}:
            _require_current(state)
        if state is SchemaState.CURRENT:
            return False
        from clockwire.storage.migrating import upgrade  # noqa: PLC0415 - a tenth of each start, and seldom needed

        upgrade(connection)
        return True


def is_current(connection: Connection) -> bool:
    """Whether the database has just the tables this program needs; asked often, so it looks at one of them only."""
    return sqlalchemy.inspect(connection).has_table(VERSION_TABLE) and _stored(connection) == revisions()[-1]


@cache
def revisions() -> Sequence[str]:
    """The versions of the tables that this program knows, oldest first: how the files of the migrations begin."""
    return sorted(file.name.partition("_")[0] for file in MIGRATIONS.joinpath("versions").glob("*.py"))


def schema_state(database: Database) -> SchemaState:
    """How the tables of the database stand to this program."""
    with database.reading() as connection:
        return _state(connection)


@contextmanager
def _locked(database: Database) -> Iterator[Connection]:
    with database.writing() as connection:  # on SQLite this alone keeps others out
        if database.dialect == "postgresql":
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


def _state(connection: Connection) -> SchemaState:
    tables = set(sqlalchemy.inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        return SchemaState.FOREIGN if tables & metadata.tables.keys() else SchemaState.EMPTY
    stored = _stored(connection)
    if stored == revisions()[-1]:
        return SchemaState.CURRENT
    return SchemaState.OLDER if stored in revisions() else SchemaState.NEWER


def _stored(connection: Connection) -> str | None:
    version: str | None = connection.execute(_VERSION).scalar_one_or_none()
    return version


def _require_current(state: SchemaState) -> None:
    if state is not SchemaState.CURRENT:
        message = f"the database {state.value}: {_ADVICE[state]}"
        raise SchemaError(message)
