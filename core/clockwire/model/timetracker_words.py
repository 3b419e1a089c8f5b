"""How does TimeTracker say what records say otherwise? Its words for states, and the fields that records lack.

What no column holds is kept in custom fields, so that it is there when it is asked for again.
"""

from collections.abc import Mapping

from clockwire.v1 import records_pb2 as records
from clockwire.v1.records_pb2 import Client, Record

PROJECT_STATUS: Mapping[int, str] = {
    records.PROJECT_STATUS_UNSPECIFIED: "active",
    records.PROJECT_STATUS_PLANNED: "active",
    records.PROJECT_STATUS_ACTIVE: "active",
    records.PROJECT_STATUS_ON_HOLD: "inactive",
    records.PROJECT_STATUS_CLOSED: "completed",
}
TASK_STATUS: Mapping[int, str] = {
    records.TASK_STATUS_UNSPECIFIED: "todo",
    records.TASK_STATUS_TODO: "todo",
    records.TASK_STATUS_IN_PROGRESS: "in-progress",
    records.TASK_STATUS_CLOSED: "completed",
}
PRIORITY: Mapping[int, str] = {
    records.TASK_PRIORITY_UNSPECIFIED: "medium",
    records.TASK_PRIORITY_LOW: "low",
    records.TASK_PRIORITY_MEDIUM: "medium",
    records.TASK_PRIORITY_HIGH: "high",
}
CLIENT_TYPES = ("individual", "company")

#: Custom fields: what kind of client it is, and whether a project is private.
CLIENT_TYPE, IS_PRIVATE = "client_type", "is_private"


def activity(*, active: bool) -> str:
    """The status of a client or a person."""
    return "active" if active else "inactive"


def is_active(client: Client) -> bool:
    """A client is, unless somebody said otherwise."""
    return client.active or not client.HasField("active")


def client_type(record: Record) -> str:
    """What kind of client it is; "individual" where nobody said."""
    said = record.custom_fields.fields[CLIENT_TYPE].string_value if CLIENT_TYPE in record.custom_fields.fields else ""
    return said if said in CLIENT_TYPES else CLIENT_TYPES[0]


def is_private(record: Record) -> bool:
    """Whether a project is; nobody said so: it is not."""
    return IS_PRIVATE in record.custom_fields.fields and record.custom_fields.fields[IS_PRIVATE].bool_value


def address(client: Client) -> str:
    """The whole address in one line."""
    parts = (client.address_1, client.address_2, client.city, client.state, client.postal_code, client.country)
    return ", ".join(part for part in parts if part)
