"""workspace: the tenants of a database."""

import click

from clockwire.cli.databases import opened, write
from clockwire.cli.flags import flags
from clockwire.cli.tables import show_table
from clockwire.model.instants import to_text
from clockwire.operations.workspaces import Changes, create_workspace
from clockwire.storage.workspaces import select_workspaces


@click.group(short_help="Make and list workspaces, the tenants.")
def workspace() -> None:
    """Make and list workspaces, the tenants: records, events and keys never cross from one to another."""


@workspace.command()
@click.argument("name")
@click.option("--time-zone", default="", metavar="ZONE", help="IANA name of its zone.  [default: UTC]")
@click.option("--currency", default="", metavar="CODE", help="ISO 4217 code of its currency.  [default: USD]")
@flags("database")
def create(name: str, *, time_zone: str, currency: str, database: str | None) -> None:
    """Make a workspace and print its id, and nothing else: WORKSPACE=$(clockwire workspace create NAME)."""
    changes: Changes = {
        "name": name,
        "time_zone": time_zone,
        "currency": currency,
        "event_retention": 0,
        "body_retention": 0,
    }
    with opened(database) as store:
        click.echo(write(store, "", lambda transaction: create_workspace(transaction, changes)).id)


@workspace.command("list")
@click.option("--show-deleted", is_flag=True, help="Also those that are marked for deletion.")
@flags("database")
def list_(*, show_deleted: bool, database: str | None) -> None:
    """List workspaces, oldest first."""
    with opened(database) as store, store.reading() as connection:
        found = select_workspaces(connection, show_deleted=show_deleted)
    show_table(
        ("ID", "NAME", "CREATED", "STATE"),
        [
            (each.id, each.name, to_text(each.create_time), "active" if each.delete_time is None else "deleted")
            for each in found
        ],
    )
