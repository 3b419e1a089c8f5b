"""The rows of records: found by id, key or user, and written many at once."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from clockwire.model.instants import Instant, of_timestamp
from clockwire.model.record_fields import fields_of, to_json
from clockwire.model.record_types import type_of
from clockwire.model.unique_values import UniqueValue
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.keyed import BulkDelete, BulkSelect
from clockwire.storage.tables import record, record_key, record_reference, tag, tombstone
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record


class Reference(NamedTuple):
    """One record refers to another with a field."""

    target_id: str
    field: str
    source_id: str


ReferenceRow = tuple[str, str, str]


class Tombstone(NamedTuple):
    """What is left of a deleted record; its event stands after `sequence`."""

    id: str
    type: "RecordType.ValueType"
    version: int
    delete_time: Instant
    sequence: int


class TagRow(NamedTuple):
    """A tag, and its name in the form in which it is compared."""

    id: str
    name: str
    folded_name: str


_upsert = BulkInsert(
    record,
    ["workspace_id", "id", "type", "version", "create_time", "update_time", "message", "fields"],
    replace=True,
)
_insert_references = BulkInsert(record_reference, ["workspace_id", "target_id", "field", "source_id"], ignore=True)
_insert_keys = BulkInsert(record_key, ["workspace_id", "type", "field", "value", "record_id"])
_insert_tags = BulkInsert(tag, ["workspace_id", "id", "name", "folded_name"])
_bury = BulkInsert(tombstone, ["workspace_id", "id", "type", "version", "delete_time", "sequence"])

_records = BulkSelect(record, keys=["id"], columns=["id", "message"])
_records_of_type = BulkSelect(record, keys=["type"], columns=["message"])
_tombstones = BulkSelect(tombstone, keys=["id"], columns=Tombstone._fields)
_holders = BulkSelect(record_key, keys=UniqueValue._fields, columns=[*UniqueValue._fields, "record_id"])
_references = BulkSelect(record_reference, keys=["target_id"], columns=Reference._fields)
_sources = BulkSelect(record_reference, keys=["target_id", "field"], columns=["source_id"])
_tags_by_id = BulkSelect(tag, keys=["id"], columns=TagRow._fields)
_tags_by_name = BulkSelect(tag, keys=["folded_name"], columns=TagRow._fields)

_IS_OF_TYPE = (
    "(SELECT type FROM record WHERE record.workspace_id = record_reference.workspace_id AND record.id = source_id)"
)

_delete_records = BulkDelete(record, keys=["id"])
_delete_references = BulkDelete(record_reference, keys=Reference._fields)
_delete_keys = BulkDelete(record_key, keys=UniqueValue._fields)


def select_records(connection: Connection, workspace_id: str, ids: Iterable[str]) -> dict[str, Record]:
    """Those of the records that exist, without labels."""
    rows = _records.run(connection, workspace_id, [(id_,) for id_ in ids])
    return {id_: Record.FromString(message) for id_, message in rows}


def select_all_of_type(connection: Connection, workspace_id: str, type_: int) -> list[Record]:
    """Every record of a type, without labels, in the order of ids: for types of which there are few."""
    rows = _records_of_type.run(connection, workspace_id, [(int(type_),)], " ORDER BY id")
    return [Record.FromString(message) for (message,) in rows]


def select_tombstones(connection: Connection, workspace_id: str, ids: Iterable[str]) -> dict[str, Tombstone]:
    """Those of the ids that belonged to records which were deleted."""
    rows = _tombstones.run(connection, workspace_id, [(id_,) for id_ in ids])
    return {row[0]: Tombstone(*row) for row in rows}


def select_holders(connection: Connection, workspace_id: str, values: Iterable[UniqueValue]) -> dict[UniqueValue, str]:
    """The ids of the records that have these unique values."""
    rows = _holders.run(connection, workspace_id, values)
    return {UniqueValue(type_, field, value): record_id for type_, field, value, record_id in rows}


def select_references(
    connection: Connection, workspace_id: str, target_ids: Iterable[str], *, limit: int
) -> list[Reference]:
    """Who refers to these records; at most *limit* rows, so one more than is allowed says enough."""
    tail = f" ORDER BY target_id, field, source_id LIMIT {limit:d}"
    rows = _references.run(connection, workspace_id, [(id_,) for id_ in target_ids], tail)
    return [Reference(*row) for row in rows]


def select_sources(
    connection: Connection,
    workspace_id: str,
    target: tuple[str, str],
    *,
    types: Sequence[int] = (),
    limit: int | None = None,
) -> list[str]:
    """The ids of the records that refer to the target, an id and the field that refers to it: all or some types."""
    tail = f" WHERE {_IS_OF_TYPE} IN ({', '.join(f'{type_:d}' for type_ in types)})" if types else ""
    tail += " ORDER BY source_id" + (f" LIMIT {limit:d}" if limit else "")
    return [row[0] for row in _sources.run(connection, workspace_id, [target], tail)]


def select_tags(
    connection: Connection, workspace_id: str, *, ids: Iterable[str], folded_names: Iterable[str]
) -> list[TagRow]:
    """The tags with one of these ids or names."""
    by_id = _tags_by_id.run(connection, workspace_id, [(id_,) for id_ in ids])
    by_name = _tags_by_name.run(connection, workspace_id, [(name,) for name in folded_names])
    return [TagRow(*row) for row in (*by_id, *by_name)]


def replace_records(connection: Connection, workspace_id: str, records: Sequence[Record]) -> None:
    """These records are stored as they are here, which must be without labels."""
    _upsert.run(connection, [_row(workspace_id, each) for each in records])


def replace_references(
    connection: Connection, workspace_id: str, *, added: Sequence[ReferenceRow], removed: Sequence[ReferenceRow]
) -> None:
    """Who refers to whom is known again. A row has what a Reference has, in its order."""
    _delete_references.run(connection, workspace_id, removed)
    _insert_references.run(connection, [(workspace_id, *each) for each in added])


def replace_keys(
    connection: Connection,
    workspace_id: str,
    *,
    added: Sequence[tuple[UniqueValue, str]],
    removed: Sequence[UniqueValue],
) -> None:
    """The unique values belong to these records. All are taken away before any is given, so they may change hands."""
    _delete_keys.run(connection, workspace_id, removed)
    _insert_keys.run(connection, [(workspace_id, *value, record_id) for value, record_id in added])


def insert_tags(connection: Connection, workspace_id: str, tags: Sequence[TagRow]) -> None:
    """The tags exist."""
    _insert_tags.run(connection, [(workspace_id, *each) for each in tags])


def delete_records(connection: Connection, workspace_id: str, tombstones: Sequence[Tombstone]) -> None:
    """The records are gone, and can be told from ones that never were."""
    _delete_records.run(connection, workspace_id, [(each.id,) for each in tombstones])
    _bury.run(connection, [(workspace_id, *each) for each in tombstones])


def _row(workspace_id: str, one: Record) -> tuple[Any, ...]:
    return (
        workspace_id,
        one.id,
        type_of(one),
        one.version,
        of_timestamp(one.create_time),
        of_timestamp(one.update_time),
        one.SerializeToString(),
        to_json(fields_of(one)),
    )
