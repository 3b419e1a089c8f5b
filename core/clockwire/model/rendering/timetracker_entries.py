"""What a time entry of TimeTracker is: a timer that was started or stopped, or a time log."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfoNotFoundError

from google.type.date_pb2 import Date

from clockwire.model.days import day_of
from clockwire.model.errors import FieldInvalid
from clockwire.model.rendering import values
from clockwire.model.surroundings import Surroundings
from clockwire.v1.common_pb2 import Tag
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record, TimeLog
from clockwire.v1.timers_pb2 import Timer

Body = dict[str, object]

#: What was done, by the event: the documented words, and ours where TimeTracker has no event.
_ACTIONS: Mapping[str, str] = {
    "timer.started": "start_timer",
    "timer.stopped": "stop_timer",
    "timer.updated": "update_timer",
    "timer.discarded": "discard_timer",
    "timelog.created": "create_entry",
    "timelog.updated": "update_entry",
}
_BY_HAND = "manual_entry"


def entry_of_timer(event: Event, around: Surroundings) -> Body:
    """A timer's time entry; endTime and duration are there once it was stopped, and not before."""
    timer = event.timer
    ended = timer.state == Timer.STATE_STOPPED
    end: Body = {"endTime": values.timestamp(timer.stop_time), "duration": timer.duration.seconds} if ended else {}
    return {
        "id": timer.id,
        "description": timer.description,
        "date": values.midnight(values.date(_day_of(timer))) if timer.HasField("start_time") else None,
        "startTime": values.timestamp(timer.start_time) if timer.HasField("start_time") else None,
        **end,
        "billable": timer.billable,
        "action": _ACTIONS[event.type],
        **_places(event.workspace_id, timer, around),
        "createdAt": values.timestamp(timer.create_time),
        "updatedAt": values.timestamp(timer.update_time),
    }


def entry_of_log(event: Event, around: Surroundings) -> Body:
    """A time log's time entry. One that was typed in when it was created is a manual entry."""
    record, log = event.record, event.record.time_log
    by_hand = event.type == "timelog.created" and log.manually_entered
    return {
        **times_of_log(record),
        "billable": log.billable,
        "action": _BY_HAND if by_hand else _ACTIONS[event.type],
        **_places(event.workspace_id, log, around),
        "createdAt": values.timestamp(record.create_time),
        "updatedAt": values.timestamp(record.update_time),
    }


def times_of_log(record: Record) -> Body:
    """What was done, and when."""
    log = record.time_log
    return {
        "id": record.id,
        "description": log.description,
        "date": values.midnight(values.date(log.date)),
        "startTime": values.timestamp(log.start_time) if log.HasField("start_time") else None,
        "endTime": values.timestamp(log.end_time) if log.HasField("end_time") else None,
        "duration": log.duration.seconds,
    }


def named(id_: str, name: str) -> Body | None:
    """An object as others mention it; null without one."""
    return {"id": id_, "name": name} if id_ else None


def tags(entries: Iterable[Tag]) -> list[Body]:
    """Labels, each with its id and name."""
    return [{"id": tag.id, "name": tag.name} for tag in entries]


def _places(workspace_id: str, of: Timer | TimeLog, around: Surroundings) -> Body:
    return {
        "workspace": named(workspace_id, around.workspace_name),
        "teamMember": named(of.user_id, of.user_name),
        "project": named(of.project_id, of.project_name),
        "task": named(of.task_id, of.task_name),
        "tags": tags(of.tags),
    }


def _day_of(timer: Timer) -> Date:
    """The day on which it was started, where its user is; not set in a zone that there is not."""
    try:
        return day_of(timer.start_time, timer.time_zone or "UTC", "start_time")
    except (FieldInvalid, ZoneInfoNotFoundError, ValueError, OSError):
        return Date()
