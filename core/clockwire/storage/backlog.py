"""What is still to be sent, counted so that it costs little however much there is."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from clockwire.model.instants import Instant
from clockwire.storage.claims import select_due_times

MOST_COUNTED = 100_000

_OWED = text("SELECT count(*) FROM (SELECT 1 FROM delivery WHERE due_time IS NOT NULL LIMIT :most) AS owed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The deliveries of the whole database that wait for an attempt or are under way."""

    #: At most MOST_COUNTED.
    owed: int
    #: When the first of them is due; for one that is under way, when its lease ends.
    first_due_time: Instant | None


def count_backlog(connection: Connection) -> Backlog:
    """The backlog as it is now."""
    owed = connection.execute(_OWED, {"most": MOST_COUNTED}).scalar_one()
    return Backlog(owed=owed, first_due_time=min(select_due_times(connection).values(), default=None))
