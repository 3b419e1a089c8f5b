"""sign, verify: the signature headers of a webhook, made and checked by hand."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from clockwire.model.identifiers import new_id
from clockwire.model.instants import SECOND, Instant, system_clock
from clockwire.model.signing import Secret, SignatureInvalid, signature_headers
from clockwire.model.signing import verify as verify_headers

_BODY = click.argument("body", type=click.File("rb"), default="-", metavar="[FILE]")
_SECRET = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="SECRET",
    help='The signing secret, "whsec_..." or any text; better in the environment, where others do not see it. '
    "While one is rotated: the new one first, then the old one.  [CLOCKWIRE_SIGNING_SECRET]",
)
_SECRET_FILE = click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file with the secret, or with several, one in a line.",
)


@click.command(short_help="Print the headers that sign a body.")
@_BODY
@_SECRET
@_SECRET_FILE
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
    valid = _secrets(secrets, secret_file)
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
@_SECRET
@_SECRET_FILE
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
            valid=_secrets(secrets, secret_file),
            now=_instant(time_),
        )
    except SignatureInvalid as problem:
        click.echo(f"not valid: {problem}", err=True)
        sys.exit(1)
    click.echo("valid")


def _secrets(given: tuple[str, ...], file: Path | None) -> list[Secret]:
    lines = file.read_text().splitlines() if file else ()
    texts = [*given, *(line.strip() for line in lines if line.strip())]
    if not texts and (known := os.environ.get("CLOCKWIRE_SIGNING_SECRET")):
        texts = [known]
    if not texts:
        message = "a secret is needed: --secret, --secret-file or CLOCKWIRE_SIGNING_SECRET"
        raise click.UsageError(message)
    try:
        return [Secret(text) for text in texts]
    except ValueError as error:
        raise click.UsageError(str(error)) from error


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
