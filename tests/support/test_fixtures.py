"""The fixtures keep their word: nothing of one test is seen by another, and no server outlives the tests."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from clockwire.storage.database import Database
from clockwire.storage.tables import event_log
from tests.support.lending import END_OTHERS, Lending
from tests.support.postgresql import PostgreSQL

STARTS_A_SERVER_AND_WAITS = """
from tests.support.lending import END_OTHERS, Lending
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


def test_a_database_is_lent_again_without_its_rows_and_without_the_sessions_of_others(
    lending: Lending, postgresql: PostgreSQL
):
    name = lending.lend()
    left_open = psycopg.connect(postgresql.url(name))
    left_open.execute("INSERT INTO vault_check (id, sealed) VALUES (1, '')")
    left_open.commit()
    left_open.execute("LOCK TABLE vault_check")

    lending.take_back(name)

    assert lending.lend() == name
    with psycopg.connect(postgresql.url(name)) as connection:
        assert connection.execute("SELECT * FROM vault_check").fetchall() == []
    with pytest.raises(psycopg.OperationalError), left_open:
        left_open.execute("SELECT 1")
    lending.take_back(name)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id BIGINT)",
        "ALTER TABLE event_log ADD COLUMN more BIGINT",
        "ALTER TABLE event_log ALTER COLUMN head SET DEFAULT 7",
        "ALTER TABLE event_log DROP CONSTRAINT event_log_pkey",
        "CREATE INDEX more ON event_log (head)",
        "DROP INDEX delivery_due",
        "UPDATE clockwire_version SET version_num = '9999'",
        "DROP TABLE clockwire_version",
        "CREATE SCHEMA more",
        END_OTHERS,
        "INSERT INTO vault_check SELECT each, repeat('x', 1000)::bytea FROM generate_series(1, 5000) AS each",
    ],
)
def test_a_database_in_which_more_has_changed_than_rows_is_not_lent_again(
    lending: Lending, postgresql: PostgreSQL, change: LiteralString
):
    name = lending.lend()
    with psycopg.connect(postgresql.url(name)) as connection:
        connection.execute(change)

    lending.take_back(name)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(postgresql.url(name))


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
