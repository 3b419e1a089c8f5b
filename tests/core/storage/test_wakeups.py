"""How the processes on one PostgreSQL database hear of each other's commits."""

import queue
from contextlib import closing, contextmanager

import psycopg
import pytest

from clockwire.storage.wakeups import WakeUp, WakeUps

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ANYTHING = WakeUp(events=None, subscriptions=None)


@contextmanager
def process(database):
    """The wake-ups of one process, and what it has heard, once it listens."""
    heard: queue.Queue[WakeUp] = queue.Queue()
    wake_ups = WakeUps(database.url, heard.put)
    wake_ups.start()
    try:
        assert heard.get(timeout=10) == ANYTHING
        yield wake_ups, heard
    finally:
        wake_ups.stop()


def test_every_other_process_hears_and_the_own_does_not(database):
    with process(database) as (one, own), process(database) as (_, other), process(database) as (_, third):
        one.tell(WakeUp(events=["a"], subscriptions=["b"]))

        for heard in (other, third):
            assert heard.get(timeout=10) == WakeUp(events=["a"], subscriptions=["b"])
        assert own.empty()


def test_very_many_workspaces_are_not_named_one_by_one(database):
    with process(database) as (one, _), process(database) as (_, other):
        one.tell(WakeUp(events=[f"{each:036}" for each in range(1000)]))

        assert other.get(timeout=10) == WakeUp(events=None, subscriptions=[])


def test_a_lost_connection_is_made_again_and_whoever_missed_something_is_told_to_look(database):
    with process(database) as (one, _), process(database) as (_, other):
        with closing(psycopg.connect(database.url.set(drivername="postgresql").render_as_string(False))) as admin:
            admin.autocommit = True
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")

        assert other.get(timeout=10) == ANYTHING
        one.tell(WakeUp(events=["a"]))
        assert other.get(timeout=10) == WakeUp(events=["a"], subscriptions=[])
