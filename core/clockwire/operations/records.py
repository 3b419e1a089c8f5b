"""What can be done to records. Each operation stores all it changes with a few statements, whatever their number."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from clockwire.model.errors import ClockwireError, FieldInvalid, MessageTooLarge, NotFound
from clockwire.model.etag import check_etag
from clockwire.model.mutations import Creation, Deletion, RecordMutation, Revision
from clockwire.model.record_key import check_key
from clockwire.model.record_types import RECORD_TYPES
from clockwire.operations.changes import Changed, Changes
from clockwire.operations.deletion import delete
from clockwire.operations.ledger import copied
from clockwire.operations.reading import find_records, missing
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import RECORD_TYPE_PROJECT, RECORD_TYPE_SUBPROJECT, RECORD_TYPE_TASK
from clockwire.v1.records_pb2 import (
    PROJECT_STATUS_ACTIVE,
    PROJECT_STATUS_CLOSED,
    TASK_STATUS_CLOSED,
    TASK_STATUS_IN_PROGRESS,
    Record,
    RecordKey,
)

MOST_MUTATIONS = 500
MOST_KEYS = 500
#: Below the 4 MiB of a gRPC message, with room for what stands around the records.
LARGEST_ANSWER = 4_000_000

_OPEN_AND_CLOSED = {
    RECORD_TYPE_PROJECT: (PROJECT_STATUS_ACTIVE, PROJECT_STATUS_CLOSED),
    RECORD_TYPE_SUBPROJECT: (PROJECT_STATUS_ACTIVE, PROJECT_STATUS_CLOSED),
    RECORD_TYPE_TASK: (TASK_STATUS_IN_PROGRESS, TASK_STATUS_CLOSED),
}
_PARTS = (RECORD_TYPE_SUBPROJECT, RECORD_TYPE_TASK)
_CLOSABLE = (RECORD_TYPE_PROJECT, RECORD_TYPE_TASK)


def create_record(transaction: Transaction, record: Record) -> Changed:
    """A new record, as it is stored. Raises what `Changes.create` raises."""
    return _run(transaction, Creation(record))


def update_record(transaction: Transaction, revision: Revision) -> Changed:
    """A record with new values. Raises what `Changes.update` raises."""
    return _run(transaction, revision)


def delete_record(transaction: Transaction, deletion: Deletion) -> int:
    """How many records were deleted. Raises EtagMismatch, NotFound, RecordInUse, RecordLocked."""
    return _run(transaction, deletion).deleted_count


def close_record(transaction: Transaction, key: RecordKey, *, etag: str = "", close_children: bool = False) -> Changed:
    """A project or task that is closed, with *close_children* after the project's tasks and subprojects."""
    changes, record = _fetch_closable(transaction, key, etag)
    if close_children and record.type == RECORD_TYPE_PROJECT:
        for child in changes.records.users_of(record.id, "project_id", types=_PARTS):
            _set_status(changes, child, closed=True)
    closed = _set_status(changes, record, closed=True)
    changes.finish()
    return closed


def reopen_record(transaction: Transaction, key: RecordKey, *, etag: str = "") -> Changed:
    """A project that is active or a task that is in progress, if it was closed."""
    changes, record = _fetch_closable(transaction, key, etag)
    reopened = _set_status(changes, record, closed=False)
    changes.finish()
    return reopened


def batch_mutate(transaction: Transaction, mutations: Sequence[RecordMutation]) -> list[Changed]:
    """What became of each record, in order. The error of the first mutation that is refused says which one it was."""
    if not 1 <= len(mutations) <= MOST_MUTATIONS:
        raise FieldInvalid.of("mutations", f"must be 1 to {MOST_MUTATIONS}")
    changes = _prepared(transaction, mutations)
    results = []
    for index, mutation in enumerate(mutations):
        try:
            results.append(_apply(changes, mutation))
        except ClockwireError as error:
            raise error.at(index=index) from None
    _check_size(result.record for result in results if result.record is not None)
    changes.finish()
    return results


def get_record(connection: Connection, workspace_id: str, key: RecordKey) -> Record:
    """One record, with its labels. Raises FieldInvalid, RecordNotFound, RecordDeleted."""
    checked = check_key(key)
    (record,) = find_records(connection, workspace_id, [checked])
    if record is None:
        raise missing(connection, workspace_id, checked)
    return record


def batch_get(
    connection: Connection, workspace_id: str, keys: Sequence[RecordKey]
) -> tuple[list[Record], list[RecordKey]]:
    """The records that there are, in the order of the keys, and the keys of those that there are not."""
    if not 1 <= len(keys) <= MOST_KEYS:
        raise FieldInvalid.of("keys", f"must be 1 to {MOST_KEYS}")
    checked = [check_key(key, f"keys[{index}]") for index, key in enumerate(keys)]
    found = find_records(connection, workspace_id, checked)
    _check_size(record for record in found if record is not None)
    absent = [key for key, record in zip(keys, found, strict=True) if record is None]
    return [record for record in found if record is not None], absent


def _check_size(records: Iterable[Record]) -> None:
    """One answer can hold these records."""
    size = sum(record.ByteSize() for record in records)
    if size > LARGEST_ANSWER:
        raise MessageTooLarge(size, LARGEST_ANSWER)


def _run(transaction: Transaction, mutation: RecordMutation) -> Changed:
    changes = _prepared(transaction, [mutation])
    changed = _apply(changes, mutation)
    changes.finish()
    return changed


def _prepared(transaction: Transaction, mutations: Sequence[RecordMutation]) -> Changes:
    """Changes that have read at once what these mutations are going to need."""
    changes = Changes(transaction)
    sent = [each.record for each in mutations if not isinstance(each, Deletion)]
    changes.records.prepare(sent, (each.key.id for each in mutations if isinstance(each, Deletion)))
    return changes


def _apply(changes: Changes, mutation: RecordMutation) -> Changed:
    match mutation:
        case Creation():
            return changes.create(mutation.record)
        case Revision():
            return changes.update(mutation.record, mutation.mask, allow_missing=mutation.allow_missing)
        case Deletion():
            return _delete(changes, mutation)


def _delete(changes: Changes, deletion: Deletion) -> Changed:
    key = check_key(deletion.key)
    try:
        record = changes.fetch(key)
    except NotFound:
        if not deletion.allow_missing:
            raise
        return Changed(unchanged=True)
    check_etag(deletion.etag, record.version)
    return Changed(deleted_count=delete(changes, record, force=deletion.force))


def _fetch_closable(transaction: Transaction, key: RecordKey, etag: str) -> tuple[Changes, Record]:
    changes = Changes(transaction)
    record = changes.fetch(check_key(key))
    if record.type not in _CLOSABLE:
        raise FieldInvalid.of("key", f"a {RECORD_TYPES[record.type].noun} can't be closed; projects and tasks can")
    check_etag(etag, record.version)
    return changes, record


def _set_status(changes: Changes, record: Record, *, closed: bool) -> Changed:
    """The record is closed, or open again; if it is already, nothing changes."""
    open_status, closed_status = _OPEN_AND_CLOSED[record.type]
    after = copied(record)
    body = getattr(after, RECORD_TYPES[record.type].body_field)
    if (body.status == closed_status) is closed:
        return Changed(record=changes.records.labelled(record), unchanged=True)
    body.status = closed_status if closed else open_status
    return changes.change(record, after, sent={"status"})
