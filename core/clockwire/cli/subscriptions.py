"""subscription: who gets which webhooks, where, and whether they come through."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from clockwire.cli.attempts import is_delivered, outcome_in_words
from clockwire.cli.connecting import connected
from clockwire.cli.progress import waiting
from clockwire.cli.signing_secrets import given_secrets
from clockwire.cli.tables import show_table
from clockwire.client import Client
from clockwire.model.identifiers import is_id
from clockwire.v1 import subscription_service_pb2 as requests
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscriptions_pb2 import Subscription

MASKED = "***"

_WHICH = click.argument("which", metavar="NAME")
_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_FORMATS = [
    name.removeprefix("PAYLOAD_FORMAT_").lower() for name, number in Subscription.PayloadFormat.items() if number
]
_REASONS = {
    Subscription.STATE_REASON_FAILING: "every attempt failed",
    Subscription.STATE_REASON_GONE: "it answered 410",
}
_STATES = {Subscription.STATE_ACTIVE: "yes", Subscription.STATE_PAUSED: "no, paused"}

Create = requests.CreateSubscriptionRequest


@click.group()
def subscription() -> None:
    """Add, list, test and delete webhook subscriptions."""


@subscription.command()
@connected
@click.argument("event_type")
@click.argument("target_url")
@click.option("--name", default="", metavar="NAME", help="What it is called.  [default: its id]")
@click.option("--secret", default="", metavar="SECRET", help="A secret of your own; it is better in a file.")
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file with a secret of your own.",
)
@click.option("--no-secret", is_flag=True, help="Do not sign.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header to send. Repeatable.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="flat",
    metavar="|".join(_FORMATS),
    help="Shape of the body.  [default: flat]",
)
@click.option("--decimals-as-strings", is_flag=True, help='Write 95.00 as "95.00".')
@click.option("--paused", is_flag=True, help="Hold what happens until it is resumed.")
@_JSON
def add(*, client: Client, event_type: str, target_url: str, paused: bool, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - the options
    """Subscribe a TARGET_URL to an EVENT_TYPE: project.created, also timelog.* or *.

    A secret is made unless you give one, and shown this once: nothing shows it again. The key needs the scope
    subscriptions.write.

    \b
    clockwire subscription add project.created https://example.com/hook --name billing
    """  # noqa: D301 - \b keeps click from filling the example
    wanted = Subscription(
        name=given["name"],
        target_url=target_url,
        filter=EventFilter(event_types=[event_type]),
        headers=dict(_header(line) for line in given["headers"]),
        payload_format=Subscription.PayloadFormat.Value(f"PAYLOAD_FORMAT_{given['format_'].upper()}"),
        decimals_as_strings=given["decimals_as_strings"],
    )
    source, secret = _chosen(given["secret"], given["secret_file"], no_secret=given["no_secret"])
    made = client.subscriptions.CreateSubscription(
        Create(subscription=wanted, secret_source=source, secret=secret, paused=paused)
    )
    if as_json:
        click.echo(json.dumps({**_fields(made.subscription), "secret": made.secret or _mask(made.subscription)}))
        return
    click.echo(f"added   {made.subscription.name}")
    if made.secret:
        click.echo(f"secret  {made.secret}")
        click.echo("Copy the secret now: it is not shown again.", err=True)
    else:
        click.echo(f"secret  {_mask(made.subscription) or 'none: it is not signed'}")


@subscription.command("list")
@connected
@_JSON
def list_(*, client: Client, as_json: bool) -> None:
    """List subscriptions, oldest first. The key needs the scope subscriptions.read."""
    pages = client.pages(client.subscriptions.ListSubscriptions, requests.ListSubscriptionsRequest())
    found = [each for page in pages for each in page.subscriptions]
    if as_json:
        click.echo(json.dumps([_fields(each) for each in found], indent=2))
        return
    show_table(("NAME", "EVENT TYPE", "TARGET URL", "SECRET", "ACTIVE"), [_row(each) for each in found])


@subscription.command()
@connected
@_WHICH
@click.option("--event-type", default="", metavar="TYPE", help="Type of the sample.  [default: the first it gets]")
@click.option("--record", default="", metavar="ID", help="Send this record instead of made-up data.")
@_JSON
def test(*, client: Client, which: str, event_type: str, record: str, as_json: bool) -> None:
    """Send a sample to a subscription, by its NAME or id, now; exit with 1 if it is not accepted.

    The key needs the scope subscriptions.write, and subscriptions.read to look a name up.
    """
    request = requests.TestSubscriptionRequest(
        subscription_id=_id(client, which), event_type=event_type, record_id=record
    )
    with waiting("waiting for the endpoint"):
        tested = client.subscriptions.TestSubscription(request)
    attempt, type_ = tested.attempt, tested.delivery.event_type
    said = outcome_in_words(attempt)
    if as_json:
        fields = {"event_type": type_, "target_url": attempt.target_url, "http_status": attempt.http_status}
        click.echo(json.dumps({**fields, "succeeded": is_delivered(attempt), "outcome": said}))
    else:
        click.echo(f"{type_} to {attempt.target_url}: {said}")
    sys.exit(0 if is_delivered(attempt) else 1)


@subscription.command()
@connected
@_WHICH
def delete(*, client: Client, which: str) -> None:
    """Delete a subscription, by its NAME or id: no attempt begins after this. The scope is subscriptions.write."""
    client.subscriptions.DeleteSubscription(requests.DeleteSubscriptionRequest(subscription_id=_id(client, which)))
    click.echo(f"deleted {which}")


@subscription.command()
@connected
@_WHICH
def pause(*, client: Client, which: str) -> None:
    """Stop sending to a subscription, by its NAME or id; what happens is held until it is resumed."""
    client.subscriptions.PauseSubscription(requests.PauseSubscriptionRequest(subscription_id=_id(client, which)))
    click.echo(f"paused {which}")


@subscription.command()
@connected
@_WHICH
@click.option("--drop-held", is_flag=True, help="Send nothing of what was held.")
def resume(*, client: Client, which: str, drop_held: bool) -> None:
    """Send to a subscription again, by its NAME or id, and first what was held meanwhile."""
    kinds = requests.ResumeSubscriptionRequest
    held = kinds.HELD_CANCEL if drop_held else kinds.HELD_SEND
    resumed = client.subscriptions.ResumeSubscription(kinds(subscription_id=_id(client, which), held=held))
    click.echo(f"resumed {which}, {'dropped' if drop_held else 'sending'} {resumed.held_count} held")


def _chosen(text: str, file: Path | None, *, no_secret: bool) -> tuple["Create.SecretSource.ValueType", str]:
    """Where the secret comes from; what stands in the environment is for receivers, and is not looked at."""
    if sum((bool(text), file is not None, no_secret)) > 1:
        message = "--secret, --secret-file and --no-secret exclude one another"
        raise click.UsageError(message)
    if no_secret:
        return Create.SECRET_SOURCE_NONE, ""
    if not text and file is None:
        return Create.SECRET_SOURCE_GENERATE, ""
    secrets = given_secrets((text,) if text else (), file)
    if len(secrets) != 1:
        message = f"--secret-file must hold one secret, not {len(secrets)}"
        raise click.UsageError(message)
    return Create.SECRET_SOURCE_PROVIDED, secrets[0].text


def _id(client: Client, which: str) -> str:
    if is_id(which):
        return which
    return client.subscriptions.GetSubscription(requests.GetSubscriptionRequest(name=which)).subscription.id


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        message = f"{line!r} is no header: NAME: VALUE"
        raise click.BadParameter(message, param_hint="--header")
    return name.strip(), value.strip()


def _row(each: Subscription) -> Sequence[str]:
    return each.name, " ".join(each.filter.event_types), each.target_url, _mask(each), _active(each)


def _fields(each: Subscription) -> Mapping[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "event_types": list(each.filter.event_types),
        "target_url": each.target_url,
        "secret": _mask(each),
        "active": each.state == Subscription.STATE_ACTIVE,
        "state": Subscription.State.Name(each.state).removeprefix("STATE_"),
        "create_time": each.create_time.ToJsonString(),
    }


def _mask(each: Subscription) -> str:
    return MASKED if each.signed else ""


def _active(each: Subscription) -> str:
    return _STATES.get(each.state) or f"no, {_REASONS.get(each.state_reason, 'disabled')}"
