"""What a time log must be, and what follows from the rest. A timer shares some of it: see `timers.py`."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from clockwire.model.days import day_of
from clockwire.model.errors import RecordClosed, RecordLocked
from clockwire.model.instants import HOUR, SECOND, of_timestamp, to_timestamp
from clockwire.model.money import nothing, price
from clockwire.model.record_fields import of_duration
from clockwire.model.rules.change import Change, Step, compute, derive
from clockwire.model.rules.places import (
    category_of,
    check_subproject,
    check_task,
    client_of_project,
    currency_of_project,
    project_of,
    project_of_task,
    subproject_of,
    task_of,
    user_of,
)
from clockwire.model.rules.projects import to_duration
from clockwire.model.rules.rates import client_rate, salary_rate
from clockwire.v1.records_pb2 import (
    APPROVAL_STATUS_APPROVED,
    APPROVAL_STATUS_OPEN,
    APPROVAL_STATUS_REJECTED,
    BILLING_TYPE_NON_BILLABLE,
    PROJECT_STATUS_CLOSED,
    PROJECT_STATUS_ON_HOLD,
    TASK_STATUS_CLOSED,
    ApprovalStatus,
    TimeLog,
)

Log = Change[TimeLog]

_LONGEST = 24 * HOUR
_DECIDED = (APPROVAL_STATUS_APPROVED, APPROVAL_STATUS_REJECTED)
_NOT_OPEN = {
    PROJECT_STATUS_ON_HOLD: "on hold",
    PROJECT_STATUS_CLOSED: "closed",
}
_APPROVAL = {"approval_status", "approver_user_id", "approve_time"}
_BILLING = {"billable", "currency", "client_rate", "salary_rate"}
_WORK = ("user_id", "project_id", "task_id", "subproject_id", "date", "start_time", "end_time", "duration")
_RATED_BY = ("user_id", "project_id", "subproject_id", "category_id", "date", "currency")
_WRITTEN = [
    *("user_id", "project_id", "task_id", "subproject_id", "category_id", "date", "start_time", "end_time", "duration"),
    *("break_time", "time_zone", "description", "tags", "manually_entered", *sorted(_APPROVAL | _BILLING)),
]


def _check_locked(change: Log) -> None:
    """Approved logs keep all but their approval and billing, billed ones all but their approval."""
    before = change.before
    if before is None:
        return
    if before.invoice_id:
        free, why = _APPROVAL, f"it is billed by invoice {before.invoice_id}"
    elif before.approval_status == APPROVAL_STATUS_APPROVED:
        free, why = _APPROVAL | _BILLING, "it is approved"
    else:
        return
    for field in _WRITTEN:
        if field not in free and change.changes(field):
            raise RecordLocked("time_log", change.id, f"{why}, and {field} may not change")


def time_zone(change: Change[Any]) -> str:
    """The zone of the user, else of the workspace."""
    return user_of(change).time_zone or change.around.workspace.time_zone


def _settle_times(change: Log) -> None:
    """Start, end, day and duration agree; of the last two, what was left open is derived."""
    worked = _worked(change)
    if change.is_open("date", after=("start_time", "time_zone")):
        change.assign("date", _date(change))
    if change.is_open("duration", after=("start_time", "end_time", "break_time")):
        if worked is None:
            raise change.refuse("duration", "is needed where there is no start_time and end_time")
        change.assign("duration", to_duration(worked))
        duration = worked
    else:
        duration = of_duration(change.body.duration)
    if not 0 < duration <= _LONGEST:
        raise change.refuse("duration", "must be more than 0 and at most 24 hours")
    if worked not in (None, duration):
        raise change.refuse("duration", f"must be end_time - start_time - break_time, which is {worked / SECOND:g} s")


def _worked(change: Log) -> int | None:
    """The time between start and end without the break, in microseconds; None as long as there is no end."""
    log = change.body
    has_end, has_start = log.HasField("end_time"), log.HasField("start_time")
    pause = of_duration(log.break_time) if log.HasField("break_time") else 0
    if has_end and not has_start:
        raise change.refuse("end_time", "needs a start_time")
    if pause < 0:
        raise change.refuse("break_time", "must not be negative")
    if not has_end:
        return None
    elapsed = of_timestamp(log.end_time) - of_timestamp(log.start_time)
    if elapsed <= 0:
        raise change.refuse("end_time", "must be after start_time")
    return elapsed - pause


def _date(change: Log) -> Date:
    log = change.body
    if not log.HasField("start_time"):
        raise change.refuse("date", "is needed where there is no start_time")
    return day_of(log.start_time, log.time_zone, change.path("start_time"))


def _check_open(change: Log) -> None:
    if change.changes(*_WORK):
        check_open(change)


def check_open(change: Change[Any]) -> None:
    """Time may be logged by this user and there."""
    log = change.body
    user, project, task, subproject = user_of(change), project_of(change), task_of(change), subproject_of(change)
    if user.HasField("active") and not user.active:
        raise RecordClosed("user", log.user_id, "inactive")
    if project.status in _NOT_OPEN:
        raise RecordClosed("project", log.project_id, _NOT_OPEN[project.status])
    if task.status == TASK_STATUS_CLOSED:
        raise RecordClosed("task", log.task_id, "closed")
    if subproject.status in _NOT_OPEN:
        raise RecordClosed("subproject", log.subproject_id, _NOT_OPEN[subproject.status])


def billable(change: Change[Any]) -> bool:
    """The default of the task, else of the project or the category."""
    project = project_of(change)
    if project.billing_type == BILLING_TYPE_NON_BILLABLE:
        return False
    for each in (task_of(change), project, category_of(change)):
        if each.HasField("billable"):
            return bool(each.billable)
    return bool(change.body.project_id)


def check_billable(change: Change[Any]) -> None:
    """What is never billed is not billable."""
    if not change.body.billable or project_of(change).billing_type != BILLING_TYPE_NON_BILLABLE:
        return
    if change.changes("billable", "project_id"):
        raise change.refuse("billable", "must be false, since the project is never billed")


def _bill_only_what_may_be(change: Log) -> None:
    """The project may have changed while a timer ran: that is no reason to lose the time."""
    if project_of(change).billing_type == BILLING_TYPE_NON_BILLABLE:
        change.assign("billable", False)  # noqa: FBT003 - the value of a field


def _leave_other_projects(change: Log) -> None:
    """Likewise if the task has moved to another project while a timer ran: the phase it had is not there."""
    if subproject_of(change).project_id != change.body.project_id:
        change.assign("subproject_id", None)


def _client_cost(change: Log) -> Decimal | None:
    log = change.body
    if not log.billable:
        return nothing(log.currency)
    if not log.HasField("client_rate"):
        return None
    return price(log.client_rate, log.duration, log.currency, change.path("client_cost"))


def _salary_cost(change: Log) -> Decimal | None:
    log = change.body
    if not log.HasField("salary_rate"):
        return None
    return price(log.salary_rate, log.duration, log.currency, change.path("salary_cost"))


def _approval_status(_change: Log) -> ApprovalStatus.ValueType:
    return APPROVAL_STATUS_OPEN


def _approve_time(change: Log) -> Timestamp | None:
    return to_timestamp(change.around.now) if change.body.approval_status in _DECIDED else None


def _nobody(_change: Log) -> None:
    """A decision that is taken anew is not the old approver's."""


