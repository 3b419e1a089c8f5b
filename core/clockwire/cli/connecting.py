"""How a command reaches a server: the flags that say which one, with which key, and whom it may trust."""

import ipaddress
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from clockwire.client import Client

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FLAGS = (
    click.option(
        "--server",
        default="127.0.0.1:50051",
        envvar="CLOCKWIRE_SERVER",
        metavar="HOST:PORT",
        help="The server to ask.  [CLOCKWIRE_SERVER; default: 127.0.0.1:50051]",
    ),
    click.option(
        "--api-key",
        required=True,
        envvar="CLOCKWIRE_API_KEY",
        metavar="KEY",
        help="The key to ask with; better in the environment, where others do not see it.  [CLOCKWIRE_API_KEY]",
    ),
    click.option(
        "--workspace",
        default="",
        envvar="CLOCKWIRE_WORKSPACE",
        metavar="ID",
        help="Which workspace, for an operator's key.  [CLOCKWIRE_WORKSPACE]",
    ),
    click.option(
        "--tls/--plaintext", default=None, help="Encrypt or not.  [default: TLS, but to this machine plaintext]"
    ),
    click.option("--ca", type=_FILE, envvar="CLOCKWIRE_CA", metavar="FILE", help="CAs to trust, PEM.  [CLOCKWIRE_CA]"),
)


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the flags of a connection; it gets a `client`, which is closed when it ends."""

    @wraps(command)
    def run(*, server: str, api_key: str, workspace: str, tls: bool | None, ca: Path | None, **given: Any) -> None:  # noqa: ANN401 - the command's own
        plaintext = not tls if tls is not None else ca is None and _is_here(server)
        ca_pem = ca.read_text() if ca else ""
        try:
            client = Client(server, api_key=api_key, workspace_id=workspace, plaintext=plaintext, ca_pem=ca_pem)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        with client:
            command(client=client, **given)

    for flag in reversed(_FLAGS):
        run = flag(run)
    return run


def _is_here(server: str) -> bool:
    """Whether the server is on this machine, so that nobody listens in between."""
    host = server.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
