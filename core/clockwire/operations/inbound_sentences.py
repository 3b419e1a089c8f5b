"""What came of a command, in a sentence that a person likes to read."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from clockwire.model.instants import Instant
from clockwire.operations.inbound_commands import Done, elapsed
from clockwire.v1.timers_pb2 import Timer

#: How a name is set off from the sentence around it.
Mark = Callable[[str], str]


def sentence(done: Done, now: Instant, mark: Mark = str) -> str:
    """What was done, as it is told to whoever asked for it."""
    return _TELL[done.event](done, now, mark)


def status_sentence(timer: Timer | None, now: Instant, mark: Mark = str) -> str:
    """What runs."""
    if timer is None:
        return "Nothing is being tracked."
    return f"Tracking {what(timer, mark)} for {clock(elapsed(timer, now))}."


def what(timer: Timer, mark: Mark) -> str:
    """What a timer is for."""
    named = [name for name in (timer.task_name or timer.description, timer.project_name) if name]
    return " in ".join(mark(name) for name in named) or "time"


def clock(length: timedelta) -> str:
    """Hours and minutes, "1:05"; below an hour in minutes, "5 min"."""
    minutes = max(int(length.total_seconds()), 0) // 60
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes} min"


def _project_added(done: Done, _now: Instant, mark: Mark) -> str:
    name = mark(_project(done))
    return f"There is a project {name} already." if done.unchanged else f"Added the project {name}."


def _project_closed(done: Done, _now: Instant, mark: Mark) -> str:
    return f"The project {mark(_project(done))} {'was closed already' if done.unchanged else 'is closed'}."


def _task_added(done: Done, _now: Instant, mark: Mark) -> str:
    place = f"{mark(_task(done))} in {mark(_project(done))}"
    return f"There is a task {place} already." if done.unchanged else f"Added the task {place}."


def _task_closed(done: Done, _now: Instant, mark: Mark) -> str:
    return f"The task {mark(_task(done))} {'was closed already' if done.unchanged else 'is closed'}."


def _tracking(done: Done, now: Instant, mark: Mark) -> str:
    assert done.timer is not None
    place = what(done.timer, mark)
    if done.unchanged:
        return f"You are tracking {place} already, for {clock(elapsed(done.timer, now))}."
    told = [f"Tracking {place}."]
    if done.created:
        told.append(f"The {' and the '.join(done.created)} {'is' if len(done.created) == 1 else 'are'} new.")
    if done.stopped is not None:
        told.append(_stopped_timer(done.stopped, mark))
    return " ".join(told)


def _stopped(done: Done, _now: Instant, mark: Mark) -> str:
    assert done.timer is not None
    return _stopped_timer(done.timer, mark)


def _stopped_timer(timer: Timer, mark: Mark) -> str:
    return f"Stopped {what(timer, mark)} after {clock(timer.duration.ToTimedelta())}."


def _entry_added(done: Done, _now: Instant, mark: Mark) -> str:
    assert done.time_log is not None
    log = done.time_log.time_log
    named = [name for name in (log.task_name or log.description, log.project_name) if name]
    place = " in ".join(mark(name) for name in named)
    return f"Added {clock(log.duration.ToTimedelta())}{' for ' if place else ''}{place}."


def _entry_deleted(_done: Done, _now: Instant, _mark: Mark) -> str:
    return "The time entry is deleted."


def _project(done: Done) -> str:
    return done.project.project.project_name if done.project else ""


def _task(done: Done) -> str:
    return done.task.task.task_name if done.task else ""


_TELL: Mapping[str, Callable[[Done, Instant, Mark], str]] = {
    "project.add": _project_added,
    "project.close": _project_closed,
    "task.add": _task_added,
    "task.close": _task_closed,
    "task.track": _tracking,
    "task.stop": _stopped,
    "event.add": _entry_added,
    "event.delete": _entry_deleted,
}
