"""How an event becomes the body of a TrackingTime webhook.

TrackingTime documents which events there are
(https://help.trackingtime.co/article/146-setting-webhooks-in-tracking-time), and no body. So this one is ours, made of
the names that its API has: times as "2024-01-15 10:00:00" beside a `timezone`, `duration` in seconds, estimates in
hours, and time entries called events. docs/trackingtime.md describes it.
"""

from collections.abc import Callable, Mapping

from google.protobuf.timestamp_pb2 import Timestamp
from orjson import dumps

from clockwire.model.rendering import values
from clockwire.v1 import records_pb2 as records
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import TimeLog
from clockwire.v1.timers_pb2 import Timer

Body = dict[str, object]

#: TrackingTime's eight events; the change of a task, of which it tells too; that of a time entry, as its newer API has.
EVENT_OF: Mapping[str, str] = {
    "project.add": "project.created",
    "project.close": "project.closed",
    "task.add": "task.created",
    "task.update": "task.updated",
    "task.close": "task.closed",
    "task.track": "timer.started",
    "task.stop": "timer.stopped",
    "event.add": "timelog.created",
    "event.update": "timelog.updated",
    "event.delete": "timelog.deleted",
}
_NAME_OF: Mapping[str, str] = {ours: theirs for theirs, ours in EVENT_OF.items()}


def trackingtime_body(event: Event) -> bytes | None:
    """The body of one of these events; None for all others."""
    name = _NAME_OF.get(event.type)
    if name is None:
        return None
    body: Body = {
        "event_name": name,
        "account_id": event.workspace_id,
        "date": _time(event.commit_time),
        "timezone": "GMT+00:00",
        "data": _DATA[name](event),
    }
    return dumps(body)


def _project(event: Event) -> Body:
    record, project = event.record, event.record.project
    return {
        "id": record.id,
        "name": project.project_name,
        "customer_id": project.client_id or None,
        "customer": project.client_name or None,
        "notes": project.description,
        "estimated_time": values.hours(project.estimated_time) if project.HasField("estimated_time") else None,
        "is_closed": project.status == records.PROJECT_STATUS_CLOSED,
        "external_id": record.external_id or None,
    }


def _task(event: Event) -> Body:
    record, task = event.record, event.record.task
    return {
        "id": record.id,
        "name": task.task_name,
        "project_id": task.project_id,
        "project": task.project_name,
        "customer_id": task.client_id or None,
        "customer": task.client_name or None,
        "user_ids": list(task.assigned_user_ids),
        "notes": task.description,
        "due_date": values.date(task.due_date),
        "estimated_time": values.hours(task.estimated_time) if task.HasField("estimated_time") else None,
        "accumulated_time": task.actual_time.seconds,
        "is_closed": task.status == records.TASK_STATUS_CLOSED,
        "external_id": record.external_id or None,
    }


def _timer(event: Event) -> Body:
    timer = event.timer
    ended = timer.HasField("stop_time")
    return {
        "id": timer.id,
        **_places(timer),
        "start": _time(timer.start_time),
        "end": _time(timer.stop_time) if ended else None,
        "duration": timer.duration.seconds if ended else None,
    }


def _entry(event: Event) -> Body:
    record, log = event.record, event.record.time_log
    return {
        "id": record.id,
        **_places(log),
        "date": values.date(log.date),
        "start": _time(log.start_time) if log.HasField("start_time") else None,
        "end": _time(log.end_time) if log.HasField("end_time") else None,
        "duration": log.duration.seconds,
        "external_id": record.external_id or None,
    }


def _gone(event: Event) -> Body:
    return {"id": event.record_id}


def _places(of: Timer | TimeLog) -> Body:
    """Who works on what."""
    return {
        "user_id": of.user_id,
        "user": of.user_name,
        "task_id": of.task_id or None,
        "task": of.task_name or None,
        "project_id": of.project_id or None,
        "project": of.project_name or None,
        "customer_id": of.client_id or None,
        "customer": of.client_name or None,
        "notes": of.description,
        "tags": [tag.name for tag in of.tags],
        "billable": of.billable,
    }


def _time(value: Timestamp) -> str | None:
    """As TrackingTime writes times, in UTC: "2024-01-15 10:00:00"."""
    text = values.timestamp(value)
    return text[:19].replace("T", " ") if text else None


_DATA: Mapping[str, Callable[[Event], Body]] = {
    "project.add": _project,
    "project.close": _project,
    "task.add": _task,
    "task.update": _task,
    "task.close": _task,
    "task.track": _timer,
    "task.stop": _timer,
    "event.add": _entry,
    "event.update": _entry,
    "event.delete": _gone,
}
