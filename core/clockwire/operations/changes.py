"""How one record is written: checked, completed, stored, told to the log, and followed by what must change with it."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.cursor import Cursor
from clockwire.model.errors import FieldInvalid, IdTaken, RecordNotFound, ReferenceMissing
from clockwire.model.etag import check_etag
from clockwire.model.identifiers import ids_from, is_id
from clockwire.model.masks import revise
from clockwire.model.record_key import token_of
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.references import references_of
from clockwire.model.rules import Change, complete
from clockwire.model.unique_values import external_id_of
from clockwire.model.values import check_record, check_required
from clockwire.operations.consequences import follow
from clockwire.operations.ledger import Ledger
from clockwire.operations.reading import deleted
from clockwire.storage.timers import find_timer
from clockwire.storage.transaction import Transaction
from clockwire.v1.records_pb2 import Record, RecordKey


class Changed(NamedTuple):
    """What became of one record. It carries its labels; after a deletion there is none."""

    record: Record | None = None
    created: bool = False
    unchanged: bool = False
    deleted_count: int = 0


class Changes:
    """The changes of one operation to records. `finish` stores them."""

    def __init__(self, transaction: Transaction) -> None:
        self.ledger = Ledger(transaction)
        self.records = self.ledger.records
        self._transaction = transaction
        self._ids = ids_from(transaction.now)

    def finish(self) -> None:
        """Everything that was changed is in the database."""
        self.records.flush()

    def fetch(self, key: RecordKey) -> Record:
        """The record that a checked key names. Raises RecordNotFound, or RecordDeleted."""
        id_ = key.id or self.records.holder_of(external_id_of(key.type, key.external_id))
        record = self.records.find(id_) if id_ else None
        if record is not None and key.type in (0, record.type):
            return record
        self._check_not_deleted(id_)
        raise RecordNotFound(token_of(key), key.id or key.external_id)

    def create(self, sent: Record) -> Changed:
        """A new record. Raises IdTaken, ValueTaken, ReferenceMissing, and what the rules of its type refuse."""
        record = check_record(sent, partial=False)
        if record.etag:
            raise FieldInvalid.of("record.etag", "must be empty for a record that is created")
        record.id = record.id or next(self._ids)
        if sent.id:
            self._check_id_free(record)
        info = RECORD_TYPES[record.type]
        body = getattr(record, info.body_field)
        setattr(body, info.columns[0].path, record.id)
        written = self.write(None, record)
        return Changed(record=written, created=True)

    def update(self, sent: Record, mask: FieldMask, *, allow_missing: bool) -> Changed:
        """The record with the named fields as they were sent; see `create` for what is raised, and EtagMismatch."""
        checked = check_record(sent, partial=True)
        before = self._find_sent(checked)
        if before is None:
            if allow_missing:
                return self.create(sent)
            self._check_not_deleted(checked.id)
            token = RECORD_TYPES[checked.type].token if checked.type else ""
            raise RecordNotFound(token, checked.id or checked.external_id)
        check_etag(checked.etag, before.version)
        after = revise(before, checked, mask)
        check_required(after)
        return self.change(before, after, sent=_written(checked, mask, before))

    def change(self, before: Record, after: Record, *, sent: AbstractSet[str]) -> Changed:
        """The record as it is in *after*, completed by the rules; unchanged if that is what it was."""
        written = self.write(before, after, sent=sent)
        return Changed(record=written or self.records.labelled(before), unchanged=written is None)

    def write(self, before: Record | None, after: Record, *, sent: AbstractSet[str] = frozenset()) -> Record | None:
        """The record as it was stored, with its labels; None if nothing changed. *after* is ours from here on."""
        info = RECORD_TYPES[after.type]
        self._check_references(after)
        self._resolve_tags(before, after)
        complete(
            Change(
                id=after.id,
                body=getattr(after, info.body_field),
                before=getattr(before, info.body_field) if before is not None else None,
                sent=sent,
                around=self.records,
                name=info.body_field,
            ),
            after.type,
        )
        if before is not None and before == after:
            return None
        self.records.claim_values(before, after)
        told = self.ledger.enter(before, after)
        follow(self.ledger, before, after)
        return told

    def remove(self, record: Record) -> None:
        """The record is gone, and what follows has followed."""
        follow(self.ledger, record, None)
        self.ledger.strike(record)

    def _find_sent(self, sent: Record) -> Record | None:
        if sent.id:
            return self.records.find(sent.id)
        if not sent.external_id:
            raise FieldInvalid.of("record.id", "is needed, or an external_id, to say which record is meant")
        if not sent.type:
            raise FieldInvalid.of("record", "needs a body to be found by its external_id")
        id_ = self.records.holder_of(external_id_of(sent.type, sent.external_id))
        return self.records.find(id_) if id_ else None

    def _check_id_free(self, record: Record) -> None:
        taken = self.records.find(record.id) or self.records.find_deleted(record.id)
        if taken is not None:
            raise IdTaken(RECORD_TYPES[taken.type].token, record.id)
        if find_timer(self._transaction.connection, self._transaction.workspace.id, record.id) is not None:
            raise IdTaken("timer", record.id)

    def _check_not_deleted(self, id_: str) -> None:
        grave = self.records.find_deleted(id_) if is_id(id_) else None
        if grave is not None:
            raise deleted(grave, Cursor(self._transaction.epoch, self._transaction.workspace.id, grave.sequence))

    def _check_references(self, after: Record) -> None:
        references = [*references_of(after)]
        self.records.load(id_ for _, id_ in references)
        find = self.records.find
        for (path, type_, _), id_ in references:
            target = find(id_)
            if target is None or target.type != type_:
                body = RECORD_TYPES[after.type].body_field
                raise ReferenceMissing(f"record.{body}.{path}", RECORD_TYPES[type_].token, id_)

    def _resolve_tags(self, before: Record | None, after: Record) -> None:
        log = after.time_log
        if log.tags and (before is None or log.tags != before.time_log.tags):
            tags = self.records.tags.named(log.tags, "record.time_log.tags")
            del log.tags[:]
            log.tags.extend(tags)


def _written(sent: Record, mask: FieldMask, stored: Record) -> AbstractSet[str]:
    """The fields of the body that an update wrote, whether to a value or to none."""
    info = RECORD_TYPES[stored.type]
    if not mask.paths:
        return {field.name for field, _ in getattr(sent, info.body_field).ListFields()}
    if "*" in mask.paths or info.body_field in mask.paths:
        return info.columns_by_path.keys()
    return {path.partition(".")[2] for path in mask.paths}
