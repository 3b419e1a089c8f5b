"""events: what happens, as it happens."""

import json

import click

from clockwire.cli.connecting import connected
from clockwire.client import Client, event_fields_of, event_start
from clockwire.v1.events_pb2 import Event


@click.group()
def events() -> None:
    """Read the event log of a workspace."""


@events.command()
@connected
@click.option(
    "--from",
    "start",
    default="latest",
    metavar="PLACE",
    help="Where to begin: earliest, latest, a cursor, or a time such as 2025-01-15T09:00:00Z.  [default: latest]",
)
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help="Only these: timelog.*, project.created. Repeatable."
)
@click.option("--follow/--no-follow", default=True, help="Go on with what comes, or end at the head.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, with the cursor after the event.")
def tail(*, client: Client, start: str, types: tuple[str, ...], follow: bool, as_json: bool) -> None:
    """Print events as they happen, one per line, until Ctrl-C. The key needs the scope events.read.

    A server that restarts is waited for, and no event is missed meanwhile.
    """
    try:
        place = event_start(start)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for count, batch in enumerate(client.watch_batches(place, event_types=types, follow=follow)):
        if not count and follow:
            click.echo(f"following the events of {client.session.target}", err=True)
        for event in batch.events:
            click.echo(_as_json(event) if as_json else _as_text(event))


def _as_json(event: Event) -> str:
    return json.dumps(event_fields_of(event), default=str, ensure_ascii=False)


def _as_text(event: Event) -> str:
    """When, what, which, by whom; and what changed, if it was an update."""
    when = event.commit_time.ToJsonString()
    parts = [when, event.type.ljust(20), event.record_id, f"v{event.version}", f"by {event.actor.display_name}"]
    if event.changed_paths.paths:
        parts.append("changed " + ", ".join(event.changed_paths.paths))
    return "  ".join(parts)
