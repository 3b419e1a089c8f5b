"""Where commands find the secrets that sign webhooks: an option, a file, or the environment. None prints one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from clockwire.model.signing import Secret

VARIABLE = "CLOCKWIRE_SIGNING_SECRET"

Command = TypeVar("Command", bound=Callable[..., Any])

_SECRET = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="SECRET",
    help='The signing secret, "whsec_..." or any text; better in the environment, where others do not see it. '
    f"While one is rotated: the new one first, then the old one.  [{VARIABLE}]",
)
_SECRET_FILE = click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file with the secret, or with several, one in a line.",
)


def secret_options(command: Command) -> Command:
    """Gives a command the options --secret and --secret-file; it hands what it gets to `found_secrets`."""
    return _SECRET(_SECRET_FILE(command))


def given_secrets(given: tuple[str, ...], file: Path | None) -> list[Secret]:
    """The secrets of the options alone."""
    lines = file.read_text().splitlines() if file else ()
    return _secrets(*given, *(line.strip() for line in lines if line.strip()))


def found_secrets(given: tuple[str, ...], file: Path | None) -> list[Secret]:
    """The secrets of the options, else that of the environment, else none."""
    known = os.environ.get(VARIABLE)
    return given_secrets(given, file) or (_secrets(known) if known else [])


def needed_secrets(given: tuple[str, ...], file: Path | None) -> list[Secret]:
    """As `found_secrets`, for commands that can do nothing without one."""
    found = found_secrets(given, file)
    if not found:
        message = f"a secret is needed: --secret, --secret-file or {VARIABLE}"
        raise click.UsageError(message)
    return found


def _secrets(*texts: str) -> list[Secret]:
    try:
        return [Secret(text) for text in texts]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
