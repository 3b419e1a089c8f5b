"""What an inbound hook does: each of its commands, as one operation, whichever service asked for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date

from clockwire.model.errors import FieldInvalid, RecordNotFound
from clockwire.model.inbound_commands import Command, Which
from clockwire.model.inbound_hook import InboundHook
from clockwire.model.instants import SECOND, Instant, to_datetime, to_timestamp
from clockwire.model.mutations import Deletion
from clockwire.model.written_times import is_day, read_time, read_zone
from clockwire.operations.named_records import NamedRecords
from clockwire.operations.records import close_record, create_record, delete_record, get_record
from clockwire.operations.timer_changes import TimerTarget
from clockwire.operations.timers import running_timer, start_timer, stop_timer
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import RECORD_TYPE_TIME_LOG, Tag
from clockwire.v1.records_pb2 import Record, RecordKey, TimeLog
from clockwire.v1.timers_pb2 import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a command; what it had nothing to do with is None."""

    event: str
    project: Record | None = None
    task: Record | None = None
    time_log: Record | None = None
    timer: Timer | None = None
    #: What was stopped so that something else could start.
    stopped: Timer | None = None
    #: What was made: "project", "task".
    created: tuple[str, ...] = ()
    #: Whether it was so already.
    unchanged: bool = False
    #: Of a time entry that is gone.
    deleted_id: str = ""


