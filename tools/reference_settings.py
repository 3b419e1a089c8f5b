"""What can be set, and by which flag or variable: the parts of docs/reference/settings.md."""

from collections.abc import Callable, Mapping

import click
from reference_tables import code, table

from clockwire.cli.flags import OTHER_VARIABLES
from clockwire.cli.program import program
from clockwire.settings import OPTIONS


def settings() -> str:
    """Every setting of the server."""
    return table(
        ("flag", "variable", "default", "meaning"),
        (
            (
                code(f"{option.flag} {option.value}".strip() if option.flag else ""),
                code(option.variable),
                code(option.default),
                option.meaning,
            )
            for option in OPTIONS.values()
        ),
    )


def variables() -> str:
    """Variables that commands read and the server does not."""
    meanings = {each.envvar: _meaning(each) for each in _options_of_commands() if each.envvar in OTHER_VARIABLES}
    meanings |= {"CLOCKWIRE_SIGNING_SECRET": "The secret of `clockwire sign` and `clockwire verify`."}
    return table(("variable", "meaning"), ((code(name), meanings[name]) for name in sorted(OTHER_VARIABLES)))


def _options_of_commands() -> list[click.Option]:
    found: list[click.Option] = []
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        commands = command.commands.values() if isinstance(command, click.Group) else [command]
        found += [each for one in commands if one for each in one.params if isinstance(each, click.Option)]
    return found


def _meaning(option: click.Option) -> str:
    return (option.help or "").partition("  [")[0]


PARTS: Mapping[str, Callable[[], str]] = {"settings": settings, "variables": variables}
