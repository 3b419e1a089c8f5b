"""What becomes of timers that run when records they refer to are deleted.

A timer goes where its time log would go: with its user and its project. What else it refers to is cleared.
"""

from collections.abc import Collection, Sequence

from clockwire.model.timer import changed_timer_paths, copied_timer, timer_references
from clockwire.operations.ledger import Ledger
from clockwire.operations.timer_changes import TimerChanges
from clockwire.storage.timers import select_running
from clockwire.v1.common_pb2 import (
    RECORD_TYPE_CATEGORY,
    RECORD_TYPE_PROJECT,
    RECORD_TYPE_SUBPROJECT,
    RECORD_TYPE_TASK,
    RECORD_TYPE_USER,
)
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

_OWNERS = {"user_id", "project_id"}
_REFERRED_TO = {
    *(RECORD_TYPE_USER, RECORD_TYPE_PROJECT, RECORD_TYPE_TASK, RECORD_TYPE_SUBPROJECT, RECORD_TYPE_CATEGORY),
}


def timers_on(ledger: Ledger, records: Collection[Record]) -> Sequence[Timer]:
    """The timers that run and refer to one of these records."""
    targets = {record.id for record in records if record.type in _REFERRED_TO}
    if not targets:
        return ()
    running = select_running(ledger.transaction.connection, ledger.transaction.workspace.id)
    return [timer for timer in running if any(id_ in targets for _, id_ in timer_references(timer))]


def release_timers(ledger: Ledger, doomed: Collection[Record]) -> None:
    """No timer runs any more that refers to one of these records, which are about to be deleted."""
    targets = {record.id for record in doomed}
    changes = TimerChanges(ledger.transaction, ledger)
    for timer in timers_on(ledger, doomed):
        lost = [column.path for column, id_ in timer_references(timer) if id_ in targets]
        if _OWNERS.isdisjoint(lost):
            after = copied_timer(timer)
            for path in lost:
                setattr(after, path, "")
            changes.enter("updated", timer, after, changed_timer_paths(timer, after))
        else:
            changes.discard(timer)
