"""What a timer must be while it runs, and what it becomes when it is stopped."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from clockwire.model.rules.change import Around, Change, Step, compute, derive
from clockwire.model.rules.places import check_subproject, check_task, client_of_project, project_of_task
from clockwire.model.rules.time_logs import TIMED_LOG, billable, check_billable, check_open, time_zone
from clockwire.v1.common_pb2 import RECORD_TYPE_TIME_LOG
from clockwire.v1.records_pb2 import Record, TimeLog
from clockwire.v1.timers_pb2 import Timer


@dataclass(slots=True)
class TimerChange(Change[Timer]):
    """A timer that is about to be written."""

    def path(self, field: str) -> str:
        """The field as errors name it, "timer.task_id"."""
        return f"timer.{field}"


def complete_timer(before: Timer | None, after: Timer, sent: AbstractSet[str], around: Around) -> None:
    """Derives what was left open and checks the rest. *sent*: the fields that an update wrote.

    Raises HierarchyInvalid, RecordClosed, FieldInvalid.
    """
    change = TimerChange(id=after.id, body=after, before=before, sent=sent, around=around, name="timer")
    for step in _TIMER:
        step(change)


def time_log_of(timer: Timer, around: Around) -> Record:
    """The time log that a stopped timer becomes, whole but for its envelope. It is not asked whether all is open."""
    log = TimeLog(
        time_log_id=timer.id,
        user_id=timer.user_id,
        project_id=timer.project_id,
        task_id=timer.task_id,
        subproject_id=timer.subproject_id,
        category_id=timer.category_id,
        start_time=timer.start_time,
        end_time=timer.stop_time,
        time_zone=timer.time_zone,
        billable=timer.billable,
        description=timer.description,
        tags=timer.tags,
        manually_entered=False,
    )
    change = Change(id=timer.id, body=log, before=None, sent=frozenset(), around=around, name="time_log")
    for step in TIMED_LOG:
        step(change)
    return Record(id=timer.id, type=RECORD_TYPE_TIME_LOG, time_log=log)


def _check_open(change: Change[Timer]) -> None:
    """A timer is started on, or moved to, only what is open; where it is it may stay."""
    if change.changes("project_id", "task_id", "subproject_id"):
        check_open(change)


_TIMER: tuple[Step, ...] = (
    derive("project_id", project_of_task, after=["task_id"]),
    check_task,
    check_subproject,
    compute("client_id", client_of_project),
    derive("time_zone", time_zone),
    _check_open,
    derive("billable", billable, after=["project_id"]),
    check_billable,
)
