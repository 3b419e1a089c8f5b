"""How one timer is written: completed, stored and told to the log, and followed by its time log when it is stopped."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from clockwire.model.errors import FieldInvalid, IdTaken, ReferenceMissing, ResourceNotFound, TimerNotRunning
from clockwire.model.etag import etag_of
from clockwire.model.event import EventDraft
from clockwire.model.identifiers import new_id
from clockwire.model.instants import SECOND, Instant, of_timestamp, to_timestamp
from clockwire.model.record_types import RECORD_TYPES, TIMER
from clockwire.model.rules.timers import complete_timer, time_log_of
from clockwire.model.timer import copied_timer, labelled_timer, timer_references
from clockwire.model.values import check_id
from clockwire.operations.consequences import follow
from clockwire.operations.ledger import Ledger
from clockwire.storage.timers import find_running, find_timer, put_timer
from clockwire.storage.transaction import Transaction
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTarget:
    """Which timer is meant: the one of this id, or the one of this user that runs. Exactly one is set."""

    timer_id: str = ""
    user_id: str = ""


class TimerChanges:
    """The changes of one operation to timers. Each is stored at once, but for what a time log moves."""

    def __init__(self, transaction: Transaction, ledger: Ledger | None = None) -> None:
        """*ledger*: of the operation that this is a part of, which then stores its records itself."""
        self._transaction = transaction
        self._ledger = ledger or Ledger(transaction)
        self._connection = transaction.connection
        self._workspace_id = transaction.workspace.id

    @property
    def now(self) -> Instant:
        """The time of the operation."""
        return self._transaction.now

    def find(self, target: TimerTarget, *, field: str = "timer_id") -> Timer:
        """The timer that is meant. FieldInvalid, ResourceNotFound, or TimerNotRunning for a user without one."""
        if bool(target.timer_id) == bool(target.user_id):
            raise FieldInvalid.of(field, "is needed" if field == "timer.id" else "or user_id is needed, not both")
        if target.user_id:
            timer = self.running_of(check_id("user_id", target.user_id))
            if timer is None:
                raise TimerNotRunning(target.user_id)
            return timer
        timer = find_timer(self._connection, self._workspace_id, check_id(field, target.timer_id))
        if timer is None:
            raise ResourceNotFound("timer", target.timer_id)
        return timer

    def running_of(self, user_id: str) -> Timer | None:
        """The timer of a user that runs."""
        return find_running(self._connection, self._workspace_id, user_id)

    def start(self, timer: Timer) -> Timer:
        """A checked timer with its start, running, and with its labels. Raises IdTaken, and what `complete` raises."""
        if timer.id:
            self._check_id_free(timer.id)
        timer.id = timer.id or new_id(self.now)
        timer.state = Timer.STATE_RUNNING
        self.complete(None, timer, frozenset())
        return self.enter("started", None, timer)

    def complete(self, before: Timer | None, after: Timer, written: AbstractSet[str]) -> None:
        """*after* is whole and right. Raises ReferenceMissing, HierarchyInvalid, RecordClosed, FieldInvalid."""
        self._check_references(after)
        if after.tags and (before is None or after.tags != before.tags):
            tags = self._ledger.records.tags.named(after.tags, "timer.tags")
            del after.tags[:]
            after.tags.extend(tags)
            self._ledger.records.tags.flush()
        complete_timer(before, after, written, self._ledger.records)

    def enter(self, verb: str, before: Timer | None, after: Timer, paths: Sequence[str] = ()) -> Timer:
        """The timer is stored as it is in *after*, which is ours from here on, and told of. With its labels."""
        actor, now = self._transaction.caller.actor, to_timestamp(self.now)
        if before is None:
            after.create_time.CopyFrom(now)
            after.create_actor.CopyFrom(actor)
        after.update_time.CopyFrom(now)
        after.update_actor.CopyFrom(actor)
        after.version = before.version + 1 if before is not None else 1
        after.etag = etag_of(after.version)
        told = self.labelled(after)
        put_timer(self._connection, self._workspace_id, told)
        self._transaction.publish(
            EventDraft(
                type=f"timer.{verb}",
                record_type=TIMER.type,
                record_id=told.id,
                version=told.version,
                record=told,
                before=before,
                changed_paths=paths,
            )
        )
        return told

    def stop(self, before: Timer, after: Timer, end: Instant) -> tuple[Timer, Record]:
        """The timer, stopped at *end*, and the time log that it became."""
        after.state = Timer.STATE_STOPPED
        after.stop_time.CopyFrom(to_timestamp(end))
        seconds, micros = divmod(end - of_timestamp(after.start_time), SECOND)
        after.duration.seconds, after.duration.nanos = seconds, micros * 1000
        told = self.enter("stopped", before, after)
        self._ledger.records.load_around(id_ for _, id_ in timer_references(told))
        time_log = self._ledger.enter(None, time_log_of(told, self._ledger.records))
        follow(self._ledger, None, time_log)
        self._ledger.records.flush()
        return told, time_log

    def discard(self, before: Timer) -> Timer:
        """The timer, which will be no time log."""
        after = copied_timer(before)
        after.state = Timer.STATE_DISCARDED
        after.stop_time.CopyFrom(to_timestamp(max(self.now, of_timestamp(before.start_time))))
        return self.enter("discarded", before, after)

    def labelled(self, timer: Timer) -> Timer:
        """A copy with the labels that hold now."""
        self._ledger.records.load_around(id_ for _, id_ in timer_references(timer))
        return labelled_timer(timer, self._ledger.records.find)

    def _check_references(self, timer: Timer) -> None:
        references = [*timer_references(timer)]
        self._ledger.records.load_around(id_ for _, id_ in references)
        for column, id_ in references:
            target = self._ledger.records.find(id_)
            if column.reference_type and (target is None or target.type != column.reference_type):
                raise ReferenceMissing(f"timer.{column.path}", RECORD_TYPES[column.reference_type].token, id_)

    def _check_id_free(self, id_: str) -> None:
        """No timer has this id, and no record: it will be a time log's."""
        if find_timer(self._connection, self._workspace_id, id_) is not None:
            raise IdTaken("timer", id_)
        taken = self._ledger.records.find(id_) or self._ledger.records.find_deleted(id_)
        if taken is not None:
            raise IdTaken(RECORD_TYPES[taken.type].token, id_)
