"""What an operation sees of the open database transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from clockwire.model.caller import Caller
from clockwire.model.event import EventDraft
from clockwire.model.identifiers import ids_from
from clockwire.model.instants import Instant
from clockwire.model.workspace import Workspace


@dataclass(slots=True)
class Log:
    """A workspace and the head of its event log, locked until the commit."""

    workspace: Workspace
    epoch: str
    head: int
    earliest: int
    last_time: Instant
    subscriptions_version: int
    #: Whether the head is to be written at the end of the group.
    changed: bool = False


@dataclass(slots=True)
class Transaction:
    """One operation's view: it reads and writes through `connection`, and says what happened with `publish`.

    Nobody else writes in its workspace until the commit, in this process or another: an operation may read, decide
    and write without a race.
    """

    connection: Connection
    now: Instant
    caller: Caller
    #: None for an operation that belongs to no workspace.
    log: Log | None
    drafts: list[tuple[str, EventDraft]] = field(default_factory=list)
    #: Where its last event stands, or for a no-op the one before it, once the group is sealed.
    last_sequence: int = 0
    #: Set by an operation that changed a subscription: what is known of them in memory is then read again.
    subscriptions_changed: bool = False
    _ids: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._ids = ids_from(self.now)

    @property
    def workspace(self) -> Workspace:
        """The workspace's settings."""
        return self._log.workspace

    @property
    def head(self) -> int:
        """The sequence of the newest event before this group of operations."""
        return self._log.head

    @property
    def epoch(self) -> str:
        """The epoch of the workspace's log."""
        return self._log.epoch

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def publish(self, draft: EventDraft) -> str:
        """The id of the event that will stand in the log if, and only if, this transaction commits."""
        event_id = next(self._ids)
        self.drafts.append((event_id, draft))
        return event_id

    @property
    def event_ids(self) -> Sequence[str]:
        """Ids of the events published so far."""
        return [event_id for event_id, _ in self.drafts]

    @property
    def _log(self) -> Log:
        if self.log is None:
            message = "this operation belongs to no workspace"
            raise RuntimeError(message)
        return self.log
