"""What do find and create answer? The record in snake_case and flat, where the webhooks have camelCase and objects."""

from collections.abc import Mapping

from clockwire.model.rendering import values
from clockwire.model.rendering.timetracker_entries import tags
from clockwire.model.timetracker_words import (
    PRIORITY,
    PROJECT_STATUS,
    TASK_STATUS,
    activity,
    address,
    client_type,
    is_active,
    is_private,
)
from clockwire.operations.surroundings import Around
from clockwire.storage.searching import count_referred, count_sources
from clockwire.v1 import common_pb2
from clockwire.v1.records_pb2 import Record

Answer = Mapping[str, object]


def client_answer(record: Record, around: Around) -> Answer:
    """A client."""
    client = record.client
    return {
        "id": record.id,
        "name": client.client_name,
        "type": client_type(record),
        "status": activity(active=is_active(client)),
        "email": client.contact_email,
        "phone": client.contact_phone,
        "address": address(client),
        "note": client.notes,
        "currency": client.currency or around.workspace.currency,
        **_times(record),
    }


def new_client_answer(record: Record, around: Around) -> Answer:
    """A client that was created now, and so has no projects."""
    known = dict(client_answer(record, around))
    times = {name: known.pop(name) for name in _times(record)}
    workspace = {"id": around.workspace.id, "name": around.workspace_name}
    return {**known, "workspaces": [workspace], "projects": [], "project_count": 0, "workspace_count": 1, **times}


def project_answer(record: Record, around: Around) -> Answer:
    """A project. Its members are those whom its tasks are assigned to."""
    project = record.project
    own = (record.id, "project_id")
    here = (around.connection, around.workspace.id)
    return {
        "id": record.id,
        "name": project.project_name,
        "description": project.description,
        "status": PROJECT_STATUS.get(project.status),
        "is_private": is_private(record),
        "default_billable_rate": values.number(project.client_rate.value),
        "default_billable": project.billable,
        "estimated_hours": values.hours(project.estimated_time) if project.HasField("estimated_time") else None,
        "estimated_budget": values.number(project.budget_amount.value),
        **_workspace(around),
        **_client(project.client_id, project.client_name),
        "task_count": count_sources(*here, own, common_pb2.RECORD_TYPE_TASK),
        "time_entry_count": count_sources(*here, own, common_pb2.RECORD_TYPE_TIME_LOG),
        "member_count": count_referred(*here, own, common_pb2.RECORD_TYPE_TASK, "assigned_user_ids"),
        **_times(record),
    }


def task_answer(record: Record, around: Around) -> Answer:
    """A task, with those whom it is assigned to."""
    task = record.task
    known = around.find([task.project_id, *task.assigned_user_ids])
    project = known.get(task.project_id, Record()).project
    logged = count_sources(
        around.connection, around.workspace.id, (record.id, "task_id"), common_pb2.RECORD_TYPE_TIME_LOG
    )
    return {
        "id": record.id,
        "name": task.task_name,
        "description": task.description,
        "status": TASK_STATUS.get(task.status),
        "priority": PRIORITY.get(task.priority),
        "estimated_hours": values.hours(task.estimated_time) if task.HasField("estimated_time") else None,
        "actual_hours": values.hours(task.actual_time),
        "due_date": values.midnight(values.date(task.due_date)),
        "project_id": task.project_id,
        "project_name": task.project_name,
        "project_status": PROJECT_STATUS.get(project.status),
        **_workspace(around),
        **_client(task.client_id, task.client_name),
        "assignees": [
            {"id": id_, "name": known[id_].user.user_name, "email": known[id_].user.email}
            for id_ in task.assigned_user_ids
            if id_ in known
        ],
        "time_entry_count": logged,
        **_times(record),
    }


def entry_answer(record: Record, around: Around) -> Answer:
    """A time entry."""
    log = record.time_log
    return {
        "id": record.id,
        "description": log.description,
        "date": values.midnight(values.date(log.date)),
        "start_time": values.timestamp(log.start_time) if log.HasField("start_time") else None,
        "end_time": values.timestamp(log.end_time) if log.HasField("end_time") else None,
        "duration": log.duration.seconds,
        "billable": log.billable,
        "manually_entered": log.manually_entered,
        **_workspace(around),
        "team_member_id": log.user_id,
        "team_member_name": log.user_name,
        "project_id": log.project_id or None,
        "project_name": log.project_name or None,
        "task_id": log.task_id or None,
        "task_name": log.task_name or None,
        **_client(log.client_id, log.client_name),
        "tags": tags(log.tags),
        **_times(record),
    }


def _workspace(around: Around) -> Answer:
    return {"workspace_id": around.workspace.id, "workspace_name": around.workspace_name}


def _client(id_: str, name: str) -> Answer:
    return {"client_id": id_ or None, "client_name": name or None}


def _times(record: Record) -> Answer:
    return {"created_at": values.timestamp(record.create_time), "updated_at": values.timestamp(record.update_time)}
