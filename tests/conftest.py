"""What any test may ask for: a clock that it moves, and a database of either kind with nothing in it."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clockwire.storage.database import Database
from clockwire.storage.schema import migrate
from tests.support.clock import MovableClock
from tests.support.lending import Lending
from tests.support.postgresql import PostgreSQL, running_postgresql

MEMORY = Path("/dev/shm")
PLENTY = 2 * 1024**3


def pytest_configure() -> None:
    """Temporary folders lie in memory if there is plenty: processes die in tests, but the power does not fail.

    What a shell runs in the background ignores interrupts, and so would all that it starts; tests interrupt programs.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > PLENTY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long, and says so, begins first: nobody waits for it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: nobody looks through it for garbage any more."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands still until the test moves it."""
    return MovableClock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, of each kind. The test must have handed back every connection when it ends."""
    database = Database(database_url)
    try:
        yield database
        assert database.connections_out() == 0
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty database is, for tests that open it themselves, or from several processes.

    What concerns one kind only says so: `@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)`.
    """
    if request.param == "sqlite":
        file = tmp_path / "clockwire.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield _sqlite_url(file)
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    lending: Lending = request.getfixturevalue("lending")
    name = lending.lend()
    yield server.url(name)
    lending.take_back(name)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of PostgreSQL, started when the first test asks for it."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table in it, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(_sqlite_url(file))
    return file


@pytest.fixture(scope="session")
def lending(postgresql: PostgreSQL) -> Iterator[Lending]:
    """Lends databases of PostgreSQL with every table in them and nothing else."""
    _migrate(postgresql.create("template"))
    with closing(Lending(postgresql, "template")) as lending:
        yield lending


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


def _migrate(url: str) -> None:
    with closing(Database(url)) as database:
        migrate(database)
