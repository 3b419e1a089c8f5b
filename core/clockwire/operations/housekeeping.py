"""What is tidied up while the service runs: whatever has outlived its time, in pieces that keep nobody waiting."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog

from clockwire.model.caller import Caller, system
from clockwire.model.instants import DAY, Clock, Instant
from clockwire.model.workspace import KEPT_AFTER_DELETION, Workspace
from clockwire.storage.api_keys import set_last_uses
from clockwire.storage.database import Database
from clockwire.storage.events import last_before
from clockwire.storage.kept_answers import KEPT_FOR, delete_answers
from clockwire.storage.retention import (
    AttemptKey,
    BodyKey,
    clear_responses,
    delete_bodies,
    delete_deliveries,
    delete_oldest_events,
    delete_some_of_workspace,
    select_doomed,
    select_loose_deliveries,
    select_old_bodies,
    select_old_responses,
)
from clockwire.storage.timers import delete_ended_timers, has_ended_timers
from clockwire.storage.transaction import Transaction
from clockwire.storage.workspaces import select_workspaces
from clockwire.storage.writer import Writer

T = TypeVar("T")
log = structlog.get_logger(__name__)

#: How long a timer that ended can be read.
KEPT_TIMERS = 30 * DAY
PIECE = 500
PAUSE_SECONDS = 60.0


class Housekeeping:
    """Tidies once a minute. Several processes may do it at once; what one has removed the other does not find."""

    def __init__(
        self,
        database: Database,
        writer: Writer[Any],
        *,
        clock: Clock,
        key_uses: Callable[[], Mapping[str, Instant]],
        piece: int = PIECE,
    ) -> None:
        """*key_uses* says, once, when keys were last used; *piece*: how many rows are removed at a time."""
        self._database = database
        self._writer = writer
        self._clock = clock
        self._key_uses = key_uses
        self._piece = piece

    async def run(self) -> None:
        """Until cancelled. What goes wrong is logged and tried again the next time."""
        while True:
            try:
                await self.tidy()
            except Exception:
                log.exception("housekeeping failed")
            await asyncio.sleep(PAUSE_SECONDS)

    async def tidy(self) -> None:
        """Nothing that has outlived its time is left."""
        now = self._clock()
        await self.note_key_uses()
        await self._write("", lambda transaction: delete_answers(transaction.connection, now - KEPT_FOR))
        for workspace in await self._database.read(select_workspaces, show_deleted=True):
            await self._tidy_events(workspace, now - workspace.event_retention)
            await self._tidy_timers(workspace, now - KEPT_TIMERS)
            await self._tidy_bodies(workspace, now - workspace.body_retention)
        for workspace_id in await self._database.read(select_doomed, now - KEPT_AFTER_DELETION):
            await self._remove(workspace_id)

    async def note_key_uses(self) -> None:
        """When keys were last used is stored."""
        uses = self._key_uses()
        if uses:
            await self._write("", lambda transaction: set_last_uses(transaction.connection, uses))

    async def _tidy_events(self, workspace: Workspace, before: Instant) -> None:
        """Whole oldest ranges of events are removed, each with the log's beginning in one transaction."""
        last = await self._database.read(last_before, workspace.id, before)
        if last is not None:
            while await self._write(workspace.id, partial(_shorten_log, last=last, piece=self._piece)) < last:
                pass
            log.info("events removed", workspace_id=workspace.id, through=last)
        while loose := await self._database.read(select_loose_deliveries, workspace.id, before, self._piece):
            await self._write(workspace.id, partial(_delete_deliveries, ids=loose))

    async def _tidy_timers(self, workspace: Workspace, before: Instant) -> None:
        while await self._database.read(has_ended_timers, workspace.id, before):
            await self._write(workspace.id, partial(_delete_timers, before=before, piece=self._piece))

    async def _tidy_bodies(self, workspace: Workspace, before: Instant) -> None:
        while old := await self._database.read(select_old_bodies, workspace.id, before, self._piece):
            await self._write(workspace.id, partial(_delete_bodies, keys=old))
        if workspace.body_retention < workspace.event_retention:
            await self._tidy_responses(workspace.id, before)

    async def _tidy_responses(self, workspace_id: str, before: Instant) -> None:
        """Looked for on a reader's thread, like everything here, and with more reason: no index leads to them."""
        after = AttemptKey("", 0)
        while found := await self._database.read(
            select_old_responses, workspace_id, before, after=after, limit=self._piece
        ):
            await self._write(workspace_id, partial(_clear, keys=found))
            after = found[-1]

    async def _remove(self, workspace_id: str) -> None:
        while await self._write(
            "", lambda transaction: delete_some_of_workspace(transaction.connection, workspace_id, self._piece)
        ):
            pass
        log.info("workspace removed", workspace_id=workspace_id)

    async def _write(self, workspace_id: str, operation: Callable[[Transaction], T]) -> T:
        caller = system(workspace_id) if workspace_id else Caller(workspace_id="")
        written = await self._writer.write(operation, caller)
        return written.result  # type: ignore[return-value] # only repeated requests have none


def _shorten_log(transaction: Transaction, *, last: int, piece: int) -> int:
    """The sequence through which events are removed now; the next piece begins after it."""
    log_ = transaction.log
    assert log_ is not None
    through = min(log_.earliest + piece - 1, last)
    if through >= log_.earliest:
        delete_oldest_events(transaction.connection, log_.workspace.id, through)
        log_.earliest = through + 1
    return through


def _delete_deliveries(transaction: Transaction, *, ids: Sequence[str]) -> None:
    delete_deliveries(transaction.connection, ids)


def _delete_timers(transaction: Transaction, *, before: Instant, piece: int) -> None:
    delete_ended_timers(transaction.connection, transaction.workspace.id, before, piece)


def _delete_bodies(transaction: Transaction, *, keys: Sequence[BodyKey]) -> None:
    delete_bodies(transaction.connection, keys)


def _clear(transaction: Transaction, *, keys: Sequence[AttemptKey]) -> None:
    clear_responses(transaction.connection, keys)