@dataclass(slots=True)
class Commands:
    """The commands of one hook, in one transaction."""

    transaction: Transaction
    hook: InboundHook
    records: NamedRecords = field(init=False)

    def __post_init__(self) -> None:
        self.records = NamedRecords(self.transaction)

    def run(self, command: Command) -> Done:
        """What came of it. Raises FieldInvalid, and whatever records and timers raise."""
        return _RUN[command.event](self, command)

    def add_project(self, command: Command) -> Done:
        """A project of this name, unless one is open."""
        which = self._needed(command.project, "project_name", named=True)
        found = self.records.project(which)
        if found is not None and not found.project.HasField("close_time"):
            return self._done(command, project=found, unchanged=True)
        return self._done(command, project=self.records.new_project(which, command.notes))

    def close_project(self, command: Command) -> Done:
        """The project is closed."""
        project = self.records.project(self._needed(command.project, "project_name"))
        if project is None:
            raise RecordNotFound("project", command.project.name)
        closed = close_record(self.transaction, RecordKey(id=project.id))
        return self._done(command, project=closed.record, unchanged=closed.unchanged)

    def add_task(self, command: Command) -> Done:
        """A task of this name in its project, unless one is open there."""
        which = self._needed(command.task, "task_name", named=True)
        project = self._project(command)
        found = self.records.task(which, project)
        if found is not None and not found.task.HasField("close_time"):
            return self._done(command, project=project, task=found, unchanged=True)
        task = self.records.new_task(which, project, command.notes)
        return self._done(command, project=project, task=task)

    def close_task(self, command: Command) -> Done:
        """The task is closed."""
        which = self._needed(command.task, "task_name")
        project = self.records.project(command.project) if command.project else None
        task = None if command.project and project is None else self.records.task(which, project)
        if task is None:
            raise RecordNotFound("task", which.name)
        closed = close_record(self.transaction, RecordKey(id=task.id))
        return self._done(command, task=closed.record, unchanged=closed.unchanged)

    def track(self, command: Command) -> Done:
        """A timer runs for it. What else ran is stopped, unless the command forbids that."""
        user = self.user(command)
        project, task = self._place(command)
        timer = Timer(
            user_id=user.id,
            project_id=project.id if project else "",
            task_id=task.id if task else "",
            description=command.notes,
            tags=[Tag(name=tag) for tag in command.tags],
        )
        if command.date:
            timer.start_time.CopyFrom(to_timestamp(self._time("date", command.date, command, user)))
        running = running_timer(self.transaction, user.id)
        if running is not None and not command.date and _is_same(running, timer):
            return self._done(command, project=project, task=task, timer=running, unchanged=True)
        started = start_timer(self.transaction, timer, stop_running=command.stop_running_task)
        stopped = started.stopped.timer if started.stopped else None
        return self._done(command, project=project, task=task, timer=started.timer, stopped=stopped)

    def stop(self, command: Command) -> Done:
        """The user's timer is stopped, and its time log written."""
        user = self.user(command)
        running = running_timer(self.transaction, user.id)
        if running is not None and (command.task or command.project):
            self._check_meant(command, running)
        end = self._time("date", command.date, command, user) if command.date else None
        target = TimerTarget(user_id=user.id)
        stopped = stop_timer(self.transaction, target, stop_time=end, description=command.notes)
        return self._done(command, timer=stopped.timer, time_log=stopped.time_log)

    def add_entry(self, command: Command) -> Done:
        """A time log."""
        user = self.user(command)
        project, task = self._place(command) if command.task or command.project else (None, None)
        log = TimeLog(
            user_id=user.id,
            project_id=project.id if project else "",
            task_id=task.id if task else "",
            description=command.notes,
            tags=[Tag(name=tag) for tag in command.tags],
            billable=command.billable,
            manually_entered=True,
        )
        self._add_times(log, command, user)
        record = create_record(self.transaction, Record(external_id=command.entry.external_id, time_log=log)).record
        return self._done(command, project=project, task=task, time_log=record)

    def delete_entry(self, command: Command) -> Done:
        """The time log is gone; a personal hook deletes its user's own alone."""
        which = command.entry
        if not which:
            raise FieldInvalid.of("event_id", "is needed, or event_external_id")
        key = RecordKey(type=RECORD_TYPE_TIME_LOG)
        if which.id:
            key.id = which.id
        else:
            key.external_id = which.external_id
        log = get_record(self.transaction.connection, self.transaction.workspace.id, key)
        if self.hook.user_id not in ("", log.time_log.user_id):
            raise RecordNotFound("timelog", which.id or which.external_id)
        delete_record(self.transaction, Deletion(key=key))
        return self._done(command, deleted_id=log.id)

    def user(self, command: Command) -> Record:
        """For whom it is: the hook's user, or the one that is named. Raises FieldInvalid, RecordNotFound."""
        if not self.hook.user_id:
            if not command.user:
                raise FieldInvalid.of("user", "is needed: the id, mail address or name of a user")
            return self.records.user(command.user)
        own = self.records.user_by_id(self.hook.user_id)
        if command.user and self.records.user(command.user).id != own.id:
            raise FieldInvalid.of("user", f"is another than {own.user.user_name}, for whom this hook is")
        return own

    def _place(self, command: Command) -> tuple[Record | None, Record | None]:
        """The project and the task that are meant, made if need be."""
        if not (command.task or command.project):
            raise FieldInvalid.of("task_name", "is needed, or project_name")
        project = self._project(command) if command.project else None
        if not command.task:
            return project, None
        task = self.records.task(command.task, project)
        if task is None:
            project = project or self._project(command)
            task = self.records.new_task(command.task, project)
        return project, task

    def _project(self, command: Command) -> Record:
        """The project that is meant, made if need be: without one, that of the hook's own name."""
        return self.records.project_or_new(command.project or Which(name=self.hook.name))

    def _check_meant(self, command: Command, running: Timer) -> None:
        """Raises FieldInvalid for a timer of something else."""
        project = self.records.project(command.project) if command.project else None
        task = self.records.task(command.task, project) if command.task else None
        wanted = [(command.project, project, running.project_id), (command.task, task, running.task_id)]
        described = command.task.name.casefold() == running.description.casefold() and not running.task_id
        if any(which and (found is None or found.id != id_) for which, found, id_ in wanted) and not described:
            raise FieldInvalid.of("task_name", f"is not what is being tracked: that is {told(running)}")

    def _add_times(self, log: TimeLog, command: Command, user: Record) -> None:
        if command.start:
            log.start_time.CopyFrom(to_timestamp(self._time("start", command.start, command, user)))
        if command.end:
            log.end_time.CopyFrom(to_timestamp(self._time("end", command.end, command, user)))
        if command.duration:
            log.duration.CopyFrom(Duration(seconds=command.duration))
        if command.start and command.duration and not command.end:
            end = log.start_time.ToMicroseconds() + command.duration * SECOND
            log.end_time.CopyFrom(to_timestamp(end))
        if command.date or not command.start:
            log.date.CopyFrom(self._day(command, user))

    def _day(self, command: Command, user: Record) -> Date:
        if not command.date:
            day = to_datetime(self.transaction.now).astimezone(self._zone(command, user))
        elif is_day(command.date):
            day = to_datetime(read_time("date", f"{command.date}T00:00", UTC))
        else:
            moment: Instant = self._time("date", command.date, command, user)
            day = to_datetime(moment).astimezone(self._zone(command, user))
        return Date(year=day.year, month=day.month, day=day.day)

    def _time(self, name: str, text: str, command: Command, user: Record) -> Instant:
        return read_time(name, text, self._zone(command, user))

    def _zone(self, command: Command, user: Record) -> tzinfo:
        if command.timezone:
            return read_zone("timezone", command.timezone)
        return ZoneInfo(user.user.time_zone or self.transaction.workspace.time_zone)

    def _needed(self, which: Which, name: str, *, named: bool = False) -> Which:
        if not which or (named and not which.name):
            raise FieldInvalid.of(name, "is needed")
        return which

    def _done(self, command: Command, **facts: Any) -> Done:  # noqa: ANN401 - the facts of Done
        return Done(event=command.event, created=tuple(self.records.created), **facts)


def told(timer: Timer) -> str:
    """What a timer is for, in words."""
    return " in ".join(part for part in (timer.task_name or timer.description, timer.project_name) if part)


def elapsed(timer: Timer, now: Instant) -> timedelta:
    """How long a timer has run."""
    end: datetime = timer.stop_time.ToDatetime(UTC) if timer.HasField("stop_time") else to_datetime(now)
    return end - timer.start_time.ToDatetime(UTC)


def _is_same(running: Timer, asked: Timer) -> bool:
    """Whether what is asked for runs already."""
    place = (running.project_id, running.task_id) == (asked.project_id or running.project_id, asked.task_id)
    return place and asked.description in ("", running.description)


_RUN: Mapping[str, Callable[[Commands, Command], Done]] = {
    "project.add": Commands.add_project,
    "project.close": Commands.close_project,
    "task.add": Commands.add_task,
    "task.close": Commands.close_task,
    "task.track": Commands.track,
    "task.stop": Commands.stop,
    "event.add": Commands.add_entry,
    "event.delete": Commands.delete_entry,
}
