"""What record does a request describe? Read from TimeTracker's fields; what is left out is left to the rules."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal as Number
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from clockwire.api.callers import caller
from clockwire.model.errors import FieldInvalid
from clockwire.model.timetracker_words import CLIENT_TYPE, CLIENT_TYPES, IS_PRIVATE
from clockwire.v1 import records_pb2 as records
from clockwire.v1.common_pb2 import Tag
from clockwire.v1.records_pb2 import Client, Project, Record, Task, TimeLog
from clockwire.web.zapier.asking import LONGEST_NAME, Asked

_ACTIVITIES = ("active", "inactive")
_PROJECT_STATUS: Mapping[str, Any] = {
    "active": records.PROJECT_STATUS_ACTIVE,
    "completed": records.PROJECT_STATUS_CLOSED,
}
_TASK_STATUS: Mapping[str, Any] = {
    "todo": records.TASK_STATUS_TODO,
    "in-progress": records.TASK_STATUS_IN_PROGRESS,
    "completed": records.TASK_STATUS_CLOSED,
}
_PRIORITY: Mapping[str, Any] = {
    "low": records.TASK_PRIORITY_LOW,
    "medium": records.TASK_PRIORITY_MEDIUM,
    "high": records.TASK_PRIORITY_HIGH,
}
_SECONDS = 3600


def client(asked: Asked) -> Record:
    """A client. Raises FieldInvalid, WorkspaceForbidden."""
    asked.need("name", "workspace_id")
    asked.workspace()
    record = Record(
        client=Client(
            client_name=asked.text("name", longest=LONGEST_NAME),
            contact_email=asked.text("email"),
            contact_phone=asked.text("phone"),
            address_1=asked.text("address"),
            notes=asked.text("note"),
            currency=asked.text("currency"),
            active=asked.word("status", _ACTIVITIES, "active") == "active",
        )
    )
    record.custom_fields.update({CLIENT_TYPE: asked.word("type", CLIENT_TYPES, CLIENT_TYPES[0])})
    asked.check()
    return record


def project(asked: Asked) -> Record:
    """A project; one with a rate of its own is priced by that. Raises FieldInvalid, WorkspaceForbidden."""
    asked.need("name", "workspace_id")
    asked.workspace()
    rate, budget = asked.amount("defaultBillableRate"), asked.amount("estimatedBudget")
    billable, private = asked.flag("defaultBillable"), asked.flag("isPrivate")
    record = Record(
        project=Project(
            project_name=asked.text("name", longest=LONGEST_NAME),
            client_id=asked.id("client_id"),
            description=asked.text("description"),
            status=_PROJECT_STATUS[asked.word("status", [*_PROJECT_STATUS], "active")],
            client_rate=_decimal(rate),
            billing_type=records.BILLING_TYPE_PROJECT_RATE if rate else records.BILLING_TYPE_UNSPECIFIED,
            billable=True if billable is None else billable,
            estimated_time=_hours(asked.amount("estimatedHours")),
            budget_amount=_decimal(budget),
        )
    )
    record.custom_fields.update({IS_PRIVATE: bool(private)})
    asked.check()
    return record


def task(asked: Asked) -> Record:
    """A task. Raises FieldInvalid, WorkspaceForbidden."""
    asked.need("name", "project_id")
    asked.workspace()
    due = asked.moment("due_date", zoned=False)
    record = Record(
        task=Task(
            task_name=asked.text("name", longest=LONGEST_NAME),
            project_id=asked.id("project_id"),
            description=asked.text("description"),
            status=_TASK_STATUS[asked.word("status", [*_TASK_STATUS], "todo")],
            priority=_PRIORITY[asked.word("priority", [*_PRIORITY], "medium")],
            estimated_time=_hours(asked.amount("estimated_hours")),
            due_date=_date(due),
            assigned_user_ids=asked.ids("assignee_ids"),
        )
    )
    asked.check()
    return record


def time_entry(asked: Asked) -> Record:
    """A time log; where it lasted less than from start to end, the rest was a break. Raises FieldInvalid."""
    asked.need("workspace_id", "start_time", "end_time", "billable")
    asked.workspace()
    start, end, day = asked.moment("start_time"), asked.moment("end_time"), asked.moment("date", zoned=False)
    duration, manually_entered = asked.amount("duration"), asked.flag("manually_entered")
    log = TimeLog(
        user_id=_worker(asked),
        project_id=asked.id("project_id"),
        task_id=asked.id("task_id"),
        start_time=_timestamp(start),
        end_time=_timestamp(end),
        date=_date(day or start),
        billable=asked.flag("billable"),
        description=asked.text("description"),
        manually_entered=True if manually_entered is None else manually_entered,
        tags=[Tag(id=id_) for id_ in asked.ids("tag_ids")],
    )
    asked.check()
    if start and end and duration:
        _lasted(log, duration, start, end)
    return Record(time_log=log)


def _worker(asked: Asked) -> str:
    """Who did the work: whom the request names, else the person on whose behalf the key is used."""
    worker = asked.id("team_member_id") or caller().actor.user_id
    if not worker:
        asked.need("team_member_id")
    return worker


def _lasted(log: TimeLog, duration: Number, start: datetime, end: datetime) -> None:
    span = Number(str((end - start).total_seconds()))
    if span <= 0:
        return  # the rules say so
    if duration > span:
        raise FieldInvalid.of("duration", f"must be at most the {span.normalize():f} s from start_time to end_time")
    log.duration.CopyFrom(_length(duration))
    if duration < span:
        log.break_time.CopyFrom(_length(span - duration))


def _decimal(number: Number | None) -> Decimal | None:
    return None if number is None else Decimal(value=f"{number:f}")


def _hours(number: Number | None) -> Duration | None:
    return None if number is None else _length(number * _SECONDS)


def _length(seconds: Number) -> Duration:
    micros = min(int(seconds * 1_000_000), 10**18)  # more than any column holds, and refused there
    return Duration(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)


def _date(moment: datetime | None) -> Date | None:
    """The day as it is written there."""
    return None if moment is None else Date(year=moment.year, month=moment.month, day=moment.day)


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
