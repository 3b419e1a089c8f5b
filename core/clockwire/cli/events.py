"""events: what happens, as it happens."""

import ipaddress
import json
from pathlib import Path

import click

from clockwire.client import Client, event_fields_of, event_start
from clockwire.v1.events_pb2 import Event

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def events() -> None:
    """Read the event log of a workspace."""


@events.command()
@click.option(
    "--server",
    default="127.0.0.1:50051",
    envvar="CLOCKWIRE_SERVER",
    metavar="HOST:PORT",
    help="The server to ask.  [CLOCKWIRE_SERVER; default: 127.0.0.1:50051]",
)
@click.option(
    "--api-key",
    required=True,
    envvar="CLOCKWIRE_API_KEY",
    metavar="KEY",
    help="A key with the scope events.read; better in the environment, where others do not see it.  "
    "[CLOCKWIRE_API_KEY]",
)
@click.option(
    "--workspace",
    default="",
    envvar="CLOCKWIRE_WORKSPACE",
    metavar="ID",
    help="Which workspace, for an operator's key.  [CLOCKWIRE_WORKSPACE]",
)
@click.option("--tls/--plaintext", default=None, help="Encrypt or not.  [default: TLS, but to this machine plaintext]")
@click.option("--ca", type=_FILE, envvar="CLOCKWIRE_CA", metavar="FILE", help="CAs to trust, PEM.  [CLOCKWIRE_CA]")
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
def tail(
    *,
    server: str,
    api_key: str,
    workspace: str,
    tls: bool | None,
    ca: Path | None,
    start: str,
    types: tuple[str, ...],
    follow: bool,
    as_json: bool,
) -> None:
    """Print events as they happen, one per line, until Ctrl-C.

    A server that restarts is waited for, and no event is missed meanwhile.
    """
    plaintext = not tls if tls is not None else ca is None and _is_here(server)
    try:
        client = Client(
            server,
            api_key=api_key,
            workspace_id=workspace,
            plaintext=plaintext,
            ca_pem=ca.read_text() if ca else "",
        )
        place = event_start(start)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with client:
        for count, batch in enumerate(client.watch_batches(place, event_types=types, follow=follow)):
            if not count and follow:
                click.echo(f"following the events of {server}", err=True)
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


def _is_here(server: str) -> bool:
    """Whether the server is on this machine, so that nobody listens in between."""
    host = server.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
