"""Databases of PostgreSQL with every table in them and nothing else, lent to one test after the other.

To empty one takes a hundredth of the time that to copy one takes, so a database goes from test to test; but only as
long as nothing of it has changed but rows. Whatever else a test does to a database, the next test gets a new one.
"""

import uuid

import psycopg
from psycopg.sql import SQL, Identifier

from clockwire.storage.schema import VERSION_TABLE
from tests.support.postgresql import PostgreSQL

# All that makes a schema, as a count of each catalog's rows and the last transaction that wrote one of them.
_CATALOGS = ["class", "attribute", "attrdef", "constraint", "index", "namespace", "proc", "trigger", "type"]
_SHAPE = " UNION ALL ".join(
    [f"SELECT concat('{name} ', count(*), ' ', max(xmin::text::bigint)) FROM pg_{name}" for name in _CATALOGS]
    + ["SELECT concat(setrole, setconfig) FROM pg_db_role_setting"]
)
_VERSION = f"SELECT version_num FROM {VERSION_TABLE}"
_TABLES = f"""
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '{VERSION_TABLE}'
"""
_SIZE = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
#: A session that a test left open, or that is just ending, might still hold locks.
END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: Deleted rows stay where they were; what holds more than these bytes of them is not lent again.
_LARGEST = 4 * 1024 * 1024


class Lending:
    """Lends databases, each a copy of a template or as good as one."""

    def __init__(self, server: PostgreSQL, template: str) -> None:
        self._server = server
        self._template = template
        self._free: list[str] = []
        self._connections: dict[str, psycopg.Connection] = {}
        with self._connected(template) as connection:
            self._shape = _shape(connection)
            self._version = connection.execute(_VERSION).fetchall()
            tables = [name for (name,) in connection.execute(_TABLES)]
        deletions = [SQL("DELETE FROM {}").format(Identifier(name)) for name in tables]
        self._empty = SQL("; ").join([SQL("SET session_replication_role = replica"), *deletions])

    def lend(self) -> str:
        """The name of a database that nobody else has."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid.uuid4().hex}"
        self._server.create(name, template=self._template)
        self._connections[name] = self._connected(name)
        return name

    def take_back(self, name: str) -> None:
        """A test has done with it."""
        if self._emptied(self._connections[name]):
            self._free.append(name)
        else:
            self._connections.pop(name).close()
            self._server.drop(name)

    def close(self) -> None:
        """Every connection is closed."""
        for connection in self._connections.values():
            connection.close()

    def _emptied(self, connection: psycopg.Connection) -> bool:
        """Whether the database is as it was."""
        try:
            connection.execute(END_OTHERS)
        except psycopg.OperationalError:  # somebody has ended this session
            return False
        if _shape(connection) != self._shape or connection.execute(_VERSION).fetchall() != self._version:
            return False
        connection.execute(self._empty)
        return int(connection.execute(_SIZE).fetchall()[0][0]) < _LARGEST

    def _connected(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._server.url(name), autocommit=True)


def _shape(connection: psycopg.Connection) -> list[str]:
    return [line for (line,) in connection.execute(_SHAPE)]
