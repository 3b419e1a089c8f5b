"""API keys: rows in, rows out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, insert, or_, select, update

from clockwire.model.api_key import ApiKey
from clockwire.model.errors import ResourceNotFound
from clockwire.model.instants import Instant
from clockwire.storage.bulk import BulkUpdate
from clockwire.storage.tables import api_key, workspace

_columns = api_key.c
_set_last_use = BulkUpdate(api_key, keys=["id"], columns=["last_use_time"])


def insert_key(connection: Connection, key: ApiKey) -> None:
    """The key is stored."""
    connection.execute(insert(api_key).values(_values(key)))


def replace_key(connection: Connection, key: ApiKey) -> None:
    """The stored key has these values."""
    connection.execute(update(api_key).where(_columns.id == key.id).values(_values(key)))


def fetch_key(connection: Connection, workspace_id: str, id_: str) -> ApiKey:
    """The key with this id in a workspace ("": of the operators)."""
    query = select(api_key).where(_columns.workspace_id == workspace_id, _columns.id == id_)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise ResourceNotFound("API key", id_)
    return _of_row(row)


def find_key_anywhere(connection: Connection, id_: str) -> ApiKey | None:
    """The key with this id, whatever workspace it belongs to."""
    row = connection.execute(select(api_key).where(_columns.id == id_)).mappings().one_or_none()
    return _of_row(row) if row else None


def select_keys_by_hash(connection: Connection, hashes: Iterable[bytes]) -> list[ApiKey]:
    """The keys that have, or had before a rotation, a text with one of these hashes, of living workspaces."""
    wanted = list(hashes)
    query = (
        select(api_key)
        .outerjoin(workspace, workspace.c.id == _columns.workspace_id)
        .where(
            or_(_columns.hash.in_(wanted), _columns.retiring_hash.in_(wanted)),
            workspace.c.delete_time.is_(None),
            or_(_columns.workspace_id == "", workspace.c.id.is_not(None)),
        )
    )
    return [_of_row(row) for row in connection.execute(query).mappings()]


def select_keys(
    connection: Connection, workspace_id: str, *, after: str, limit: int, active_at: Instant | None
) -> Sequence[ApiKey]:
    """Keys of a workspace in the order of their ids, oldest first; only those valid at a time if one is given."""
    query = select(api_key).where(_columns.workspace_id == workspace_id, _columns.id > after)
    if active_at is not None:
        lasting = or_(_columns.expire_time.is_(None), _columns.expire_time > active_at)
        query = query.where(and_(_columns.revoke_time.is_(None), lasting))
    return [_of_row(row) for row in connection.execute(query.order_by(_columns.id).limit(limit)).mappings()]


def set_last_uses(connection: Connection, uses: Mapping[str, Instant]) -> None:
    """Each of these keys was last used then."""
    _set_last_use.run(connection, sorted(uses.items()))


def delete_keys_of(connection: Connection, workspace_id: str) -> int:
    """How many keys the workspace had."""
    return connection.execute(delete(api_key).where(_columns.workspace_id == workspace_id)).rowcount


def _values(key: ApiKey) -> dict[str, Any]:
    values = {name: getattr(key, name) for name in ApiKey.__dataclass_fields__}
    return values | {"scopes": " ".join(sorted(key.scopes))}


def _of_row(row: RowMapping) -> ApiKey:
    return ApiKey(**(dict(row) | {"scopes": frozenset(row["scopes"].split())}))
