"""How the processes that share a PostgreSQL database hear of each other's commits.

A wake-up says in which workspaces something happened and carries no data: whoever hears it reads the tables. So one
that is lost, or comes twice, costs time and nothing else; both ends reconnect by themselves. It is sent after the
commit, because a NOTIFY inside a transaction takes a lock that all committing transactions share.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
import structlog
from sqlalchemy.engine import URL

if TYPE_CHECKING:
    import psycopg

log = structlog.get_logger(__name__)

_CHANNEL = "clockwire"
_MOST_NAMED = 100  # a payload holds less than 8,000 bytes; of more workspaces nothing is said one by one
_BACK_OFF_SECONDS = 1.0
_CHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """Something happened in these workspaces; None: in any of them."""

    events: Collection[str] | None = ()
    #: Where a subscription was changed.
    subscriptions: Collection[str] | None = ()


_ANYTHING = WakeUp(events=None, subscriptions=None)


class WakeUps:
    """Sends wake-ups to the other processes, and hears theirs."""

    def __init__(self, url: URL, heard: Callable[[WakeUp], None]) -> None:
        """*heard* is called on a thread of its own."""
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._heard = heard
        self._me = uuid4().hex
        self._outgoing: SimpleQueue[WakeUp | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._stay_connected, args=[work], name="wake-ups", daemon=True)
            for work in (self._send, self._listen)
        ]

    def start(self) -> None:
        """Wake-ups go out and come in from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Both threads have ended."""
        self._stopping.set()
        self._outgoing.put(WakeUp())  # says nothing, but ends the wait of our own listener
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join()

    def tell(self, wake_up: WakeUp) -> None:
        """The other processes will hear it; from any thread, and without waiting."""
        self._outgoing.put(wake_up)

    def _stay_connected(self, work: "Callable[[psycopg.Connection[Any]], None]") -> None:
        import psycopg  # noqa: PLC0415 - a server on SQLite does without it

        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    work(connection)
            except psycopg.Error as error:
                log.warning("wake-ups interrupted", error=str(error))
                self._stopping.wait(_BACK_OFF_SECONDS)

    def _send(self, connection: "psycopg.Connection[Any]") -> None:
        while (wake_up := self._outgoing.get()) is not None:
            connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, self._payload(wake_up)))

    def _listen(self, connection: "psycopg.Connection[Any]") -> None:
        connection.execute(f"LISTEN {_CHANNEL}")
        self._heard(_ANYTHING)  # whatever was said while nobody listened
        while not self._stopping.is_set():
            for notification in connection.notifies(timeout=_CHECK_SECONDS, stop_after=1):
                self._hear(notification.payload)

    def _hear(self, payload: str) -> None:
        said = orjson.loads(payload)
        if said["by"] != self._me:
            self._heard(WakeUp(events=said["events"], subscriptions=said["subscriptions"]))

    def _payload(self, wake_up: WakeUp) -> str:
        return orjson.dumps(
            {"by": self._me, "events": _named(wake_up.events), "subscriptions": _named(wake_up.subscriptions)}
        ).decode()


def _named(workspace_ids: Collection[str] | None) -> list[str] | None:
    """The ids, unless they are too many to name."""
    return list(workspace_ids) if workspace_ids is not None and len(workspace_ids) <= _MOST_NAMED else None
