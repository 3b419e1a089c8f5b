"""What can be done to timers. Stopping one stores its time log with it, or neither.

There are no races here: nobody else writes in the workspace until the commit.
"""

from dataclasses import dataclass

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.errors import FieldInvalid, TimerNotRunning, TimerRunning
from clockwire.model.etag import check_etag
from clockwire.model.instants import HOUR, Instant, of_timestamp, to_timestamp
from clockwire.model.timer import changed_timer_paths, check_timer, copied_timer, revise_timer
from clockwire.model.values import check_id, check_text
from clockwire.operations.reading import find_records
from clockwire.operations.timer_changes import TimerChanges, TimerTarget
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import RECORD_TYPE_TIME_LOG
from clockwire.v1.records_pb2 import Record, RecordKey
from clockwire.v1.timers_pb2 import Timer

LONGEST_DESCRIPTION = 10_000
_LONGEST = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A timer that was stopped, and the time log it became; None if that has been deleted since."""

    timer: Timer
    time_log: Record | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A timer that runs, and what was stopped for it."""

    timer: Timer
    stopped: Stopped | None = None


def start_timer(transaction: Transaction, sent: Timer, *, stop_running: bool = False) -> Started:
    """A timer that runs from now on, or from the start that was sent; *stop_running*: the user's present one ends then.

    Raises TimerRunning, RecordClosed, ReferenceMissing, HierarchyInvalid, IdTaken, FieldInvalid.
    """
    timer = check_timer(sent, partial=False)
    if timer.etag:
        raise FieldInvalid.of("timer.etag", "must be empty for a timer that is started")
    _check_start(timer, transaction.now)
    changes = TimerChanges(transaction)
    running = changes.running_of(timer.user_id)
    if running is not None and not stop_running:
        raise TimerRunning(running.id, running.user_id)
    stopped = _stop_for(changes, running, timer) if running is not None else None
    if not timer.HasField("start_time"):
        timer.start_time.CopyFrom(to_timestamp(transaction.now))
    return Started(timer=changes.start(timer), stopped=stopped)


def stop_timer(
    transaction: Transaction,
    target: TimerTarget,
    *,
    stop_time: Instant | None = None,
    description: str = "",
    etag: str = "",
) -> Stopped:
    """The timer, stopped now or at *stop_time*, and its time log; *description* replaces the timer's own.

    One that was stopped already stays as it is. Raises ResourceNotFound, TimerNotRunning, EtagMismatch, FieldInvalid.
    """
    changes = TimerChanges(transaction)
    timer = changes.find(target)
    if timer.state == Timer.STATE_STOPPED:
        return Stopped(timer=timer, time_log=_log_of(transaction, timer))
    _check_running(timer)
    check_etag(etag, timer.version)
    after = copied_timer(timer)
    if description:
        after.description = check_text("description", description, LONGEST_DESCRIPTION)
    return _stop(changes, timer, after, _end(timer, stop_time, transaction.now))


def discard_timer(transaction: Transaction, target: TimerTarget, *, etag: str = "") -> Timer:
    """The timer, thrown away; one that was discarded already stays as it is.

    Raises ResourceNotFound, TimerNotRunning, EtagMismatch.
    """
    changes = TimerChanges(transaction)
    timer = changes.find(target)
    if timer.state == Timer.STATE_DISCARDED:
        return timer
    _check_running(timer)
    check_etag(etag, timer.version)
    return changes.discard(timer)


def update_timer(transaction: Transaction, sent: Timer, mask: FieldMask) -> Timer:
    """The timer with the named fields as they were sent.

    Raises ResourceNotFound, TimerNotRunning, EtagMismatch, MaskInvalid, and what `start_timer` raises.
    """
    checked = check_timer(sent, partial=True)
    changes = TimerChanges(transaction)
    before = changes.find(TimerTarget(timer_id=checked.id), field="timer.id")
    _check_running(before)
    check_etag(checked.etag, before.version)
    after, written = revise_timer(before, checked, mask)
    if not after.HasField("start_time"):
        after.start_time.CopyFrom(to_timestamp(transaction.now))
    elif "start_time" in written and after.start_time != before.start_time:
        _check_start(after, transaction.now)
    changes.complete(before, after, written)
    paths = changed_timer_paths(before, after)
    return changes.enter("updated", before, after, paths) if paths else changes.labelled(before)


def running_timer(transaction: Transaction, user_id: str) -> Timer | None:
    """The timer of a user that runs, with its labels."""
    changes = TimerChanges(transaction)
    timer = changes.running_of(check_id("user_id", user_id))
    return None if timer is None else changes.labelled(timer)


def _check_start(timer: Timer, now: Instant) -> None:
    """A start that was sent lies in the last 24 hours."""
    if timer.HasField("start_time") and not now - _LONGEST <= of_timestamp(timer.start_time) <= now:
        raise FieldInvalid.of("timer.start_time", "must not be in the future, nor more than 24 hours ago")


def _check_running(timer: Timer) -> None:
    if timer.state != Timer.STATE_RUNNING:
        state = Timer.State.Name(timer.state).removeprefix("STATE_")
        raise TimerNotRunning(timer.user_id, timer_id=timer.id, state=state)


def _stop_for(changes: TimerChanges, running: Timer, following: Timer) -> Stopped:
    """The running timer ends where the following one starts."""
    start = of_timestamp(following.start_time) if following.HasField("start_time") else None
    end = _end(running, start, changes.now, field="timer.start_time")
    following.start_time.CopyFrom(to_timestamp(end))
    return _stop(changes, running, copied_timer(running), end)


def _end(timer: Timer, asked: Instant | None, now: Instant, *, field: str = "stop_time") -> Instant:
    """When the timer ends: as was asked, else now. One that was started this very moment has run for a microsecond."""
    start = of_timestamp(timer.start_time)
    end = max(now, start + 1) if asked is None else asked
    elapsed = end - start
    if asked is not None and asked > now:
        raise FieldInvalid.of(field, "must not be in the future")
    if elapsed <= 0:
        raise FieldInvalid.of(field, f"must be after the start of timer {timer.id}, which runs")
    if elapsed > _LONGEST:
        raise FieldInvalid.of(
            field,
            f"is {elapsed / HOUR:.1f} h after the start of timer {timer.id}, and a time log holds at most 24: "
            "say when work ended, or discard the timer",
        )
    return end


def _stop(changes: TimerChanges, before: Timer, after: Timer, end: Instant) -> Stopped:
    timer, time_log = changes.stop(before, after, end)
    return Stopped(timer=timer, time_log=time_log)


def _log_of(transaction: Transaction, timer: Timer) -> Record | None:
    """The time log of a stopped timer as it is now."""
    key = RecordKey(type=RECORD_TYPE_TIME_LOG, id=timer.id)
    [found] = find_records(transaction.connection, transaction.workspace.id, [key])
    return found
