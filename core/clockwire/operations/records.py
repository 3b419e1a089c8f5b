"""What can be done to records. Each operation stores all it changes with a few statements, whatever their number."""

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.errors import ClockwireError, FieldInvalid, NotFound
from clockwire.model.etag import check_etag
from clockwire.model.mutations import Creation, Deletion, RecordMutation, Revision
from clockwire.model.record_key import check_key
from clockwire.model.record_types import RECORD_TYPES
from clockwire.operations.changes import Changed, Changes
from clockwire.operations.deletion import delete
from clockwire.operations.ledger import copied
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import ProjectStatus, Record, RecordKey, TaskStatus

MOST_MUTATIONS = 500

_OPEN_AND_CLOSED = {
    RecordType.RECORD_TYPE_PROJECT: (ProjectStatus.PROJECT_STATUS_ACTIVE, ProjectStatus.PROJECT_STATUS_CLOSED),
    RecordType.RECORD_TYPE_SUBPROJECT: (ProjectStatus.PROJECT_STATUS_ACTIVE, ProjectStatus.PROJECT_STATUS_CLOSED),
    RecordType.RECORD_TYPE_TASK: (TaskStatus.TASK_STATUS_IN_PROGRESS, TaskStatus.TASK_STATUS_CLOSED),
}
_PARTS = (RecordType.RECORD_TYPE_SUBPROJECT, RecordType.RECORD_TYPE_TASK)
_CLOSABLE = (RecordType.RECORD_TYPE_PROJECT, RecordType.RECORD_TYPE_TASK)


def create_record(transaction: Transaction, record: Record) -> Changed:
    """A new record, as it is stored. Raises what `Changes.create` raises."""
    return _run(transaction, Creation(record))


def update_record(
    transaction: Transaction, record: Record, *, mask: FieldMask | None = None, allow_missing: bool = False
) -> Changed:
    """A record with the named fields as they are in *record*. Raises what `Changes.update` raises."""
    return _run(transaction, Revision(record=record, mask=mask or FieldMask(), allow_missing=allow_missing))


def delete_record(
    transaction: Transaction, key: RecordKey, *, etag: str = "", force: bool = False, allow_missing: bool = False
) -> int:
    """How many records were deleted. Raises EtagMismatch, NotFound, RecordInUse, RecordLocked."""
    deletion = Deletion(key=key, etag=etag, force=force, allow_missing=allow_missing)
    return _run(transaction, deletion).deleted_count


def close_record(transaction: Transaction, key: RecordKey, *, etag: str = "", close_children: bool = False) -> Changed:
    """A project or task that is closed, with *close_children* after the project's tasks and subprojects."""
    changes, record = _fetch_closable(transaction, key, etag)
    if close_children and record.type == RecordType.RECORD_TYPE_PROJECT:
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
    changes.finish()
    return results


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
