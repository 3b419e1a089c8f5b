"""hook: addresses at which other systems may do something here."""

from pathlib import Path

import click

from clockwire.cli.connecting import connected
from clockwire.cli.tables import show_table
from clockwire.client import Client
from clockwire.v1 import inbound_hook_service_pb2 as requests
from clockwire.v1.inbound_hook_service_pb2 import InboundHook

_ID = click.argument("hook_id", metavar="ID")
_SERVICES = [name.removeprefix("SERVICE_").lower() for name, number in InboundHook.Service.items() if number]
_STATES = {InboundHook.STATE_ENABLED: "on", InboundHook.STATE_DISABLED: "off"}


@click.group()
def hook() -> None:
    """Make, list, turn off and delete inbound hooks."""


@hook.command()
@connected
@click.argument("name")
@click.option(
    "--service",
    type=click.Choice(_SERVICES),
    default="generic",
    metavar="|".join(_SERVICES),
    help="Who sends, and so in what form.  [default: generic]",
)
@click.option("--user", default="", metavar="ID", help="For this user alone; else for the whole workspace.")
@click.option(
    "--command", "commands", multiple=True, metavar="COMMAND", help="What it may do. Repeatable.  [default: all]"
)
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file with the secret that requests are signed with: of Slack's app, of GitHub's webhook.",
)
def create(
    *, client: Client, name: str, service: str, user: str, commands: tuple[str, ...], secret_file: Path | None
) -> None:
    """Make a hook, and print its address below the server's HTTP port, and nothing else. It is not shown again.

    New tasks that are named without a project go to the project of the hook's own name.
    The key needs the scope hooks.write, and those of what the hook may do: records.write, timers.write.

    \b
    clockwire hook create "Door bell" --command task.track --command task.stop
    """  # noqa: D301 - \b keeps click from filling the example
    made = InboundHook(
        name=name, service=InboundHook.Service.Value(f"SERVICE_{service.upper()}"), user_id=user, commands=commands
    )
    secret = secret_file.read_text().strip() if secret_file else ""
    request = requests.CreateInboundHookRequest(inbound_hook=made, secret=secret)
    click.echo(client.inbound_hooks.CreateInboundHook(request).path)


@hook.command("list")
@connected
def list_(*, client: Client) -> None:
    """List hooks, oldest first. Their addresses are not known."""
    request = requests.ListInboundHooksRequest()
    pages = client.pages(client.inbound_hooks.ListInboundHooks, request)
    rows = [
        (each.id, each.name, _service(each), each.user_id or "all", " ".join(each.commands), _STATES[each.state])
        for page in pages
        for each in page.inbound_hooks
    ]
    show_table(("ID", "NAME", "SERVICE", "USER", "COMMANDS", "STATE"), rows)


@hook.command()
@connected
@_ID
def enable(*, client: Client, hook_id: str) -> None:
    """Turn a hook on."""
    client.inbound_hooks.EnableInboundHook(requests.EnableInboundHookRequest(inbound_hook_id=hook_id))
    click.echo(f"on {hook_id}")


@hook.command()
@connected
@_ID
def disable(*, client: Client, hook_id: str) -> None:
    """Turn a hook off: its address is answered as if there were none."""
    client.inbound_hooks.DisableInboundHook(requests.DisableInboundHookRequest(inbound_hook_id=hook_id))
    click.echo(f"off {hook_id}")


@hook.command("reset-token")
@connected
@_ID
def reset_token(*, client: Client, hook_id: str) -> None:
    """Give a hook a new token, and print its new address. The old one ends at once."""
    request = requests.ResetInboundHookTokenRequest(inbound_hook_id=hook_id)
    click.echo(client.inbound_hooks.ResetInboundHookToken(request).path)


@hook.command()
@connected
@_ID
def delete(*, client: Client, hook_id: str) -> None:
    """Delete a hook for good. What it has done stays."""
    client.inbound_hooks.DeleteInboundHook(requests.DeleteInboundHookRequest(inbound_hook_id=hook_id))
    click.echo(f"deleted {hook_id}")


def _service(each: InboundHook) -> str:
    return InboundHook.Service.Name(each.service).removeprefix("SERVICE_").lower()
