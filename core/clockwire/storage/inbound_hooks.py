"""Inbound hooks: rows in, rows out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from clockwire.model.inbound_hook import HookService, HookState, InboundHook
from clockwire.storage.tables import inbound_hook, workspace

_columns = inbound_hook.c


def insert_hook(connection: Connection, hook: InboundHook) -> None:
    """The hook is stored."""
    connection.execute(insert(inbound_hook).values(_values(hook)))


def replace_hook(connection: Connection, hook: InboundHook) -> None:
    """The stored hook has these values."""
    connection.execute(update(inbound_hook).where(_columns.id == hook.id).values(_values(hook)))


def delete_hook(connection: Connection, hook: InboundHook) -> None:
    """The hook is gone."""
    connection.execute(delete(inbound_hook).where(_columns.id == hook.id))


def find_hook(connection: Connection, workspace_id: str, id_: str) -> InboundHook | None:
    """The hook with this id in a workspace."""
    query = select(inbound_hook).where(_columns.workspace_id == workspace_id, _columns.id == id_)
    row = connection.execute(query).mappings().one_or_none()
    return _of_row(row) if row else None


def find_hook_anywhere(connection: Connection, id_: str) -> InboundHook | None:
    """The hook with this id, of whichever workspace that has not been given up."""
    query = (
        select(inbound_hook)
        .join(workspace, workspace.c.id == _columns.workspace_id)
        .where(_columns.id == id_, workspace.c.delete_time.is_(None))
    )
    row = connection.execute(query).mappings().one_or_none()
    return _of_row(row) if row else None


def select_hooks(connection: Connection, workspace_id: str, *, after: str, limit: int) -> Sequence[InboundHook]:
    """Hooks of a workspace in the order of their ids, oldest first."""
    query = select(inbound_hook).where(_columns.workspace_id == workspace_id, _columns.id > after)
    return [_of_row(row) for row in connection.execute(query.order_by(_columns.id).limit(limit)).mappings()]


def _values(hook: InboundHook) -> dict[str, Any]:
    values = {name: getattr(hook, name) for name in InboundHook.__dataclass_fields__}
    return values | {"commands": " ".join(hook.commands), "service": int(hook.service), "state": int(hook.state)}


def _of_row(row: RowMapping) -> InboundHook:
    typed = {
        "commands": tuple(row["commands"].split()),
        "service": HookService(row["service"]),
        "state": HookState(row["state"]),
    }
    return InboundHook(**(dict(row) | typed))
