"""sign, verify: the signature headers of a webhook, made and checked by hand."""

import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from clockwire.cli.signing_secrets import needed_secrets, secret_options
from clockwire.model.identifiers import new_id
from clockwire.model.instants import SECOND, Instant, system_clock
from clockwire.model.signing import SignatureInvalid, signature_headers
from clockwire.model.signing import verify as verify_headers

_BODY = click.argument("body", type=click.File("rb"), default="-", metavar="[FILE]")


@click.command(short_help="Print the headers that sign a body.")
@_BODY
@secret_options
@click.option("--id", "event_id", default="", metavar="ID", help="The webhook-id.  [default: a new one]")
@click.option(
    "--time", "time_", metavar="TIME", help="When it is sent: seconds since 1970, or RFC 3339.  [default: now]"
)
def sign(
    body: BinaryIO, *, secrets: tuple[str, ...], secret_file: Path | None, event_id: str, time_: str | None
) -> None:
    """Print the headers that sign a body, one per line: the body is a FILE, or standard input.

    \b
    printf '{"event":"timelog.created"}' | clockwire sign --secret whsec_... > headers
    """  # noqa: D301 - \b keeps click from filling the example
    valid = needed_secrets(secrets, secret_file)
    if len(valid) > 2:
        message = "at most two secrets sign: the new one and the one that retires"
        raise click.UsageError(message)
    retiring = valid[1] if len(valid) > 1 else None
    when = _instant(time_)
    for name, value in signature_headers(
        event_id or new_id(when), when, body=body.read(), current=valid[0], retiring=retiring
    ):
        click.echo(f"{name}: {value}")


@click.command(short_help="Say whether a webhook is signed by who has the secret.")
@_BODY
@secret_options
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header that came with it.")
@click.option(
    "--headers", "headers_file", type=click.File("r"), metavar="FILE", help="A file with the headers, one in a line."
)
@click.option("--time", "time_", metavar="TIME", help="When it came: seconds since 1970, or RFC 3339.  [default: now]")
def verify(
    body: BinaryIO,
    *,
    secrets: tuple[str, ...],
    secret_file: Path | None,
    headers: tuple[str, ...],
    headers_file: TextIO | None,
    time_: str | None,
) -> None:
    """Say whether a webhook's headers prove that its body, a FILE or standard input, came from who has the secret.

    Checks webhook-signature (Standard Webhooks, also its time) if there is one, else X-ST-Webhook-Signature.
    Exits with 0 if they do, and with 1 if they do not.

    \b
    clockwire verify body.json --headers headers --secret whsec_...
    """  # noqa: D301 - \b keeps click from filling the example
    lines = [*headers, *(headers_file.read().splitlines() if headers_file else ())]
    try:
        verify_headers(
            dict(_header(line) for line in lines if line.strip()),
            body.read(),
            valid=needed_secrets(secrets, secret_file),
            now=_instant(time_),
        )
    except SignatureInvalid as problem:
        click.echo(f"not valid: {problem}", err=True)
        sys.exit(1)
    click.echo("valid")


def _instant(text: str | None) -> Instant:
    if text is None:
        return system_clock()
    if text.isascii() and text.isdigit():
        return int(text) * SECOND
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--time") from error
    if moment.tzinfo is None:
        message = "needs a zone: 2025-01-15T09:00:00Z"
        raise click.BadParameter(message, param_hint="--time")
    return round(moment.timestamp()) * SECOND


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        message = f"{line!r} is no header: NAME: VALUE"
        raise click.BadParameter(message, param_hint="--header")
    return name.strip(), value.strip()
