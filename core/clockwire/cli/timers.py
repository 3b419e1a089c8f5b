"""timer: start and stop the clock."""

import sys
from datetime import timedelta
from typing import NoReturn

import click
from click.core import ParameterSource

from clockwire.cli.connecting import connected
from clockwire.cli.tables import one_line, show_table
from clockwire.client import Client
from clockwire.model.identifiers import is_id
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timer_service_pb2 import DiscardTimerRequest, ListTimersRequest

_LONGEST_PART = 80
_OPEN = 'AND status != "Closed"'
_USER = click.option(
    "--user",
    envvar="CLOCKWIRE_USER",
    metavar="WHO",
    help="Whose timer: the id, mail address or name of a user.  [CLOCKWIRE_USER]",
)
_AT = click.option("--at", metavar="TIME", help="When, if not now: 2025-01-15T09:00:00Z.")
_ID = click.argument("timer_id", required=False, metavar="[ID]")


@click.group()
def timer() -> None:
    """Start and stop timers, and see which run."""


@timer.command()
@connected
@_USER
@click.option("--project", metavar="WHICH", help="What for: the id or name of a project.")
@click.option("--task", metavar="WHICH", help="The id or name of a task; its project follows.")
@click.option("--description", metavar="TEXT", help="What is being done.")
@click.option("--tag", "tags", multiple=True, metavar="NAME", help="A label. Repeatable.")
@_AT
@click.option("--switch", is_flag=True, help="Stop the timer that runs, if there is one, and write its time log.")
def start(
    *,
    client: Client,
    user: str | None,
    project: str | None,
    task: str | None,
    description: str | None,
    tags: tuple[str, ...],
    at: str | None,
    switch: bool,
) -> None:
    """Start a timer, and print its id.

    A user has one that runs: with --switch it is stopped first, else the start is refused. The key needs the scope
    timers.write, and records.read to look names up.

    \b
    export CLOCKWIRE_USER=ada@example.com
    clockwire timer start --task "Paint the wall" --description "second coat"
    """  # noqa: D301 - \b keeps click from filling the example
    project_id = _id(client, "project", project, f'project_name = "{{}}" {_OPEN}')
    in_project = f'AND project_id = "{project_id}"' if project_id else ""
    task_id = _id(client, "task", task, f'task_name = "{{}}" {_OPEN} {in_project}')
    try:
        started = client.start_timer(
            _user_id(client, user),
            stop_running=switch,
            project_id=project_id,
            task_id=task_id,
            description=description,
            tags=tags,
            start_time=at,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if started.HasField("stopped_time_log"):
        log = started.stopped_time_log
        click.echo(f"stopped after {_length(log.time_log.duration.ToTimedelta())}: {_what(log.time_log)}", err=True)
    click.echo(started.timer.id)


@timer.command()
@connected
@_ID
@_USER
@_AT
@click.option("--description", default="", metavar="TEXT", help="What was done, instead of what the timer says.")
def stop(*, client: Client, timer_id: str | None, user: str | None, at: str | None, description: str) -> None:
    """Stop a timer, by its ID or that of a user; print the id of its time log, and how long it ran.

    The time log has the timer's id. Work that ended a while ago is stopped --at its end, which must be within 24 hours
    of the start. The key needs the scope timers.write, and records.read to look a name up.
    """
    user_id = _target_user_id(client, timer_id, user)
    try:
        stopped = client.stop_timer(timer_id or "", user_id=user_id, stop_time=at, description=description)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{stopped.timer.id}  {_length(stopped.timer.duration.ToTimedelta())}  {_what(stopped.timer)}".rstrip())


@timer.command()
@connected
@_ID
@_USER
def discard(*, client: Client, timer_id: str | None, user: str | None) -> None:
    """Throw a running timer away, by its ID or that of a user: there will be no time log of it."""
    user_id = _target_user_id(client, timer_id, user)
    target = DiscardTimerRequest(timer_id=timer_id) if timer_id else DiscardTimerRequest(user_id=user_id)
    discarded = client.timers.DiscardTimer(target).timer
    click.echo(f"discarded {discarded.id}")


@timer.command()
@connected
@_USER
def status(*, client: Client, user: str | None) -> None:
    """List the timers that run, of one user or of all, oldest start first. Exits with 1 if there are none.

    The key needs the scope timers.read, and records.read to look a name up.
    """
    request = ListTimersRequest(user_ids=[_user_id(client, user)] if user else [])
    running = [each for page in client.pages(client.timers.ListTimers, request) for each in page.timers]
    if not running:
        click.echo("no timer runs", err=True)
        sys.exit(1)
    rows = [(each.id, each.user_name, each.start_time.ToJsonString(), _what(each)) for each in running]
    show_table(("ID", "USER", "SINCE", "WHAT"), rows)


def _target_user_id(client: Client, timer_id: str | None, user: str | None) -> str:
    """Whose timer is meant; empty if an id says which."""
    if not timer_id:
        return _user_id(client, user)
    if click.get_current_context().get_parameter_source("user") is ParameterSource.COMMANDLINE:
        message = "an ID or --user, not both"
        raise click.UsageError(message)
    return ""


def _user_id(client: Client, user: str | None) -> str:
    if not user:
        message = "--user, or CLOCKWIRE_USER, is needed"
        raise click.UsageError(message)
    return _id(client, "user", user, 'user_name = "{0}" OR email = "{0}"') or _refuse("user", user, 0)


def _id(client: Client, noun: str, text: str | None, condition: str) -> str:
    """The id of the one record that is called so; a text that is an id is taken at its word. Empty for no text."""
    if not text or is_id(text):
        return text or ""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
    found: list[Record] = [*client.list(noun, filter=condition.format(quoted))]
    return found[0].id if len(found) == 1 else _refuse(noun, text, len(found))


def _refuse(noun: str, text: str, count: int) -> NoReturn:
    if count:
        message = f"{count} {noun}s are called {text!r}: name one by its id"
    else:
        message = f"no {noun} is called {text!r}" + (", or it is closed" if noun != "user" else "")
    raise click.ClickException(message)


def _what(worked: object) -> str:
    """What is being done, in words and on one line: of a timer or a time log."""
    parts = [getattr(worked, name) for name in ("project_name", "task_name", "description")]
    return ", ".join(one_line(part, longest=_LONGEST_PART) for part in parts if part)


def _length(length: timedelta) -> str:
    """Hours, minutes and seconds, "1:30:00"; parts of a second are left out."""
    seconds = int(length.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
