"""How subscribers see what they would get: a sample event, built as a real one, and sent as a real one if asked."""

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from clockwire.model.caller import Caller
from clockwire.model.delivery import Attempted, ClaimedDelivery, Delivery
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.event_filter import compile_filter
from clockwire.model.identifiers import new_id
from clockwire.model.instants import Instant
from clockwire.model.payloads import Shape, render
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.samples import sample_event
from clockwire.model.subscription import Subscription
from clockwire.operations.deliveries import DeliveryView, get_delivery
from clockwire.operations.dispatch import settle_attempts
from clockwire.operations.records import get_record
from clockwire.operations.surroundings import Around, around_in
from clockwire.operations.timer_lists import get_timer
from clockwire.storage.database import Database
from clockwire.storage.deliveries import insert_deliveries
from clockwire.storage.events import insert_bodies
from clockwire.storage.subscriptions import find_subscription
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Writer
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record, RecordKey


class SampleSender(Protocol):
    """What makes the attempt: the dispatcher."""

    async def send_test(self, claimed: ClaimedDelivery) -> Attempted:
        """Makes one attempt now, whatever the subscription's state, and says what came of it."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Sends sample events through the path of real ones."""

    database: Database
    writer: Writer[Any]
    sender: SampleSender

    async def send(self, caller: Caller, subscription_id: str, *, event_type: str, record_id: str) -> DeliveryView:
        """The delivery of a sample event once its one attempt is logged, however it went.

        Raises ResourceNotFound, FieldInvalid for an event type that is not known, and what `get_record` raises.
        """
        written = await self.writer.write(
            lambda transaction: _begin_test(transaction, subscription_id, event_type, record_id), caller
        )
        assert written.result is not None
        claimed = written.result
        attempted = await self.sender.send_test(claimed)
        await self.writer.write(lambda transaction: settle_attempts(transaction, [attempted]), caller)
        return await self.database.read(get_delivery, caller.workspace_id, claimed.delivery.id)


def preview(
    connection: Connection, workspace_id: str, *, event_type: str, record_id: str, shape: Shape, now: Instant
) -> ClaimedDelivery:
    """The delivery of a sample event to nobody in particular."""
    event = make_sample(connection, workspace_id, event_type, record_id, now)
    nobody = Subscription.blank(workspace_id, shape, now)
    delivery = Delivery.test("", nobody, event, now=now, lease="")
    around = around_in(connection, workspace_id)
    return ClaimedDelivery.of(delivery, nobody, render(event, shape, around))


def make_sample(connection: Connection, workspace_id: str, event_type: str, record_id: str, now: Instant) -> Event:
    """An event of this type that is not in the log, of a made-up record or timer, or of one that exists."""
    if event_type not in EVENT_TYPES:
        raise FieldInvalid.of("event_type", f"{event_type[:100]!r} is no event type")
    event = sample_event(event_type, now, workspace_id)
    event.id = new_id(now)
    if record_id and event.record_type:
        _tell_of_record(event, get_record(connection, workspace_id, RecordKey(id=record_id)))
    elif record_id:
        event.timer.CopyFrom(get_timer(connection, workspace_id, record_id))
        event.record_id, event.version = event.timer.id, event.timer.version
    return event


def _tell_of_record(event: Event, record: Record) -> None:
    if record.type != event.record_type:
        raise FieldInvalid.of("record_id", f"is of a record of another type than {event.type} is about")
    event.record_id, event.version = record.id, record.version
    if event.HasField("record"):
        event.record.CopyFrom(record)


def _begin_test(transaction: Transaction, subscription_id: str, event_type: str, record_id: str) -> ClaimedDelivery:
    """The delivery of a sample event, stored and leased to nobody but the caller."""
    connection, now, workspace_id = transaction.connection, transaction.now, transaction.workspace.id
    subscription = find_subscription(connection, workspace_id, subscription_id)
    if subscription is None:
        raise ResourceNotFound("subscription", subscription_id)
    event = make_sample(connection, workspace_id, event_type or _first_type(subscription), record_id, now)
    body = render(event, subscription.shape, Around(connection, transaction.workspace))
    delivery = Delivery.test(new_id(now), subscription, event, now=now, lease=new_id(now))
    insert_deliveries(connection, [delivery])
    insert_bodies(connection, [(event.id, subscription.shape.code, workspace_id, now, body)])
    return ClaimedDelivery.of(delivery, subscription, body)


def _first_type(subscription: Subscription) -> str:
    """The first event type that the subscription's filter lets through."""
    wanted = compile_filter(subscription.filter).event_types
    return next(each for each in EVENT_TYPES if wanted is None or each in wanted)
