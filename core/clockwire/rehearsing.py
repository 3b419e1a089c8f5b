"""The process that rehearses for a server: `python -m clockwire.rehearsing`, which the server starts.

It runs operations that wait for their turn, writes nothing, and tells what they would do (`storage/rehearsal.py`). It
ends when its server does.
"""

import signal
import socket
import sys

import structlog

from clockwire.databases import open_database
from clockwire.garbage import collect_garbage_rarely
from clockwire.logs import configure_logs
from clockwire.model.instants import system_clock
from clockwire.processes.frames import Incoming, Outgoing
from clockwire.processes.messages import Begin, Ready, Rehearse, Rehearsed
from clockwire.storage.database import Database
from clockwire.storage.rehearsal import Script, rehearse

log = structlog.get_logger(__name__)


def main() -> None:
    """Rehearses what the server asks for, over the socket whose descriptor is the only argument."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they are for the server, which then ends this process
    end = socket.socket(fileno=int(sys.argv[1]))
    incoming, outgoing = Incoming(end), Outgoing(end)
    begin = incoming.next()
    if not isinstance(begin, Begin):
        return  # the server has ended already
    configure_logs(begin.log_level, begin.log_format)
    database = open_database(begin.database_url)
    collect_garbage_rarely()
    outgoing.say(Ready())
    while (message := incoming.next()) is not None:
        if isinstance(message, Rehearse):
            outgoing.say(Rehearsed(message.number, _script(database, message)))


def _script(database: Database, asked: Rehearse) -> Script | None:
    """What the operation would do. If it can't be rehearsed, or is refused, its turn will tell."""
    try:
        with database.reading() as connection:
            return rehearse(connection, asked.operation, asked.caller, system_clock)
    except Exception as error:  # noqa: BLE001 - whatever it is, the operation meets it again
        log.debug("not rehearsed", error=repr(error))
        return None


if __name__ == "__main__":
    main()
