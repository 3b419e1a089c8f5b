"""How a change becomes events, and events deliveries: at the end of each group, in its transaction.

One pass down: every event gets its place in its workspace's log and is encoded once; every subscription that wants it
is owed a delivery, whose body is rendered once per shape; all of it is stored in bulk. Only after the commit do readers
and the dispatcher hear of it, and they get the very bytes that were stored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from clockwire.model.caller import Caller
from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.event import EventDraft, LogEntry
from clockwire.model.event_index import EventIndex, index_of
from clockwire.model.facets import facets_of
from clockwire.model.identifiers import new_id
from clockwire.model.instants import Instant, to_timestamp
from clockwire.operations.planning import Fresh, Plan, Planner
from clockwire.storage.events import insert_bodies, insert_entries
from clockwire.storage.transaction import Log, Transaction
from clockwire.storage.workspaces import advance_logs
from clockwire.storage.writer import Group
from clockwire.v1.events_pb2 import Event
from clockwire.v1.timers_pb2 import Timer


@dataclass(slots=True)
class Sealed:
    """What a group wrote, for those who are told after the commit."""

    #: How many operations succeeded.
    operation_count: int = 0
    entries: dict[str, list[LogEntry]] = field(default_factory=dict)
    #: Workspaces in which a subscription was changed.
    changed: set[str] = field(default_factory=set)
    plan: Plan = field(default_factory=Plan)


class Publisher:
    """The last step of every group, and the first after its commit."""

    def __init__(self, planner: Planner, told: Callable[[Sealed], None]) -> None:
        """*told* hears what was committed, on the writer's thread."""
        self._planner = planner
        self._told = told

    def seal(self, transaction: Transaction, group: Group) -> Sealed:
        """Stores the events of the group and the deliveries they cause. The transaction's time is the commit's."""
        sealed = Sealed(operation_count=len(group.done))
        fresh = [each for _, done, _ in group.done for each in _publish(done, transaction.now, sealed)]
        for each in fresh:
            sealed.entries.setdefault(each.workspace_id, []).append(each.entry)
        insert_entries(transaction.connection, [(each.workspace_id, each.entry) for each in fresh])
        sealed.plan = self._planner.plan(transaction, fresh, group.logs)
        insert_bodies(transaction.connection, sealed.plan.bodies)
        advance_logs(transaction.connection, [log for log in group.logs.values() if log.changed])
        return sealed

    def committed(self, sealed: Sealed) -> None:
        """Tells the readers and the dispatcher."""
        self._planner.committed(sealed.plan, sealed.changed)
        if sealed.entries or sealed.changed:
            self._told(sealed)


def _publish(transaction: Transaction, now: Instant, sealed: Sealed) -> list[Fresh]:
    """The events of one operation, each in its place; the log's head moves past them. They are committed *now*."""
    log = transaction.log
    if log is None:
        return []
    if transaction.subscriptions_changed:
        log.subscriptions_version += 1
        log.changed = True
        sealed.changed.add(log.workspace.id)
    fresh = []
    if transaction.drafts:
        log.last_time = max(now, log.last_time)
        log.changed = True
        common = _common_to(transaction, log)
        fresh = [_place(draft, event_id, common, transaction.caller, log) for event_id, draft in transaction.drafts]
    transaction.last_sequence = log.head
    return fresh


def _common_to(transaction: Transaction, log: Log) -> Event:
    """What the events of an operation have in common."""
    caller = transaction.caller
    return Event(
        workspace_id=log.workspace.id,
        commit_time=to_timestamp(log.last_time),
        actor=caller.actor,
        origin=caller.origin,
        causation_id=caller.causation_id,
        transaction_id=new_id(transaction.now),
        transaction_size=len(transaction.drafts),
        traceparent=caller.traceparent,
    )


def _place(draft: EventDraft, event_id: str, common: Event, caller: Caller, log: Log) -> Fresh:
    log.head += 1
    event = Event()
    event.CopyFrom(common)
    event.id, event.type, event.version = event_id, draft.type, draft.version
    event.sequence = log.head
    event.cursor = encode_cursor(Cursor(log.epoch, log.workspace.id, log.head))
    event.record_type, event.record_id = draft.record_type, draft.record_id
    if isinstance(draft.record, Timer):
        event.timer.CopyFrom(draft.record)
    elif draft.record is not None:
        event.record.CopyFrom(draft.record)
    if draft.changed_paths:
        event.changed_paths.paths.extend(draft.changed_paths)
    index = index_of(event, draft.before)
    entry = _entry(event, draft, index, caller, log)
    return Fresh(log.workspace.id, entry, event, draft, index)


def _entry(event: Event, draft: EventDraft, index: EventIndex, caller: Caller, log: Log) -> LogEntry:
    return LogEntry(
        sequence=log.head,
        id=event.id,
        type=draft.type,
        record_id=draft.record_id,
        commit_time=log.last_time,
        origin=caller.origin,
        api_key_id=caller.api_key_id,
        facets=facets_of(index),
        message=event.SerializeToString(),
        before=draft.before.SerializeToString() if draft.before else None,
    )
