"""Which commands there are, with their options: the part of docs/reference/cli.md."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping

import click
from reference_tables import code, table

from clockwire.cli.program import program
from clockwire.settings import OPTIONS


def commands() -> str:
    """Every command, as its own help describes it."""
    return "\n".join(_section(name, command) for name, command in _leaves("clockwire", program))


def _leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for child in command.list_commands(context):
        found = command.get_command(context, child)
        if found is not None:
            yield from _leaves(f"{name} {child}", found)


def _section(name: str, command: click.Command) -> str:
    arguments = " ".join(each.make_metavar(click.Context(command)) for each in _arguments(command))
    options = [each for each in command.params if isinstance(each, click.Option)]
    usage = " ".join(part for part in (name, "[OPTIONS]" if options else "", arguments) if part)
    rows = [(code(_names(each)), _meaning(each)) for each in options]
    listed = table(("option", "meaning"), rows) if rows else ""
    return f"## {name}\n\n```\n{usage}\n```\n\n{_text(command)}\n\n{listed}"


def _arguments(command: click.Command) -> list[click.Argument]:
    return [each for each in command.params if isinstance(each, click.Argument) and each.metavar != ""]


def _text(command: click.Command) -> str:
    """The help, one sentence a line; what click must not rewrap is an example."""
    lines = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        mark, _, example = paragraph.partition("\n")
        if mark in {"\b", r"\b"}:
            lines.append(f"```\n{example}\n```")
        else:
            lines.append(re.sub(r"(?<=[.]) (?=[A-Z])", "\n", " ".join(paragraph.split())))
    return "\n\n".join(lines)


def _names(option: click.Option) -> str:
    names = "/".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {option.metavar}"


def _meaning(option: click.Option) -> str:
    setting = OPTIONS.get(option.name or "")
    if setting is not None and setting.flag in {*option.opts, "/".join([*option.opts, *option.secondary_opts])}:
        return f"{setting.meaning} See [settings](settings.md)."
    return option.help or ""


PARTS: Mapping[str, Callable[[], str]] = {"commands": commands}
