"""smoke-test: whether webhooks come through, shown in seven steps."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from clockwire.cli.catching import Catcher
from clockwire.cli.connecting import connected
from clockwire.cli.progress import waiting
from clockwire.cli.smoke_steps import STEPS, SmokeTest, Step
from clockwire.cli.witnesses import NotSeen, OwnCatcher, ServersLog, Witness, welcome
from clockwire.client import Client, ClockwireError
from clockwire.model.instants import system_clock, to_text
from clockwire.settings import Address


@click.command("smoke-test", short_help="See webhooks come through, in seven steps.")
@connected
@click.option(
    "--url",
    default="",
    metavar="URL",
    help="Send there, to webhook.site for one, and go by the server's log.  [default: a catcher on this machine]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 60),
    default=15.0,
    metavar="SECONDS",
    help="How long a webhook may take.  [default: 15]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per step.")
def smoke_test(*, client: Client, url: str, timeout: float, as_json: bool) -> None:
    """See webhooks come through: the seven steps of Standard Time's smoke test, each with its evidence.

    Subscribes a URL, saves a project, inspects what arrives, sends a test, deletes the project, deletes the
    subscriptions and sees that nothing comes any more. Exits with 0 only if all of it was seen. What it made is deleted
    in any case; the events of its two projects stay in the log, and other subscribers to projects get them too.

    A server on this machine sends here if it runs with --allow-target 127.0.0.1. The key needs the scopes
    records.write, subscriptions.read, subscriptions.write and deliveries.read.
    """
    with _witness(client, url, timeout) as witness:
        test = SmokeTest(client, witness, name=f"Smoke test {to_text(system_clock())}")
        try:
            seen = _seen(test, as_json=as_json)
        finally:
            clean = _cleaned_up(test)
    _say_the_end(seen, clean=clean, as_json=as_json)
    sys.exit(0 if clean and seen == len(STEPS) else 1)


@contextmanager
def _witness(client: Client, url: str, seconds: float) -> Iterator[Witness]:
    if url:
        yield ServersLog(url, client, seconds)
        return
    with Catcher(Address.of("127.0.0.1:0"), welcome) as catcher:
        yield OwnCatcher(catcher, client, seconds)


def _seen(test: SmokeTest, *, as_json: bool) -> int:
    """How many steps were seen; the first that was not is the last that is taken."""
    for number, (title, step) in enumerate(STEPS, 1):
        with waiting(f"{number}/{len(STEPS)}  {title}"):
            evidence, problem = _taken(test, step)
        _say(number, title, evidence=evidence, problem=problem, as_json=as_json)
        if problem:
            return number - 1
    return len(STEPS)


def _taken(test: SmokeTest, step: Step) -> tuple[Sequence[str], str]:
    """The evidence of a step, and what is wrong; empty if nothing is."""
    evidence: list[str] = []
    try:
        evidence.extend(step(test))
    except (NotSeen, ClockwireError) as problem:
        return evidence, str(problem)
    return evidence, ""


def _cleaned_up(test: SmokeTest) -> bool:
    """Whether all that was made is deleted again."""
    clean = True
    for undo in test.undo:
        try:
            undo()
        except ClockwireError as error:
            click.echo(f"not cleaned up: {error}", err=True)
            clean = False
    return clean


def _say(number: int, title: str, *, evidence: Sequence[str], problem: str, as_json: bool) -> None:
    if as_json:
        told = {"step": number, "title": title, "seen": not problem, "evidence": evidence, "problem": problem}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{number}  {title.ljust(64)}{'NOT SEEN' if problem else 'seen'}")
    for line in [*evidence, *([problem] if problem else [])]:
        click.echo(f"     {line}")


def _say_the_end(seen: int, *, clean: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"steps": len(STEPS), "seen": seen, "cleaned_up": clean}))
        return
    end = "cleaned up" if clean else "something is left over"
    click.echo(f"\n{seen} of {len(STEPS)} steps seen; {end}")
