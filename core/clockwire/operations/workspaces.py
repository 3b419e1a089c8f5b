"""How workspaces are made, changed and given up."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.etag import check_etag
from clockwire.model.identifiers import new_id
from clockwire.model.instants import DAY, Instant, micros
from clockwire.model.values.text import check_currency, check_text
from clockwire.model.values.times import check_time_zone
from clockwire.model.workspace import KEPT_AFTER_DELETION, Workspace
from clockwire.storage.transaction import Transaction
from clockwire.storage.workspaces import (
    fetch_workspace,
    insert_workspace,
    replace_workspace,
    select_workspaces,
    set_epoch,
)

USUAL_RETENTION = 30 * DAY
SHORTEST_RETENTION, LONGEST_RETENTION = timedelta(hours=1), timedelta(days=3653)
LONGEST_NAME = 100

#: Field of Workspace to its new value; empty text, 0 and None leave the choice to the service.
Changes = Mapping[str, str | int | None]


def create_workspace(transaction: Transaction, changes: Changes) -> Workspace:
    """A new workspace with an empty event log of its own."""
    if changes.get("delete_time") is not None:
        raise FieldInvalid.of("workspace.delete_time", "a new workspace is not deleted")
    now = transaction.now
    new = _revised(Workspace(id=new_id(now), name="", create_time=now, update_time=now), {"name": "", **changes})
    insert_workspace(transaction.connection, new, new_epoch())
    return new


def get_workspace(connection: Connection, workspace_id: str) -> Workspace:
    """One workspace, also if it is marked for deletion."""
    return fetch_workspace(connection, workspace_id)


def list_workspaces(connection: Connection, *, after: str, limit: int, show_deleted: bool) -> Sequence[Workspace]:
    """Workspaces, oldest first, those after an id."""
    return select_workspaces(connection, after=after, limit=limit, show_deleted=show_deleted)


def update_workspace(transaction: Transaction, changes: Changes, etag: str = "") -> Workspace:
    """The workspace of the transaction with these changes; clearing `delete_time` brings a deleted one back."""
    stored = transaction.workspace
    check_etag(etag, stored.version)
    _check_living(stored, changes, transaction.now)
    revised = _revised(stored, changes)
    return _store(transaction, stored, revised)


def delete_workspace(transaction: Transaction, confirm_name: str) -> Workspace:
    """The workspace is marked: its keys stop, and its data goes later. Deleting it again is OK."""
    stored = transaction.workspace
    if confirm_name != stored.name:
        raise FieldInvalid.of("confirm_name", "is not the name of the workspace")
    if stored.delete_time is not None:
        return stored
    return _store(transaction, stored, replace(stored, delete_time=transaction.now))


def renew_epoch(connection: Connection, workspace_id: str) -> None:
    """Cursors given out so far are refused from now on: a log restored from a backup may tell another story."""
    set_epoch(connection, workspace_id, new_epoch())


def new_epoch() -> str:
    """The name of one life of an event log: 16 random hex digits."""
    return secrets.token_hex(8)


def _store(transaction: Transaction, stored: Workspace, revised: Workspace) -> Workspace:
    if revised == stored:
        return stored
    changed = replace(revised, version=stored.version + 1, update_time=transaction.now)
    replace_workspace(transaction.connection, changed)
    return changed


def _check_living(stored: Workspace, changes: Changes, now: Instant) -> None:
    """Raises ResourceNotFound for a workspace whose data is being removed, FieldInvalid for a made-up deletion."""
    if stored.delete_time is not None and now - stored.delete_time >= KEPT_AFTER_DELETION:
        raise ResourceNotFound("workspace", stored.id)
    if changes.get("delete_time") not in {None, stored.delete_time}:
        raise FieldInvalid.of("workspace.delete_time", "can be cleared, and is set by DeleteWorkspace only")


def _revised(stored: Workspace, changes: Changes) -> Workspace:
    """The workspace with the changes, each of them checked."""
    checked: dict[str, Any] = {field: _CHECKS[field](value) for field, value in changes.items()}
    revised = replace(stored, **checked)
    if revised.body_retention <= revised.event_retention:
        return revised
    if changes.get("body_retention"):
        raise FieldInvalid.of("workspace.body_retention", "must not be longer than event_retention")
    return replace(revised, body_retention=revised.event_retention)


def _name(value: str | int | None) -> str:
    return check_text("workspace.name", str(value or ""), LONGEST_NAME, minimum=1)


def _time_zone(value: str | int | None) -> str:
    return check_time_zone("workspace.time_zone", str(value)) if value else "UTC"


def _currency(value: str | int | None) -> str:
    return check_currency("workspace.currency", str(value)) if value else "USD"


def _event_retention(value: str | int | None) -> int:
    return _length("workspace.event_retention", int(value)) if value else USUAL_RETENTION


def _body_retention(value: str | int | None) -> int:
    """Without a wish it is as long as that of events, to which it is cut."""
    return _length("workspace.body_retention", int(value)) if value else micros(LONGEST_RETENTION)


def _length(field: str, value: int) -> int:
    if not micros(SHORTEST_RETENTION) <= value <= micros(LONGEST_RETENTION):
        raise FieldInvalid.of(field, "must be from 1 hour to 10 years")
    return value


def _delete_time(value: str | int | None) -> Instant | None:
    return None if value is None else int(value)


_CHECKS = {
    "name": _name,
    "time_zone": _time_zone,
    "currency": _currency,
    "event_retention": _event_retention,
    "body_retention": _body_retention,
    "delete_time": _delete_time,
}
