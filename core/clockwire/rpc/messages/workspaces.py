"""Workspaces, to and from the contract's messages."""

from clockwire.model.errors import MaskInvalid
from clockwire.model.etag import etag_of
from clockwire.model.instants import to_timestamp
from clockwire.model.values.times import check_duration, check_timestamp
from clockwire.model.workspace import Workspace
from clockwire.operations.workspaces import Changes
from clockwire.rpc.messages.lengths import to_duration
from clockwire.v1 import workspace_service_pb2 as messages

_WRITABLE = ("name", "time_zone", "currency", "event_retention", "body_retention", "delete_time")


def workspace_message(workspace: Workspace) -> messages.Workspace:
    """The workspace as the contract shows it."""
    return messages.Workspace(
        id=workspace.id,
        etag=etag_of(workspace.version),
        name=workspace.name,
        time_zone=workspace.time_zone,
        currency=workspace.currency,
        event_retention=to_duration(workspace.event_retention),
        body_retention=to_duration(workspace.body_retention),
        create_time=to_timestamp(workspace.create_time),
        update_time=to_timestamp(workspace.update_time),
        delete_time=None if workspace.delete_time is None else to_timestamp(workspace.delete_time),
    )


def created_fields(request: messages.CreateWorkspaceRequest) -> Changes:
    """What a new workspace is to be."""
    return {field: _value(request.workspace, field) for field in _WRITABLE}


def updated_fields(request: messages.UpdateWorkspaceRequest) -> Changes:
    """The fields that the mask names, or those that are set if there is none."""
    paths = list(request.update_mask.paths)
    for path in paths:
        if path not in _WRITABLE and path != "*":
            raise MaskInvalid(path, f"may be one of {', '.join(_WRITABLE)}")
    if "*" in paths:
        paths = list(_WRITABLE)
    if not paths:
        paths = [field.name for field, _ in request.workspace.ListFields() if field.name in _WRITABLE]
    return {path: _value(request.workspace, path) for path in paths}


def _value(workspace: messages.Workspace, field: str) -> str | int | None:
    match field:
        case "event_retention":
            return check_duration("workspace.event_retention", workspace.event_retention)
        case "body_retention":
            return check_duration("workspace.body_retention", workspace.body_retention)
        case "delete_time" if not workspace.HasField("delete_time"):
            return None
        case "delete_time":
            return check_timestamp("workspace.delete_time", workspace.delete_time)
        case _:
            return str(getattr(workspace, field))
