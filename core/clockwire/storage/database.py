"""Which database it is, how it is spoken to, and how it is read."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from clockwire.model.errors import StoreUnavailable
from clockwire.storage.sqlite_values import adapt_values
from clockwire.storage.statements import run_statement

Dialect = Literal["sqlite", "postgresql"]
P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """A SQLite file or a PostgreSQL database. One thread writes (`storage/writer.py`), any number read."""

    def __init__(self, url: str, *, readers: int = 8) -> None:
        """Nothing is opened yet. Raises ValueError for a URL that names no database we know."""
        self.url = _our_url(url)
        self.dialect: Dialect = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        self._reading = _engine(self.url, size=readers, reading=True)
        self._writing = _engine(self.url, size=2, reading=False)
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="reader")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database, and can't change it."""
        with _reachable(), self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in an open write transaction, committed at the end unless something was raised."""
        with _reachable(), self._writing.connect() as connection, connection.begin():
            yield connection

    def connect(self) -> Connection:
        """A connection to write with, in no transaction yet. Raises DBAPIError."""
        return self._writing.connect()

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What *query* finds, asked on a reader thread."""

        def ask() -> T:
            with self.reading() as connection:
                return query(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    def connections_out(self) -> int:
        """How many connections are checked out now."""
        return sum(engine.pool.checkedout() for engine in (self._reading, self._writing))  # type: ignore[attr-defined]

    def close(self) -> None:
        """Every connection is closed; the database can't be used any more."""
        self._threads.shutdown(wait=True)
        self._reading.dispose()
        self._writing.dispose()


def _our_url(text: str) -> URL:
    url = make_url(text)
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
    message = f"the database must be sqlite:///FILE or postgresql://..., not {url.render_as_string()}"
    raise ValueError(message)


def _engine(url: URL, *, size: int, reading: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, size, begin="BEGIN" if reading else "BEGIN IMMEDIATE")
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if reading else {}
    engine = sqlalchemy.create_engine(url, pool_size=size, max_overflow=0, pool_pre_ping=True, hide_parameters=True)
    return engine.execution_options(**options)


def _sqlite_engine(url: URL, size: int, *, begin: str) -> Engine:
    adapt_values()
    engine = sqlalchemy.create_engine(
        url, pool_size=size, max_overflow=0, hide_parameters=True, connect_args={"cached_statements": 512}
    )

    @event.listens_for(engine, "connect")
    def open_file(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's own type
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own way begins too late
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA temp_store=MEMORY")  # so what a savepoint may take back is kept in no file

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        run_statement(connection, begin)

    return engine


@contextmanager
def _reachable() -> Iterator[None]:
    """A database that can't be reached is a refusal of ours, not a fault of the caller's."""
    try:
        yield
    except DBAPIError as error:
        if is_passing(error):
            raise StoreUnavailable from error
        raise


def is_passing(error: DBAPIError) -> bool:
    """Whether the same statement may well succeed later: no connection, a lock, a deadlock."""
    return error.connection_invalidated or isinstance(error, sqlalchemy.exc.OperationalError)
