"""What can be done through an inbound hook, and how a request says it: a command, and the fields that each one takes.

The eight commands are TrackingTime's incoming events
(https://help.trackingtime.co/article/146-setting-webhooks-in-tracking-time); their names and fields are those of its
API, where time entries are called events.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.values.text import check_text

_WRITES, _TRACKS = frozenset({"records.write"}), frozenset({"records.write", "timers.write"})
_PROJECT = ("project_id", "project_name", "project_external_id")
_TASK = ("task_id", "task_name", "task_external_id")
_WHEN = ("date", "timezone")

#: Each command, and its fields beside `event`.
COMMANDS: Mapping[str, Sequence[str]] = {
    "project.add": ("project_name", "project_external_id", "notes"),
    "project.close": _PROJECT,
    "task.add": ("task_name", "task_external_id", *_PROJECT, "notes"),
    "task.close": (*_TASK, *_PROJECT),
    "task.track": (*_TASK, *_PROJECT, "user", *_WHEN, "notes", "tags", "stop_running_task"),
    "task.stop": (*_TASK, *_PROJECT, "user", *_WHEN, "notes"),
    "event.add": (
        *_TASK,
        *_PROJECT,
        "user",
        *_WHEN,
        "start",
        "end",
        "duration",
        "notes",
        "tags",
        "billable",
        "event_external_id",
    ),
    "event.delete": ("event_id", "event_external_id"),
}
#: What a key must be allowed to do itself to hand each command on. Who tracks or stops also makes tasks and time logs.
SCOPES_OF: Mapping[str, frozenset[str]] = {
    command: _TRACKS if command in {"task.track", "task.stop"} else _WRITES for command in COMMANDS
}

#: Of a project, a task or a person, as a request may name them.
LONGEST_NAME = 200

_LONGEST_TEXT = 10_000
_MOST_TAGS = 50
_LONGEST_ENTRY = 24 * 3_600
_ALIASES = {"user_id": "user", "user_name": "user", "user_email": "user"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which record is meant: by its id, its external id or its name; by nothing if none is."""

    id: str = ""
    external_id: str = ""
    name: str = ""

    def __bool__(self) -> bool:
        return bool(self.id or self.external_id or self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is to be done, with what was said of it. Times are as they were written: their zone may be the user's."""

    event: str
    project: Which = Which()
    task: Which = Which()
    entry: Which = Which()
    #: The id, mail address or name of a user.
    user: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    date: str = ""
    timezone: str = ""
    start: str = ""
    end: str = ""
    #: In seconds; 0: not said.
    duration: int = 0
    billable: bool | None = None
    stop_running_task: bool = True


def read_command(said: Mapping[str, Any], allowed: Sequence[str]) -> Command:
    """The command that a request holds; *allowed*: those of its hook. FieldInvalid names all that is wrong."""
    event = _event(said, allowed)
    fields = {_ALIASES.get(name, name): value for name, value in said.items() if name != "event"}
    values: dict[str, Any] = {}
    violations = [*_unknown(event, fields), *_twice(said)]
    for name in COMMANDS[event]:
        if fields.get(name) in (None, ""):
            continue
        try:
            values[name] = _CHECKS[name](name, fields[name])
        except FieldInvalid as error:
            violations += error.violations
    if violations:
        raise FieldInvalid(*violations[:20])
    return _command(event, values)


def _event(said: Mapping[str, Any], allowed: Sequence[str]) -> str:
    event = said.get("event")
    if event is None and len(allowed) == 1:
        return allowed[0]
    if not isinstance(event, str) or event not in COMMANDS:
        shown = "is needed" if event is None else f"{str(event)[:60]!r} is no command"
        raise FieldInvalid.of("event", f"{shown}: this hook takes {', '.join(allowed)}")
    if event not in allowed:
        raise FieldInvalid.of("event", f"{event} is not for this hook: it takes {', '.join(allowed)}")
    return event


def _unknown(event: str, fields: Mapping[str, Any]) -> Iterator[Violation]:
    for name in fields:
        if name not in COMMANDS[event]:
            known = ", ".join(COMMANDS[event])
            yield Violation(name[:60], f"is no field of {event}, which has {known}")


def _twice(said: Mapping[str, Any]) -> Iterator[Violation]:
    users = [name for name in said if _ALIASES.get(name, name) == "user"]
    if len(users) > 1:
        yield Violation(users[1], f"says what {users[0]} says: one of them is enough")


def _command(event: str, values: Mapping[str, Any]) -> Command:
    plain = {name: values[name] for name in Command.__dataclass_fields__ if name in values}
    return Command(
        event=event,
        project=_which("project", values),
        task=_which("task", values),
        entry=_which("event", values),
        **plain,
    )


def _which(kind: str, values: Mapping[str, Any]) -> Which:
    return Which(
        id=values.get(f"{kind}_id", ""),
        external_id=values.get(f"{kind}_external_id", ""),
        name=values.get(f"{kind}_name", ""),
    )


def _text(longest: int) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:  # noqa: ANN401 - whatever was sent
        if not isinstance(value, str):
            raise FieldInvalid.of(name, "must be a text")
        return check_text(name, value.strip(), longest, minimum=1)

    return check


def _tags(name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever was sent
    """A list, or a text with commas."""
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list) or len(listed) > _MOST_TAGS:
        raise FieldInvalid.of(name, f"must be a list of at most {_MOST_TAGS} texts, or one text with commas")
    return tuple(_text(64)(name, each) for each in listed)


def _seconds(name: str, value: Any) -> int:  # noqa: ANN401 - whatever was sent
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 0 < int(text) <= _LONGEST_ENTRY):
        raise FieldInvalid.of(name, f"must be a whole number of seconds from 1 to {_LONGEST_ENTRY}")
    return int(text)


def _truth(name: str, value: Any) -> bool:  # noqa: ANN401 - whatever was sent
    known = {"true": True, "false": False}.get(str(value).lower())
    if known is None:
        raise FieldInvalid.of(name, "must be true or false")
    return known


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("project_id", "task_id", "event_id"), _text(64)),
    **dict.fromkeys(("project_external_id", "task_external_id", "event_external_id"), _text(LONGEST_NAME)),
    **dict.fromkeys(("project_name", "task_name", "user"), _text(LONGEST_NAME)),
    **dict.fromkeys(("date", "timezone", "start", "end"), _text(64)),
    "notes": _text(_LONGEST_TEXT),
    "tags": _tags,
    "duration": _seconds,
    "billable": _truth,
    "stop_running_task": _truth,
}
