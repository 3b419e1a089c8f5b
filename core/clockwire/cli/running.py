"""serve, dispatch, migrate: what runs, and what must be done before it can.

The server is imported when it is started, not before: help, and what is asked wrongly, need not wait for it.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import click
import structlog

from clockwire.cli.flags import flags, settings_of, unknown_variables
from clockwire.cli.progress import waiting
from clockwire.garbage import collect_garbage_rarely
from clockwire.logs import configure_logs
from clockwire.settings import OPTIONS, Settings

if TYPE_CHECKING:
    from clockwire.server import Addresses

log = structlog.get_logger(__name__)


@click.command()
@flags(*OPTIONS)
def serve(**given: Any) -> None:  # noqa: ANN401
    """Answer gRPC calls, and HTTP requests if --http says where, and send webhooks, until SIGTERM or Ctrl-C.

    Prints "listening on HOST:PORT" when it is ready, and "http listening on HOST:PORT" if there is HTTP; with --no-grpc
    only that. Its log goes to standard error. A new SQLite file or an
    empty PostgreSQL database gets its tables now, and an older SQLite file is brought up to date.

    When it is told to stop it drains: open streams end with UNAVAILABLE and a hint to come back, calls in flight
    finish, and then it exits with 0.
    """
    settings = settings_of(**given)
    from clockwire import server

    _run(settings, server.serve(settings, _say_listening))


@click.command(short_help="Send webhooks, and nothing else.")
@flags("database", "allow_target", "secret_key_file", "drain_timeout", "log_level", "log_format")
def dispatch(**given: Any) -> None:  # noqa: ANN401
    """Send webhooks, and nothing else: beside servers that run with --no-dispatch.

    Any number may run on one PostgreSQL database, and one on a SQLite file. Prints "dispatching" when it is ready.
    """
    settings = settings_of(**given)
    from clockwire import server

    _run(settings, server.dispatch(settings, lambda: click.echo("dispatching")))


@click.command()
@flags("database")
@click.option(
    "--restored",
    is_flag=True,
    help="The database was restored from a backup: cursors given out before are refused from now on, because what "
    "readers saw after the backup is gone, and its place in the log will be taken by other events.",
)
def migrate(database: str | None, *, restored: bool) -> None:
    """Bring the tables of a database up to date.

    Do it after an upgrade, with the servers of a PostgreSQL database stopped. Two at once are no harm. A database of a
    newer Clockwire is refused.
    """
    from clockwire.cli.databases import opened
    from clockwire.operations.workspaces import renew_epoch
    from clockwire.storage import schema
    from clockwire.storage.workspaces import select_workspaces

    with opened(database, prepare=False) as store:
        with waiting("bringing the tables up to date"):
            migrated = schema.migrate(store)
        click.echo("migrated" if migrated else "up to date")
        if restored:
            with store.writing() as connection:
                for workspace in select_workspaces(connection, show_deleted=True):
                    renew_epoch(connection, workspace.id)
            click.echo("cursors renewed")


def _run(settings: Settings, work: Coroutine[Any, Any, None]) -> None:
    import uvloop

    configure_logs(settings.log_level, settings.log_format)
    for name in unknown_variables():
        log.warning("unknown setting in the environment", variable=name)
    collect_garbage_rarely()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _say_listening(addresses: "Addresses") -> None:
    if addresses.grpc:
        click.echo(f"listening on {addresses.grpc}")
    if addresses.http:
        click.echo(f"http listening on {addresses.http}")
