"""How deliveries and their attempts are said on the wire."""

from clockwire.model.delivery import Attempt, Delivery, DeliveryKind, DeliveryState
from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import to_timestamp
from clockwire.model.values.times import check_timestamp
from clockwire.operations.deliveries import DeliveryView, matching_types
from clockwire.rpc.messages.lengths import to_duration
from clockwire.storage.deliveries import DeliveryQuery
from clockwire.v1 import deliveries_pb2 as messages
from clockwire.v1.delivery_service_pb2 import GetDeliveryResponse, ListDeliveriesRequest

_DUE = (DeliveryState.PENDING, DeliveryState.WAITING)


def delivery_message(delivery: Delivery) -> messages.Delivery:
    """The delivery as the contract shows it. The event of a test is no event of the log, so it is not named."""
    message = messages.Delivery(
        id=delivery.id,
        subscription_id=delivery.subscription_id,
        event_id=delivery.event_id if delivery.kind is DeliveryKind.EVENT else "",
        event_type=delivery.event_type,
        event_sequence=delivery.event_sequence,
        record_id=delivery.record_id,
        kind=messages.Delivery.Kind.ValueType(delivery.kind),
        state=messages.Delivery.State.ValueType(delivery.state),
        attempt_count=delivery.attempt_count,
        last_outcome=messages.DeliveryAttempt.Outcome.ValueType(delivery.last_outcome),
        last_http_status=delivery.last_http_status,
        create_time=to_timestamp(delivery.create_time),
    )
    if delivery.state in _DUE and delivery.due_time is not None:
        message.next_attempt_time.CopyFrom(to_timestamp(delivery.due_time))
    if delivery.end_time is not None:
        message.end_time.CopyFrom(to_timestamp(delivery.end_time))
    return message


def attempt_message(attempt: Attempt, *, body: bytes | None, with_bodies: bool) -> messages.DeliveryAttempt:
    """The attempt as the contract shows it; *body* is what was sent."""
    outcome = attempt.outcome
    message = messages.DeliveryAttempt(
        number=attempt.number,
        outcome=messages.DeliveryAttempt.Outcome.ValueType(outcome.kind),
        start_time=to_timestamp(outcome.start_time),
        duration=to_duration(outcome.duration),
        target_url=attempt.target_url,
        remote_ip=outcome.remote_ip,
        request_headers=attempt.request_headers,
        http_status=outcome.http_status,
        response_headers=outcome.response_headers,
        response_truncated=outcome.truncated,
        error=outcome.error,
    )
    if outcome.retry_after is not None:
        message.retry_after.CopyFrom(to_duration(outcome.retry_after))
    if with_bodies:
        message.request_body = body or b""
        message.response_body = outcome.response_body
    return message


def get_response(view: DeliveryView, *, with_bodies: bool) -> GetDeliveryResponse:
    """The delivery with its attempts."""
    return GetDeliveryResponse(
        delivery=delivery_message(view.delivery),
        attempts=[attempt_message(each, body=view.body, with_bodies=with_bodies) for each in view.attempts],
    )


def delivery_query(request: ListDeliveriesRequest) -> DeliveryQuery:
    """Which deliveries the request asks for. FieldInvalid for a state, an event type or a time that can't be."""
    unknown = [state for state in request.states if state not in set(map(int, DeliveryState))]
    if unknown:
        raise FieldInvalid.of("states", f"{unknown[0]} is no state of a delivery")
    return DeliveryQuery(
        subscription_id=request.subscription_id,
        event_id=request.event_id,
        record_id=request.record_id,
        states=tuple(request.states),
        event_types=matching_types(request.event_types),
        start_time=check_timestamp("start_time", request.start_time) if request.HasField("start_time") else None,
        end_time=check_timestamp("end_time", request.end_time) if request.HasField("end_time") else None,
    )
