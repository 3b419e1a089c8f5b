"""How records are looked for by what a text of theirs holds, counted by whom they refer to, and the newest found."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, distinct, func, select

from clockwire.model.filters import Filter, Path
from clockwire.storage.database import Dialect
from clockwire.storage.filters import value_of, where
from clockwire.storage.tables import record, record_reference
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record

_ROWS_AHEAD = 256


def select_texts(
    connection: Connection, workspace_id: str, type_: "RecordType.ValueType", path: Path, filter_: Filter
) -> Iterator[tuple[str, str]]:
    """Id and text at a path of each record that a filter lets through, the newest first; read as they are taken."""
    dialect = _dialect(connection)
    query = _newest(workspace_id, type_, filter_, dialect).with_only_columns(
        record.c.id, value_of(path, record, dialect)
    )
    with connection.execute(query.execution_options(stream_results=True, max_row_buffer=_ROWS_AHEAD)) as rows:
        for id_, text in rows:
            yield id_, text or ""


def find_newest(
    connection: Connection, workspace_id: str, type_: "RecordType.ValueType", filter_: Filter
) -> Record | None:
    """The record that was created last of those that a filter lets through; without labels."""
    query = _newest(workspace_id, type_, filter_, _dialect(connection)).with_only_columns(record.c.message).limit(1)
    message = connection.execute(query).scalar_one_or_none()
    return None if message is None else Record.FromString(message)


def count_sources(
    connection: Connection, workspace_id: str, target: tuple[str, str], type_: "RecordType.ValueType"
) -> int:
    """How many records of a type refer to the target: an id, and the field that refers to it."""
    return _count(connection, _sources(workspace_id, target, type_).with_only_columns(func.count()))


def count_referred(
    connection: Connection, workspace_id: str, target: tuple[str, str], type_: "RecordType.ValueType", field: str
) -> int:
    """How many records those which refer to the target refer to themselves with another field, each counted once."""
    sources = _sources(workspace_id, target, type_).with_only_columns(record_reference.c.source_id)
    referring = record_reference.alias()
    query = select(func.count(distinct(referring.c.target_id))).where(
        referring.c.workspace_id == workspace_id, referring.c.field == field, referring.c.source_id.in_(sources)
    )
    return _count(connection, query)


def _newest(workspace_id: str, type_: "RecordType.ValueType", filter_: Filter, dialect: Dialect) -> Select[Any]:
    chosen = select(record).where(
        record.c.workspace_id == workspace_id, record.c.type == type_, where(filter_, record, dialect)
    )
    return chosen.order_by(record.c.create_time.desc(), record.c.id.desc())


def _sources(workspace_id: str, target: tuple[str, str], type_: "RecordType.ValueType") -> Select[Any]:
    id_, field = target
    same = (record.c.workspace_id == record_reference.c.workspace_id) & (record.c.id == record_reference.c.source_id)
    return (
        select(record_reference)
        .join(record, same)
        .where(
            record_reference.c.workspace_id == workspace_id,
            record_reference.c.target_id == id_,
            record_reference.c.field == field,
            record.c.type == type_,
        )
    )


def _count(connection: Connection, query: Select[Any]) -> int:
    found: int = connection.execute(query).scalar_one()
    return found


def _dialect(connection: Connection) -> Dialect:
    return "postgresql" if connection.dialect.name == "postgresql" else "sqlite"
