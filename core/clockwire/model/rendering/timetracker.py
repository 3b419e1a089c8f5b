"""How an event becomes the body that TimeTracker's webhooks have: the object it is about, and nothing around it.

https://docs.timetracker.in/api-reference/integrations/zapier shows the objects, of which the order of keys is kept.
Text that is not set is "", since every text there is a string; objects and numbers that are not set are null.
"""

from collections.abc import Callable, Mapping, Sequence

from google.type.decimal_pb2 import Decimal
from orjson import dumps

from clockwire.model.rendering import values
from clockwire.model.rendering.timetracker_entries import entry_of_log, entry_of_timer, named
from clockwire.model.surroundings import Surroundings
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
from clockwire.v1 import common_pb2
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record, User

Body = dict[str, object]
#: How an amount is written, as a number or as text.
Amount = Callable[[Decimal], object]


def timetracker_body(event: Event, around: Surroundings, *, decimals_as_strings: bool) -> bytes | None:
    """The body of an event whose subject TimeTracker has an object for; None for all others, and for deletions."""
    if event.HasField("timer"):
        return dumps(entry_of_timer(event, around))
    make = _OBJECTS.get(event.record_type) if event.HasField("record") else None
    if make is None:
        return None
    return dumps(make(event, around, _as_text if decimals_as_strings else _as_number))


def _as_number(amount: Decimal) -> object:
    return values.number(amount.value)


def _as_text(amount: Decimal) -> object:
    return values.number_text(amount.value)


def _entry(event: Event, around: Surroundings, _amount: Amount) -> Body:
    return entry_of_log(event, around)


def _client(event: Event, around: Surroundings, _amount: Amount) -> Body:
    record, client = event.record, event.record.client
    return {
        "id": record.id,
        "name": client.client_name,
        "email": client.contact_email,
        "phone": client.contact_phone,
        "address": address(client),
        "status": activity(active=is_active(client)),
        "type": client_type(record),
        "workspace": named(event.workspace_id, around.workspace_name),
        **_times(record),
    }


def _project(event: Event, around: Surroundings, amount: Amount) -> Body:
    record, project = event.record, event.record.project
    return {
        "id": record.id,
        "name": project.project_name,
        "description": project.description,
        "status": PROJECT_STATUS.get(project.status),
        "workspace": named(event.workspace_id, around.workspace_name),
        "client": _customer(project.client_id, project.client_name, around.find([project.client_id])),
        "defaultBillable": project.billable,
        "defaultBillableRate": amount(project.client_rate),
        "estimatedHours": values.hours(project.estimated_time) if project.HasField("estimated_time") else None,
        "estimatedBudget": amount(project.budget_amount),
        "isPrivate": is_private(record),
        **_times(record),
    }


def _task(event: Event, around: Surroundings, amount: Amount) -> Body:
    record, task = event.record, event.record.task
    known = around.find({task.client_id, *task.assigned_user_ids})
    due = values.date(task.due_date)
    return {
        "id": record.id,
        "name": task.task_name,
        "description": task.description,
        "project": named(task.project_id, task.project_name),
        "client": _customer(task.client_id, task.client_name, known),
        "workspace": named(event.workspace_id, around.workspace_name),
        "teamMembers": [*_members(task.assigned_user_ids, known, amount)],
        "status": TASK_STATUS.get(task.status),
        "priority": PRIORITY.get(task.priority),
        "estimatedHours": values.hours(task.estimated_time) if task.HasField("estimated_time") else None,
        "dueDate": values.midnight(due),
        **_times(record),
    }


def _customer(id_: str, name: str, known: Mapping[str, Record]) -> Body | None:
    """The client of a project or a task; of one that is gone, what was known then."""
    if not id_:
        return None
    record = known.get(id_, Record(id=id_))
    return {
        "id": id_,
        "name": name or record.client.client_name,
        "email": record.client.contact_email,
        "phone": record.client.contact_phone,
        "status": activity(active=is_active(record.client)),
        "type": client_type(record),
    }


def _members(ids: Sequence[str], known: Mapping[str, Record], amount: Amount) -> list[Body]:
    return [_member(id_, known[id_].user, amount) for id_ in ids if id_ in known]


def _member(id_: str, user: User, amount: Amount) -> Body:
    """Somebody a task is assigned to. There are no pictures here, and a role has no id but its name."""
    return {
        "id": id_,
        "name": user.user_name,
        "email": user.email,
        "avatar": "",
        "designation": user.role,
        "department": user.department,
        "status": activity(active=user.active or not user.HasField("active")),
        "role": {"id": user.role, "name": user.role, "description": ""} if user.role else None,
        "billableRate": amount(user.client_rate),
    }


def _times(record: Record) -> Body:
    return {"createdAt": values.timestamp(record.create_time), "updatedAt": values.timestamp(record.update_time)}


_OBJECTS: Mapping[int, Callable[[Event, Surroundings, Amount], Body]] = {
    common_pb2.RECORD_TYPE_CLIENT: _client,
    common_pb2.RECORD_TYPE_PROJECT: _project,
    common_pb2.RECORD_TYPE_TASK: _task,
    common_pb2.RECORD_TYPE_TIME_LOG: _entry,
}
