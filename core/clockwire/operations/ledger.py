"""How a record gets into the books: stored with its next version, and told to the event log, both or neither."""

from clockwire.model.etag import etag_of
from clockwire.model.event import EventDraft
from clockwire.model.instants import to_timestamp
from clockwire.model.masks import changed_paths
from clockwire.model.record_types import RECORD_TYPES
from clockwire.operations.working_set import WorkingSet
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import RECORD_TYPE_PROJECT, RECORD_TYPE_TASK
from clockwire.v1.records_pb2 import PROJECT_STATUS_CLOSED, TASK_STATUS_CLOSED, Record

_CLOSED = {
    RECORD_TYPE_PROJECT: PROJECT_STATUS_CLOSED,
    RECORD_TYPE_TASK: TASK_STATUS_CLOSED,
}


class Ledger:
    """The records of one operation, and what is told of them. No rule is asked here, and nothing follows."""

    def __init__(self, transaction: Transaction) -> None:
        self.records = WorkingSet(transaction)
        self.transaction = transaction
        actor, now = transaction.caller.actor, to_timestamp(transaction.now)
        self._updated = Record(update_time=now, update_actor=actor)
        self._created = Record(create_time=now, update_time=now, create_actor=actor, update_actor=actor)

    def enter(self, before: Record | None, after: Record) -> Record:
        """The record is as it is in *after*, which is the ledger's from here on. Returned with its labels."""
        if before is None:
            after.MergeFrom(self._created)
        else:
            after.ClearField("update_time")
            after.ClearField("update_actor")
            after.MergeFrom(self._updated)
        after.version = before.version + 1 if before is not None else 1
        after.etag = etag_of(after.version)
        self.records.put(after)
        told = self.records.labelled(after)
        self._tell_change(self.records.labelled(before) if before is not None else None, told)
        return told

    def strike(self, record: Record) -> None:
        """The record is gone."""
        before = self.records.labelled(record)
        self.records.bury(record)
        self.transaction.publish(
            EventDraft(
                type=f"{RECORD_TYPES[record.type].token}.deleted",
                record_type=record.type,
                record_id=record.id,
                version=record.version + 1,
                record=None,
                before=before,
            )
        )

    def correct(self, id_: str) -> Record | None:
        """A record to be changed in place, without a new version and without an event; None if there is none."""
        record = self.records.find(id_)
        if record is None or self.records.is_private(record):
            return record
        copy = copied(record)
        self.records.correct(copy)
        return copy

    def _tell_change(self, before: Record | None, told: Record) -> None:
        if before is None:
            self._tell("created", None, told)
        else:
            self._tell("updated", before, told, changed_paths(before, told))
        if closed := _CLOSED.get(told.type):
            is_closed, was_closed = _status(told) == closed, before is not None and _status(before) == closed
            if is_closed != was_closed:
                self._tell("closed" if is_closed else "reopened", before, told)

    def _tell(self, verb: str, before: Record | None, told: Record, paths: list[str] | tuple[()] = ()) -> None:
        self.transaction.publish(
            EventDraft(
                type=f"{RECORD_TYPES[told.type].token}.{verb}",
                record_type=told.type,
                record_id=told.id,
                version=told.version,
                record=told,
                before=before,
                changed_paths=paths,
            )
        )


def copied(record: Record) -> Record:
    """A copy that may be changed."""
    copy = Record()
    copy.CopyFrom(record)
    return copy


def _status(record: Record) -> int:
    return record.project.status if record.type == RECORD_TYPE_PROJECT else record.task.status
