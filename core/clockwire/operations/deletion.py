"""What goes when a record is deleted: itself, by force what can't be without it, and what others say of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from clockwire.model.errors import RecordInUse, RecordLocked
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.rules.invoices import LINE_FIELDS, SENT
from clockwire.operations.changes import Changes
from clockwire.operations.ledger import copied
from clockwire.operations.timer_deletion import release_timers, timers_on
from clockwire.storage.records import Reference
from clockwire.v1.common_pb2 import (
    RECORD_TYPE_BILLING_RATE,
    RECORD_TYPE_EXPENSE,
    RECORD_TYPE_INVOICE,
    RECORD_TYPE_SUBPROJECT,
    RECORD_TYPE_TASK,
    RECORD_TYPE_TIME_LOG,
)
from clockwire.v1.records_pb2 import Record

MOST_DELETED = 10_000

# Records that can't be without the one they refer to. A billing rate is one of them: without its key it would hold
# for everyone.
_OWNED = {
    (RECORD_TYPE_TASK, "project_id"),
    (RECORD_TYPE_SUBPROJECT, "project_id"),
    (RECORD_TYPE_TIME_LOG, "project_id"),
    (RECORD_TYPE_EXPENSE, "project_id"),
    (RECORD_TYPE_TIME_LOG, "user_id"),
    (RECORD_TYPE_EXPENSE, "user_id"),
    (RECORD_TYPE_INVOICE, "client_id"),
    (RECORD_TYPE_BILLING_RATE, "user_id"),
    (RECORD_TYPE_BILLING_RATE, "project_id"),
    (RECORD_TYPE_BILLING_RATE, "category_id"),
}
# What an invoice wrote into its lines does not hold it.
_BILLED_BY = "invoice_id"
# A record refers to another one with a few fields at most.
_MOST_REFERENCES = 4 * MOST_DELETED
_NAMED = 20


@dataclass(slots=True)
class _Plan:
    """What will be deleted, the root first, and which references of others will be cleared."""

    doomed: dict[str, Record]
    cleared: dict[str, list[Reference]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.doomed) + len(self.cleared)


def delete(changes: Changes, root: Record, *, force: bool) -> int:
    """How many records were deleted. Raises RecordInUse, RecordLocked."""
    plan = _plan(changes, root, force=force)
    release_timers(changes.ledger, plan.doomed.values())
    for id_, references in plan.cleared.items():
        source = changes.records.find(id_)
        if source is not None:
            _clear(changes, source, references)
    for record in reversed(plan.doomed.values()):
        current = changes.records.find(record.id)
        if current is not None:
            changes.remove(current)
    return len(plan.doomed)


def _plan(changes: Changes, root: Record, *, force: bool) -> _Plan:
    plan = _Plan(doomed={root.id: root})
    wave: Sequence[str] = [root.id]
    while wave:
        _check_not_sent(plan.doomed[id_] for id_ in wave)
        found = changes.records.references_to(wave, limit=_MOST_REFERENCES)
        _check_not_billed(changes, found)
        if not force:
            _check_unused(changes, root, found)
        wave = _extend(changes, plan, found)
        if len(plan) > MOST_DELETED or len(found) == _MOST_REFERENCES:
            raise _in_use(changes, root, found)
    for id_ in plan.doomed:
        plan.cleared.pop(id_, None)
    return plan


def _extend(changes: Changes, plan: _Plan, found: Sequence[Reference]) -> Sequence[str]:
    """The plan has grown by what these references demand; the ids of those that are now doomed too."""
    changes.records.load_around({each.source_id for each in found})
    wave: dict[str, None] = {}
    for each in found:
        source = changes.records.find(each.source_id)
        if source is None or source.id in plan.doomed:
            continue
        if (source.type, each.field) in _OWNED:
            plan.doomed[source.id] = source
            wave[source.id] = None
        else:
            plan.cleared.setdefault(source.id, []).append(each)
    return [*wave]


def _check_not_sent(doomed: Iterable[Record]) -> None:
    for record in doomed:
        if record.invoice.status in SENT:
            raise RecordLocked("invoice", record.id, "it was sent; make it void first")


def _check_not_billed(changes: Changes, found: Sequence[Reference]) -> None:
    """None of the records that are referred to is on a sent invoice."""
    bills = [each for each in found if each.field in LINE_FIELDS]
    changes.records.load(each.source_id for each in bills)
    for each in bills:
        bill = changes.records.find(each.source_id)
        if bill is not None and bill.invoice.status in SENT:
            noun = "time_log" if each.field == LINE_FIELDS[0] else "expense"
            raise RecordLocked(noun, each.target_id, f"it is on invoice {bill.id}, which was sent")


def _check_unused(changes: Changes, root: Record, found: Sequence[Reference]) -> None:
    users = [each for each in found if each.field != _BILLED_BY]
    if users:
        raise _in_use(changes, root, users)
    if timers := timers_on(changes.ledger, [root]):
        raise RecordInUse(RECORD_TYPES[root.type].token, root.id, [f"timer {each.id}" for each in timers[:_NAMED]])


def _in_use(changes: Changes, root: Record, found: Sequence[Reference]) -> RecordInUse:
    """The error that names some of the users."""
    ids = [*dict.fromkeys(each.source_id for each in found)][:_NAMED]
    changes.records.load(ids)
    users = [user for id_ in ids if (user := changes.records.find(id_))]
    names = [f"{RECORD_TYPES[user.type].token} {user.id}" for user in users]
    return RecordInUse(RECORD_TYPES[root.type].token, root.id, names)


def _clear(changes: Changes, source: Record, references: Sequence[Reference]) -> None:
    """The record refers no more to what will be gone. Of an invoice that loses a line, the sums follow."""
    after = copied(source)
    body = getattr(after, RECORD_TYPES[source.type].body_field)
    for each in references:
        value = getattr(body, each.field)
        if isinstance(value, str):
            body.ClearField(each.field)
        else:
            value.remove(each.target_id)
    if any(each.field in LINE_FIELDS for each in references):
        changes.change(source, after, sent=frozenset())
    else:
        changes.ledger.enter(source, after)
