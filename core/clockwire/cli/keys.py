"""key: who may call, and what for."""

import re
from collections.abc import Sequence
from datetime import timedelta

import click

from clockwire.cli.databases import opened, write
from clockwire.cli.flags import flags
from clockwire.cli.tables import show_table
from clockwire.model.api_key import OPERATOR, SCOPES, ApiKey
from clockwire.model.errors import ResourceNotFound
from clockwire.model.instants import Instant, micros, system_clock, to_text
from clockwire.operations.api_keys import create_api_key, create_operator_key, list_api_keys, revoke_api_key
from clockwire.storage.api_keys import find_key_anywhere
from clockwire.storage.database import Database
from clockwire.storage.workspaces import find_workspace

_MANY = 100_000


@click.group()
def key() -> None:
    """Make, list and revoke API keys."""


@key.command()
@click.option("--workspace", default="", metavar="ID", help="The workspace it is for; none for an operator's key.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="SCOPE...",
    help=f"What it may do: {', '.join(SCOPES)}; all of these with `all`. The scope `{OPERATOR}` may do everything in "
    "every workspace. Several stand after one --scope, or after one each.",
)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--name", default="", metavar="NAME", help="What it is called in lists and events.  [default: its scopes]"
)
@click.option("--expires-in", type=click.FloatRange(min=0, min_open=True), metavar="DAYS", help="When it ends.")
@flags("database")
def create(
    *,
    workspace: str,
    scopes: Sequence[str],
    more: Sequence[str],
    name: str,
    expires_in: float | None,
    database: str | None,
) -> None:
    """Make a key and print its text, and nothing else. It is not stored and cannot be shown again.

    \b
    KEY=$(clockwire key create --workspace $WORKSPACE --scope records.read events.read)
    """  # noqa: D301 - \b keeps click from filling the example
    wanted = _scopes([*scopes, *more])
    called = name or ("all scopes" if wanted == frozenset(SCOPES) else ", ".join(sorted(wanted)))[:100]
    expire_time = None if expires_in is None else system_clock() + micros(timedelta(days=expires_in))
    with opened(database) as store:
        click.echo(_made(store, workspace, called, scopes=wanted, expire_time=expire_time))


@key.command("list")
@click.option("--workspace", default="", metavar="ID", help="Whose keys; without it, the keys of operators.")
@click.option("--show-ended", is_flag=True, help="Also revoked and expired ones.")
@flags("database")
def list_(*, workspace: str, show_ended: bool, database: str | None) -> None:
    """List keys, oldest first. Their texts are not known."""
    now = system_clock()
    with opened(database) as store:
        _check_workspace(store, workspace)
        with store.reading() as connection:
            found = list_api_keys(connection, workspace, limit=_MANY, active_at=None if show_ended else now)
    show_table(
        ("ID", "PREFIX", "NAME", "SCOPES", "LAST USED", "STATE"),
        [(each.id, each.prefix, each.name, _all(each), _time(each.last_use_time), _state(each, now)) for each in found],
    )


@key.command()
@click.argument("key_id")
@flags("database")
def revoke(key_id: str, *, database: str | None) -> None:
    """End a key for good, within 5 seconds on all servers."""
    with opened(database) as store:
        with store.reading() as connection:
            found = find_key_anywhere(connection, key_id)
        if found is None:
            raise ResourceNotFound("API key", key_id)
        write(store, found.workspace_id, lambda transaction: revoke_api_key(transaction, key_id))
    click.echo(f"revoked {key_id}")


def _scopes(words: Sequence[str]) -> frozenset[str]:
    wanted = {word for text in words for word in re.split(r"[\s,]+", text) if word}
    unknown = sorted(wanted - {*SCOPES, OPERATOR, "all"})
    if unknown:
        message = f"{unknown[0]!r} is no scope; there are {', '.join(SCOPES)}, all and {OPERATOR}"
        raise click.BadParameter(message, param_hint="--scope")
    return frozenset(wanted - {"all"}) | (frozenset(SCOPES) if "all" in wanted else frozenset())


def _made(store: Database, workspace: str, name: str, *, scopes: frozenset[str], expire_time: Instant | None) -> str:
    """The text of the new key."""
    if OPERATOR in scopes:
        if workspace or scopes != {OPERATOR}:
            message = f"`{OPERATOR}` stands alone: such a key has every scope, in every workspace"
            raise click.UsageError(message)
        issued = write(store, "", lambda each: create_operator_key(each, name, expire_time=expire_time))
        return issued.text
    if not workspace:
        message = "--workspace is needed; `clockwire workspace list` shows the ids"
        raise click.UsageError(message)
    _check_workspace(store, workspace)
    return write(store, workspace, lambda each: create_api_key(each, name, scopes, expire_time=expire_time)).text


def _check_workspace(store: Database, workspace: str) -> None:
    with store.reading() as connection:
        found = find_workspace(connection, workspace) if workspace else None
    if workspace and (found is None or found.delete_time is not None):
        raise ResourceNotFound("workspace", workspace)


def _all(key_: ApiKey) -> str:
    return "all" if key_.scopes == frozenset(SCOPES) else " ".join(sorted(key_.scopes))


def _time(instant: Instant | None) -> str:
    return "never" if instant is None else to_text(instant)


def _state(key_: ApiKey, now: Instant) -> str:
    if key_.revoke_time is not None:
        return "revoked"
    if key_.ended(now):
        return "expired"
    return "active" if key_.expire_time is None else f"until {to_text(key_.expire_time)}"
