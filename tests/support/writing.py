"""A writer at work on a database, with the real last step of every group."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import insert

from clockwire.model.caller import Caller, system
from clockwire.model.identifiers import new_id
from clockwire.model.instants import Clock
from clockwire.model.vault import KEY_BYTES, Vault
from clockwire.operations.event_log import EventLog
from clockwire.operations.planning import Planner
from clockwire.operations.publishing import Publisher, Sealed
from clockwire.operations.tail import Tail
from clockwire.storage.database import Database
from clockwire.storage.tables import event_log, workspace
from clockwire.storage.writer import Writer

VAULT_KEY = bytes(range(KEY_BYTES))
VAULT = Vault([VAULT_KEY])
EPOCH = "00112233445566aa"


@dataclass(frozen=True)
class Working:
    """Everything that writes to and reads from one database."""

    database: Database
    writer: Writer[Sealed]
    tail: Tail
    log: EventLog
    clock: Clock
    planner: Planner


@asynccontextmanager
async def working(database: Database, clock: Clock, *, queue_limit: int = 10_000) -> AsyncIterator[Working]:
    """A writer that runs until the end of the block."""
    tail = Tail(asyncio.get_running_loop())
    planner = Planner()
    publisher = Publisher(planner, lambda sealed: tail.told(sealed.entries))
    writer = Writer(
        database,
        VAULT,
        clock=clock,
        seal=publisher.seal,
        committed=publisher.committed,
        queue_limit=queue_limit,
    )
    writer.start()
    try:
        log = EventLog(database, writer, tail, clock=clock, poll_seconds=1)
        yield Working(database, writer, tail, log, clock, planner)
    finally:
        await asyncio.to_thread(writer.stop)


def make_workspace(database: Database, clock: Clock, name: str = "Test") -> Caller:
    """A new workspace, and the service itself acting in it."""
    id_, now = new_id(clock()), clock()
    with database.writing() as connection:
        settings = {"time_zone": "UTC", "currency": "USD", "event_retention": 1, "body_retention": 1, "version": 1}
        connection.execute(insert(workspace).values(id=id_, name=name, create_time=now, update_time=now, **settings))
        head = {"head": 0, "earliest": 1, "last_time": 0, "subscriptions_version": 0}
        connection.execute(insert(event_log).values(workspace_id=id_, epoch=EPOCH, **head))
    return system(id_)
