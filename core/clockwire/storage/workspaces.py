"""Workspaces and the heads of their event logs."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, select

from clockwire.model.workspace import Workspace
from clockwire.storage.bulk import BulkUpdate
from clockwire.storage.tables import event_log, workspace
from clockwire.storage.transaction import Log

_advance = BulkUpdate(event_log, keys=["workspace_id"], columns=["head", "last_time", "subscriptions_version"])
_logs = select(event_log, workspace).join(workspace, workspace.c.id == event_log.c.workspace_id)


def lock_logs(connection: Connection, workspace_ids: Iterable[str]) -> dict[str, Log]:
    """The logs of these workspaces, locked in the order of their ids, so that no two groups wait for each other."""
    query = _logs.where(event_log.c.workspace_id.in_(sorted(workspace_ids))).order_by(event_log.c.workspace_id)
    rows = connection.execute(query.with_for_update(of=event_log))  # SQLite has its own lock, and leaves this out
    return {row.workspace_id: _log(row) for row in rows}


def find_log(connection: Connection, workspace_id: str) -> Log | None:
    """The log of a workspace as it is now."""
    row = connection.execute(_logs.where(event_log.c.workspace_id == workspace_id)).one_or_none()
    return _log(row) if row else None


def advance_logs(connection: Connection, logs: Sequence[Log]) -> None:
    """The heads of these logs are where they say."""
    _advance.run(
        connection, [(log.workspace.id, log.head, log.last_time, log.subscriptions_version) for log in logs]
    )


def _log(row: Row[tuple[object, ...]]) -> Log:
    return Log(
        workspace=of_row(row),
        epoch=row.epoch,
        head=row.head,
        earliest=row.earliest,
        last_time=row.last_time,
        subscriptions_version=row.subscriptions_version,
    )


def of_row(row: Row[tuple[object, ...]]) -> Workspace:
    """The workspace a row of its table holds."""
    return Workspace(**{name: getattr(row, name) for name in Workspace.__dataclass_fields__})
