"""Which commands there are, and what is said when one cannot do its work."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from clockwire import __version__

_COMMANDS: Mapping[str, str] = {
    "serve": "clockwire.cli.running:serve",
    "dispatch": "clockwire.cli.running:dispatch",
    "migrate": "clockwire.cli.running:migrate",
    "workspace": "clockwire.cli.workspaces:workspace",
    "key": "clockwire.cli.keys:key",
    "events": "clockwire.cli.events:events",
    "timer": "clockwire.cli.timers:timer",
    "subscription": "clockwire.cli.subscriptions:subscription",
    "hook": "clockwire.cli.hooks:hook",
    "smoke-test": "clockwire.cli.smoke_test:smoke_test",
    "listen": "clockwire.cli.listening:listen",
    "sample": "clockwire.cli.samples:sample",
    "sign": "clockwire.cli.signatures:sign",
    "verify": "clockwire.cli.signatures:verify",
}


class _Program(click.Group):
    """Loads a command's module when it is named, so that `sign` does not wait for the server's parts."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="clockwire %(version)s")
def program() -> None:
    """Time-tracking events, from the clock to the pipeline.

    \b
    A first server, in three commands:
      WORKSPACE=$(clockwire workspace create "My company")
      export CLOCKWIRE_API_KEY=$(clockwire key create --workspace $WORKSPACE --scope all)
      clockwire serve
    and in another terminal, with the same key:
      clockwire events tail

    Every option that is a setting can also be given as a variable of the environment: --tls-cert FILE as
    CLOCKWIRE_TLS_CERT=FILE.
    """  # noqa: D301 - \b keeps click from filling the example


def main(args: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 it could not be done, 2 it was asked wrongly."""
    try:
        program(args, prog_name="clockwire")
    except Exception as error:
        sentence = _explained(error)
        if sentence is None:
            raise
        click.echo(f"clockwire: {sentence}", err=True)
        sys.exit(2 if type(error).__name__ == "SettingError" else 1)


def _explained(error: Exception) -> str | None:
    """What a person is told; None for what nobody foresaw, which shows where it happened."""
    if type(error).__name__ == "StoreUnavailable":
        cause = getattr(error.__cause__, "orig", error.__cause__)
        return f"{error}: {str(cause).splitlines()[0]}" if cause else str(error)
    names = {kind.__name__ for kind in type(error).__mro__}
    foreseen = {"ClockwireError", "SettingError", "SchemaError", "ListenError", "DispatchedElsewhere", "OSError"}
    return str(error) if names & foreseen else None
