"""listen: what arrives, shown and verified."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from clockwire.cli.catching import Catcher, Caught, Reply
from clockwire.cli.forwarding import check_url, forward
from clockwire.cli.signing_secrets import found_secrets, secret_options
from clockwire.cli.verdicts import Verdicts, verdicts_of
from clockwire.model.instants import to_text
from clockwire.model.signing import Secret
from clockwire.settings import Address

_MARKED = re.compile(r'"\\u0000([-+.0-9eE]+)\\u0000"')
_HELLO = b"clockwire listen: webhooks come by POST\n"


@dataclass(frozen=True, slots=True)
class Listener:
    """How a request is judged and answered."""

    valid: list[Secret]
    status: int
    forward_url: str

    def verdicts(self, caught: Caught) -> Verdicts:
        """What its signatures proved when it came."""
        return verdicts_of(dict(caught.headers), caught.body, valid=self.valid, now=caught.time)

    def answer(self, caught: Caught) -> Reply:
        """401 to what is not signed by the secret, as a careful receiver does; else what was asked for."""
        if caught.method in {"GET", "HEAD"}:
            return Reply(HTTPStatus.OK, _HELLO, "text/plain; charset=utf-8")
        if self.valid and not self.verdicts(caught).believed:
            return Reply(HTTPStatus.UNAUTHORIZED)
        return forward(caught, self.forward_url) if self.forward_url else Reply(self.status)


@click.command(short_help="Show and verify the webhooks that arrive at this machine.")
@click.option(
    "--listen",
    "address",
    default="127.0.0.1:8400",
    metavar="HOST:PORT",
    help="Where they come in. Port 0 picks a free one.  [default: 127.0.0.1:8400]",
)
@secret_options
@click.option("--forward", "forward_url", default="", metavar="URL", help="Send them on, and answer what it answers.")
@click.option(
    "--status",
    type=click.IntRange(200, 599),
    default=HTTPStatus.NO_CONTENT.value,
    metavar="CODE",
    help="Answer with this status, to see what the sender makes of it.  [default: 204]",
)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after so many.  [default: until Ctrl-C]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def listen(
    *,
    address: str,
    secrets: tuple[str, ...],
    secret_file: Path | None,
    forward_url: str,
    status: int,
    count: int | None,
    as_json: bool,
) -> None:
    """Show what arrives: headers, body, and whether its signatures hold, until Ctrl-C.

    With a secret both signatures are verified, and what is not signed by it is answered with 401 and goes no further.
    The secret is never shown. A server on this machine sends here if it runs with --allow-target 127.0.0.1.

    \b
    export CLOCKWIRE_SIGNING_SECRET=whsec_...
    clockwire listen --forward http://127.0.0.1:8080/hook
    """  # noqa: D301 - \b keeps click from filling the example
    listener = Listener(found_secrets(secrets, secret_file), status, check_url(forward_url) if forward_url else "")
    show = _as_json if as_json else _as_text
    with Catcher(Address.of(address), listener.answer) as catcher:
        click.echo(f"listening on {catcher.url}", err=True)
        try:
            for caught, reply in _until(catcher, count):
                click.echo(show(caught, listener.verdicts(caught), reply))
        except KeyboardInterrupt:
            click.echo(err=True)


def _until(catcher: Catcher, count: int | None) -> Iterator[tuple[Caught, Reply]]:
    """What comes, without end or so many."""
    seen = 0
    while count is None or seen < count:
        came = catcher.next()
        assert came is not None, "it waits without end"
        yield came
        seen += 1


def _as_text(caught: Caught, verdicts: Verdicts, reply: Reply) -> str:
    """As it came, indented under a line that says what it is."""
    what = caught.header("clockwire-event")
    head = f"#{caught.number}  {to_text(caught.time)}  {caught.method} {caught.path}  {what}"
    lines = [f"{name}: {value}" for name, value in caught.headers]
    lines += ["", *_body_lines(caught.body), ""]
    lines += [f"{name} is {verdict}" for name, verdict in verdicts.named().items()]
    lines += [reply.note] if reply.note else []
    lines += [f"answered {reply.status}"]
    return "\n".join([_printable(head).rstrip(), *(f"    {_printable(line)}".rstrip() for line in lines), ""])


def _body_lines(body: bytes) -> list[str]:
    """The body laid out, if it is JSON; numbers keep their digits."""
    text = body.decode(errors="backslashreplace")
    try:
        parsed = json.loads(text, parse_float=lambda digits: f"\0{digits}\0")
        laid_out = json.dumps(parsed, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text.splitlines()
    return _MARKED.sub(r"\1", laid_out).splitlines()


def _as_json(caught: Caught, verdicts: Verdicts, reply: Reply) -> str:
    shown: Mapping[str, Any] = {
        "number": caught.number,
        "time": to_text(caught.time),
        "method": caught.method,
        "path": caught.path,
        "headers": {name.lower(): value for name, value in caught.headers},
        "body": caught.body.decode(errors="backslashreplace"),
        "signatures": verdicts.named(),
        "status": reply.status,
        "note": reply.note,
    }
    return json.dumps(shown, ensure_ascii=False)


def _printable(text: str) -> str:
    """The text without what would steer the terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
