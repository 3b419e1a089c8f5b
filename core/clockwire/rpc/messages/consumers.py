"""How a consumer is said on the wire."""

from clockwire.model.consumer import ConsumerView
from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.etag import etag_of
from clockwire.model.instants import to_timestamp
from clockwire.v1.consumer_service_pb2 import Consumer


def consumer_message(view: ConsumerView) -> Consumer:
    """The consumer and what lies before it."""
    consumer = view.consumer
    message = Consumer(
        name=consumer.name,
        cursor=encode_cursor(Cursor(consumer.epoch, consumer.workspace_id, consumer.sequence)),
        etag=etag_of(consumer.version),
        description=consumer.description,
        create_time=to_timestamp(consumer.create_time),
        commit_time=to_timestamp(consumer.commit_time),
        backlog=view.backlog,
        expired=view.expired,
    )
    if view.oldest_pending_time is not None:
        message.oldest_pending_time.CopyFrom(to_timestamp(view.oldest_pending_time))
    return message
