"""Who hears what was committed: the readers here, and everybody in the other processes on the same database."""

from clockwire.operations.planning import Intake
from clockwire.operations.publishing import Sealed
from clockwire.operations.tail import Tail
from clockwire.storage.database import Database
from clockwire.storage.wakeups import WakeUp, WakeUps


class News:
    """Carries wake-ups between writers and those who wait. A SQLite file has one process that writes: it needs none."""

    def __init__(self, database: Database, tail: Tail) -> None:
        self._tail = tail
        self._dispatcher: Intake | None = None
        self._wake_ups = WakeUps(database.url, self._heard) if database.dialect == "postgresql" else None

    def hand_to(self, dispatcher: Intake) -> None:
        """The dispatcher of this process hears what other processes commit."""
        self._dispatcher = dispatcher

    def start(self) -> None:
        """Other processes are heard, and hear us."""
        if self._wake_ups is not None:
            self._wake_ups.start()

    def stop(self) -> None:
        """Nobody is heard any more."""
        if self._wake_ups is not None:
            self._wake_ups.stop()

    def committed(self, sealed: Sealed) -> None:
        """Tells what a group of this process wrote; on the writer's thread."""
        self._tail.told(sealed.entries)
        if self._wake_ups is not None:
            self._wake_ups.tell(WakeUp(events=sealed.entries.keys(), subscriptions=sealed.changed))

    def _heard(self, wake_up: WakeUp) -> None:
        self._tail.announced(wake_up.events)
        if self._dispatcher is None:
            return
        if wake_up.subscriptions is None or wake_up.subscriptions:
            self._dispatcher.subscriptions_changed(wake_up.subscriptions)
        self._dispatcher.wake()
