"""The fixtures keep their word: nothing of one test is seen by another, and no server outlives the tests."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from clockwire.storage.database import Database
from clockwire.storage.tables import event_log
from tests.support.postgresql import PostgreSQL

STARTS_A_SERVER_AND_WAITS = """
from tests.support.postgresql import running_postgresql
with running_postgresql() as server:
    print(server.url("postgres"), flush=True)
    input()
"""


@pytest.mark.parametrize("_each", [1, 2])
def test_every_test_begins_with_empty_tables(database: Database, _each: int):
    log = {"workspace_id": "w", "epoch": "e", "head": 0, "earliest": 0, "last_time": 0, "subscriptions_version": 0}

    with database.writing() as connection:
        assert connection.execute(event_log.select()).all() == []
        connection.execute(event_log.insert().values(log))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_test_may_choose_its_kind_of_database(database: Database):
    assert database.dialect == "postgresql"


def test_dropped_databases_are_gone_though_somebody_is_connected(postgresql: PostgreSQL):
    with psycopg.connect(postgresql.create("left_open")):
        postgresql.drop("left_open")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(postgresql.url("left_open"))


def test_the_server_ends_with_the_tests_even_if_they_are_killed():
    tests = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER_AND_WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with tests:
        folder = Path(tests.stdout.readline().strip().partition("host=")[2])
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        ended = os.pidfd_open(server)
        tests.send_signal(signal.SIGKILL)

    assert select.select([ended], [], [], 30)[0]  # a process that ended makes its descriptor readable
