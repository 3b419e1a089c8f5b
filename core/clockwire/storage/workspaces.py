"""Workspaces and the heads of their event logs."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from clockwire.model.errors import ResourceNotFound
from clockwire.model.workspace import Workspace
from clockwire.storage.bulk import BulkUpdate
from clockwire.storage.keyed import LockingSelect
from clockwire.storage.statements import run_statement
from clockwire.storage.tables import event_log, workspace
from clockwire.storage.transaction import Log

_advance = BulkUpdate(event_log, keys=["workspace_id"], columns=["head", "last_time", "subscriptions_version"])
_WORKSPACE = tuple(Workspace.__dataclass_fields__)
_HEAD = ("epoch", "head", "earliest", "last_time", "subscriptions_version")
_columns = ", ".join([*(f"workspace.{name}" for name in _WORKSPACE), *(f"event_log.{name}" for name in _HEAD)])
_logs = f"SELECT {_columns} FROM event_log JOIN workspace ON workspace.id = event_log.workspace_id"
# Every group of operations begins with it.
_lock = LockingSelect(_logs, id_="workspace_id", lock="FOR UPDATE OF event_log")
_find = {"sqlite": f"{_logs} WHERE workspace_id = ?", "postgresql": f"{_logs} WHERE workspace_id = %s"}


def lock_logs(connection: Connection, workspace_ids: Iterable[str]) -> dict[str, Log]:
    """The logs of these workspaces, locked in the order of their ids, so that no two groups wait for each other."""
    logs = map(_log, _lock.run(connection, workspace_ids))
    return {each.workspace.id: each for each in logs}


def find_log(connection: Connection, workspace_id: str) -> Log | None:
    """The log of a workspace as it is now."""
    row = run_statement(connection, _find[connection.dialect.name], (workspace_id,)).fetchone()
    return _log(row) if row else None


def find_workspace(connection: Connection, workspace_id: str) -> Workspace | None:
    """The workspace with this id, also if it is marked for deletion."""
    row = connection.execute(select(workspace).where(workspace.c.id == workspace_id)).one_or_none()
    return of_row(row) if row else None


def fetch_workspace(connection: Connection, workspace_id: str) -> Workspace:
    """The workspace with this id, also if it is marked for deletion. ResourceNotFound if there is none."""
    found = find_workspace(connection, workspace_id)
    if found is None:
        raise ResourceNotFound("workspace", workspace_id)
    return found


def select_workspaces(
    connection: Connection, *, after: str = "", limit: int | None = None, show_deleted: bool = False
) -> Sequence[Workspace]:
    """Workspaces in the order of their ids, oldest first."""
    query = select(workspace).where(workspace.c.id > after).order_by(workspace.c.id).limit(limit)
    if not show_deleted:
        query = query.where(workspace.c.delete_time.is_(None))
    return [of_row(row) for row in connection.execute(query)]


def insert_workspace(connection: Connection, new: Workspace, epoch: str) -> None:
    """The workspace is stored, with an empty log."""
    connection.execute(insert(workspace).values(_values(new)))
    log = {"head": 0, "earliest": 1, "last_time": new.create_time, "subscriptions_version": 0}
    connection.execute(insert(event_log).values(workspace_id=new.id, epoch=epoch, **log))


def replace_workspace(connection: Connection, changed: Workspace) -> None:
    """The stored workspace has these values."""
    connection.execute(update(workspace).where(workspace.c.id == changed.id).values(_values(changed)))


def set_epoch(connection: Connection, workspace_id: str, epoch: str) -> None:
    """Cursors that were given out before belong to another life of the log."""
    connection.execute(update(event_log).where(event_log.c.workspace_id == workspace_id).values(epoch=epoch))


def set_earliest(connection: Connection, workspace_id: str, earliest: int) -> None:
    """The oldest event that is kept has this sequence."""
    connection.execute(update(event_log).where(event_log.c.workspace_id == workspace_id).values(earliest=earliest))


def advance_logs(connection: Connection, logs: Sequence[Log]) -> None:
    """The heads of these logs are where they say."""
    _advance.run(connection, [(log.workspace.id, log.head, log.last_time, log.subscriptions_version) for log in logs])


def _log(row: Sequence[Any]) -> Log:
    """The log in a row of a workspace and its log."""
    split = len(_WORKSPACE)
    return Log(Workspace(**dict(zip(_WORKSPACE, row, strict=False))), *row[split:])


def of_row(row: Row[tuple[object, ...]]) -> Workspace:
    """The workspace a row of its table holds."""
    return Workspace(**{name: getattr(row, name) for name in Workspace.__dataclass_fields__})


def _values(given: Workspace) -> dict[str, Any]:
    return {name: getattr(given, name) for name in Workspace.__dataclass_fields__}
