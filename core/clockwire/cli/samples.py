"""sample: what a webhook's body looks like, without a server."""

import json
import sys

import click

from clockwire.model.instants import system_clock
from clockwire.model.payloads import PayloadFormat, Shape, render
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.samples import sample_event
from clockwire.model.schemas import payload_schema

_FORMATS = [each.name.lower() for each in PayloadFormat]


@click.command(short_help="Print a sample body, or its JSON Schema.")
@click.argument("event_type")
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="flat",
    metavar="|".join(_FORMATS),
    help="Shape of the body.  [default: flat]",
)
@click.option("--decimals-as-strings", is_flag=True, help='Write 95.00 as "95.00".')
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the flat body instead.")
def sample(*, event_type: str, format_: str, decimals_as_strings: bool, schema: bool) -> None:
    """Print the body of a sample event of an EVENT_TYPE, byte for byte as it would be sent, without a server.

    \b
    clockwire sample project.created | python -m json.tool
    """  # noqa: D301 - \b keeps click from filling the example
    if event_type not in EVENT_TYPES:
        message = f"{event_type!r} is no event type: they are {', '.join(EVENT_TYPES)}"
        raise click.BadParameter(message, param_hint="EVENT_TYPE")
    if schema:
        click.echo(
            json.dumps(json.loads(payload_schema(event_type, decimals_as_strings=decimals_as_strings)), indent=2)
        )
        return
    shape = Shape(payload_format=PayloadFormat[format_.upper()], decimals_as_strings=decimals_as_strings)
    # A line's end would be one byte more than is signed; a person's terminal wants it all the same.
    click.echo(render(sample_event(event_type, system_clock()), shape), nl=sys.stdout.isatty())
