"""How records are read: found by their keys, with the labels that hold now, a few queries for any number of them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.errors import RecordDeleted, RecordNotFound, ResourceNotFound
from clockwire.model.instants import to_text
from clockwire.model.record_key import token_of
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.references import label_sources, labelled, references_of
from clockwire.model.unique_values import external_id_of
from clockwire.storage.records import Tombstone, select_holders, select_records, select_tombstones
from clockwire.storage.workspaces import find_log
from clockwire.v1.records_pb2 import Record, RecordKey

# A label may follow from another one (the client of a task from its project), and so on no further.
_WAVES = 2


def find_records(connection: Connection, workspace_id: str, keys: Iterable[RecordKey]) -> list[Record | None]:
    """For each checked key the record, with its labels, or None."""
    wanted = [*keys]
    values = [external_id_of(key.type, key.external_id) for key in wanted if not key.id]
    holders = select_holders(connection, workspace_id, set(values))
    ids = [key.id or holders.get(external_id_of(key.type, key.external_id), "") for key in wanted]
    stored = select_records(connection, workspace_id, {id_ for id_ in ids if id_})
    found = [_of_type(stored.get(id_), key) for id_, key in zip(ids, wanted, strict=True)]
    shown = {one.id: one for one in with_labels(connection, workspace_id, [one for one in found if one])}
    return [shown[one.id] if one else None for one in found]


def missing(connection: Connection, workspace_id: str, key: RecordKey) -> RecordNotFound | RecordDeleted:
    """The error for a record that was not found: it was deleted, or never was."""
    grave = select_tombstones(connection, workspace_id, [key.id]).get(key.id) if key.id else None
    if grave is None or key.type not in (0, grave.type):
        return RecordNotFound(token_of(key), key.id or key.external_id)
    log = find_log(connection, workspace_id)
    if log is None:
        raise ResourceNotFound("workspace", workspace_id)
    return deleted(grave, Cursor(log.epoch, workspace_id, grave.sequence))


def deleted(grave: Tombstone, place: Cursor) -> RecordDeleted:
    """The error that says where the deletion stands in the log: behind this place."""
    token = RECORD_TYPES[grave.type].token
    return RecordDeleted(token, grave.id, delete_time=to_text(grave.delete_time), cursor=encode_cursor(place))


def with_labels(connection: Connection, workspace_id: str, records: Sequence[Record]) -> list[Record]:
    """The records with their labels."""
    known: dict[str, Record] = {}
    wave = {id_ for record in records for id_ in label_sources(record)}
    for _ in range(_WAVES):
        if not wave:
            break
        found = select_records(connection, workspace_id, wave)
        known.update(found)
        wave = _further(records, known)
    return [labelled(record, known.get) for record in records]


def related(connection: Connection, workspace_id: str, ids: Iterable[str]) -> Mapping[str, Record]:
    """The records of these ids, and those that they refer to one by one, as labels want them."""
    known = select_records(connection, workspace_id, {*ids})
    near = {id_ for record in known.values() for field, id_ in references_of(record) if not field.is_list}
    return {**select_records(connection, workspace_id, near - known.keys()), **known}


def _further(records: Sequence[Record], known: Mapping[str, Record]) -> set[str]:
    """What is to be looked up once the first labels are there."""
    ids = {id_ for record in records for id_ in label_sources(labelled(record, known.get))}
    return ids - known.keys()


def _of_type(record: Record | None, key: RecordKey) -> Record | None:
    return record if record is not None and key.type in (0, record.type) else None
