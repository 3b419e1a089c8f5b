"""What a project, a task and a subproject must be, and what follows from the rest."""

from collections.abc import Iterable
from decimal import Decimal as Number

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal

from clockwire.model.errors import HierarchyInvalid
from clockwire.model.instants import SECOND, to_timestamp
from clockwire.model.money import ZERO, decimal, number, rounded, total
from clockwire.model.rules.change import Change, Step, compute, derive, in_order
from clockwire.model.rules.places import check_subproject, currency_of_client, currency_of_project
from clockwire.v1.common_pb2 import RECORD_TYPE_SUBPROJECT, RECORD_TYPE_TIME_LOG
from clockwire.v1.records_pb2 import (
    BILLING_TYPE_NON_BILLABLE,
    PROJECT_STATUS_ACTIVE,
    PROJECT_STATUS_CLOSED,
    TASK_STATUS_CLOSED,
    TASK_STATUS_TODO,
    Project,
    ProjectStatus,
    Record,
    Subproject,
    Task,
    TaskStatus,
    TimeLog,
)

_MOST_LEVELS = 10
_LOGS = (RECORD_TYPE_TIME_LOG,)
_SUBPROJECTS = (RECORD_TYPE_SUBPROJECT,)


def cost_of(task: Task, logs: Iterable[TimeLog]) -> Decimal:
    """What the client pays for these logs of the task; see `counted_cost`."""
    cost = rounded(ZERO, task.currency)
    for log in logs:
        cost = total(cost, counted_cost(log, task.currency))
    return decimal(cost, "record.task.actual_cost")


def counted_cost(log: TimeLog, currency: str) -> Number:
    """What the log adds to its task's cost: nothing if it is in another currency, which can't be added."""
    return number(log.client_cost) if log.currency == currency else ZERO


def to_duration(micros: int) -> Duration:
    """The length of time of that many microseconds."""
    return Duration(seconds=micros // SECOND, nanos=micros % SECOND * 1000)


def _active(_change: Change[Project]) -> ProjectStatus.ValueType:
    return PROJECT_STATUS_ACTIVE


def _project_billable(change: Change[Project]) -> bool:
    return change.body.billing_type != BILLING_TYPE_NON_BILLABLE


def _project_close_time(change: Change[Project]) -> Timestamp | None:
    return _close_time(change, closed=PROJECT_STATUS_CLOSED)


def _task_close_time(change: Change[Task]) -> Timestamp | None:
    return _close_time(change, closed=TASK_STATUS_CLOSED)


def _close_time(change: Change[Project] | Change[Task], *, closed: int) -> Timestamp | None:
    """When it was closed last, if it is closed."""
    if change.body.status != closed:
        return None
    if change.before is not None and change.before.status == closed:
        return change.before.close_time
    return to_timestamp(change.around.now)


def _todo(_change: Change[Task]) -> TaskStatus.ValueType:
    return TASK_STATUS_TODO


def _check_move(change: Change[Task]) -> None:
    """A task takes its time logs and expenses nowhere: it stays in its project while it has any."""
    if change.before is None or not change.changes("project_id"):
        return
    if change.around.has_users(change.id, "task_id"):
        raise HierarchyInvalid(change.path("project_id"), "time logs or expenses of the old project are on this task")


def _sum_time(change: Change[Task]) -> Duration:
    return change.before.actual_time if change.before else Duration()


def _sum_cost(change: Change[Task]) -> Decimal:
    if change.before and not change.changes("currency"):
        before: Decimal = change.before.actual_cost
        return before
    logs = change.around.users_of(change.id, "task_id", types=_LOGS) if change.before else ()
    return cost_of(change.body, [log.time_log for log in logs])


def _check_parents(change: Change[Subproject]) -> None:
    """The subprojects above are of the same project, and the chain through this one has at most 10 levels."""
    if not change.changes("parent_id") or not change.body.parent_id:
        return
    above = _levels_above(change)
    below = _levels_below(change, change.id, _MOST_LEVELS) if change.before else 0
    if above + 1 + below > _MOST_LEVELS:
        raise HierarchyInvalid(change.path("parent_id"), f"more than {_MOST_LEVELS} levels")


def _levels_above(change: Change[Subproject]) -> int:
    levels, parent_id = 0, change.body.parent_id
    while parent_id:
        parent: Record | None = change.around.find(parent_id)
        if parent_id == change.id or parent is None:
            raise HierarchyInvalid(change.path("parent_id"), "is the subproject itself or stands below it")
        if parent.subproject.project_id != change.body.project_id:
            raise HierarchyInvalid(change.path("parent_id"), f"subproject {parent_id} belongs to another project")
        levels, parent_id = levels + 1, parent.subproject.parent_id
    return levels


def _levels_below(change: Change[Subproject], id_: str, most: int) -> int:
    if not most:
        return 0
    children = change.around.users_of(id_, "parent_id", types=_SUBPROJECTS)
    return max((1 + _levels_below(change, child.id, most - 1) for child in children), default=0)


PROJECT: tuple[Step, ...] = (
    derive("status", _active),
    derive("currency", currency_of_client),
    derive("billable", _project_billable, after=["billing_type"]),
    compute("close_time", _project_close_time),
    in_order("start_date", "finish_date"),
)
TASK: tuple[Step, ...] = (
    _check_move,
    check_subproject,
    derive("status", _todo),
    derive("currency", currency_of_project),
    compute("actual_time", _sum_time),
    compute("actual_cost", _sum_cost),
    compute("close_time", _task_close_time),
    in_order("start_date", "finish_date"),
)
SUBPROJECT: tuple[Step, ...] = (
    _check_parents,
    derive("status", _active),
    derive("currency", currency_of_project),
    in_order("start_date", "finish_date"),
)