_COSTED: tuple[Step, ...] = (
    derive("currency", currency_of_project, after=["project_id"]),
    derive("client_rate", client_rate, after=_RATED_BY),
    derive("salary_rate", salary_rate, after=_RATED_BY),
    compute("client_cost", _client_cost),
    compute("salary_cost", _salary_cost),
    derive("approval_status", _approval_status),
    derive("approver_user_id", _nobody, after=["approval_status"]),
    derive("approve_time", _approve_time, after=["approval_status"]),
)
TIME_LOG: tuple[Step, ...] = (
    _check_locked,
    derive("project_id", project_of_task, after=["task_id"]),
    check_task,
    check_subproject,
    derive("client_id", client_of_project, after=["project_id"]),
    derive("time_zone", time_zone, after=["user_id"]),
    _settle_times,
    _check_open,
    derive("billable", billable, after=["project_id"]),
    check_billable,
    *_COSTED,
)
#: Of the log that a timer becomes. Its places were open and fitted together when it was started; what became of them
#: meanwhile is no reason to lose the time.
TIMED_LOG: tuple[Step, ...] = (
    compute("project_id", project_of_task),
    _leave_other_projects,
    derive("client_id", client_of_project),
    _settle_times,
    derive("billable", billable),
    _bill_only_what_may_be,
    *_COSTED,
)
