"""What is POSTed of an event: its body in the shape a subscription asked for, as exact bytes.

A body is made once per event and shape, and stored: what is signed is what is sent, also in every retry.
"""

from dataclasses import dataclass
from enum import IntEnum

from orjson import Fragment, dumps

from clockwire.model.rendering import values
from clockwire.model.rendering.flat import flat_renderer, thin_body
from clockwire.model.rendering.timetracker import timetracker_body
from clockwire.model.rendering.trackingtime import trackingtime_body
from clockwire.model.surroundings import NOTHING, Surroundings
from clockwire.v1.events_pb2 import Event


class PayloadFormat(IntEnum):
    """The shapes of a body, numbered as Subscription.PayloadFormat; its 0 is read as FLAT."""

    FLAT = 1
    """The documented body: ``{"event","id",columns...}``."""
    STANDARD = 2
    """Standard Webhooks: ``{"type","timestamp","data"}``; data is the flat body."""
    CLOUDEVENTS = 3
    """CloudEvents 1.0 in the structured mode of its JSON format; data is the flat body."""
    THIN = 4
    """``{"event","id"}`` for every event."""
    TIMETRACKER = 5
    """TimeTracker's objects where it has some, else as FLAT: see `rendering/timetracker.py`."""
    TRACKINGTIME = 6
    """TrackingTime's events where it has some, else as FLAT: see `rendering/trackingtime.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """All that decides, beside the event itself, which bytes a body has."""

    payload_format: PayloadFormat = PayloadFormat.FLAT
    decimals_as_strings: bool = False

    @property
    def code(self) -> int:
        """The shape as one number, to store bodies under."""
        return self.payload_format * 2 + self.decimals_as_strings


def render(event: Event, shape: Shape, around: Surroundings = NOTHING) -> bytes:
    """The body of *event* in this shape. The event must be whole: with its record unless it is a deletion.

    *around*: for the shapes of other products, which tell of more than the event does.
    """
    match shape.payload_format:
        case PayloadFormat.THIN:
            return thin_body(event)
        case PayloadFormat.STANDARD:
            return _standard(event, _flat(event, shape))
        case PayloadFormat.CLOUDEVENTS:
            return _cloudevents(event, _flat(event, shape))
        case PayloadFormat.TIMETRACKER:
            body = timetracker_body(event, around, decimals_as_strings=shape.decimals_as_strings)
            return _flat(event, shape) if body is None else body
        case PayloadFormat.TRACKINGTIME:
            return trackingtime_body(event) or _flat(event, shape)
        case _:
            return _flat(event, shape)


def content_type(shape: Shape) -> str:
    """The Content-Type that goes with the body."""
    is_cloudevents = shape.payload_format is PayloadFormat.CLOUDEVENTS
    return f"application/{'cloudevents+json' if is_cloudevents else 'json'}; charset=utf-8"


def _flat(event: Event, shape: Shape) -> bytes:
    return flat_renderer(event.type, decimals_as_strings=shape.decimals_as_strings)(event)


def _standard(event: Event, flat: bytes) -> bytes:
    """Standard Webhooks 1.0.0, "Payload structure"."""
    return dumps({"type": event.type, "timestamp": values.timestamp(event.commit_time), "data": Fragment(flat)})


def _cloudevents(event: Event, flat: bytes) -> bytes:
    """CloudEvents 1.0.2, with its sequence extension: whose values must sort as text, hence the leading zeros."""
    return dumps(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": f"/workspaces/{event.workspace_id}",
            "type": event.type,
            "subject": event.record_id,
            "time": values.timestamp(event.commit_time),
            "datacontenttype": "application/json",
            "sequence": f"{event.sequence:019}",
            "data": Fragment(flat),
        }
    )
