"""How named readers keep their place."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from clockwire.model.consumer import NAME, Consumer, ConsumerView
from clockwire.model.errors import CursorRewind, FieldInvalid, ResourceNotFound
from clockwire.model.etag import check_etag
from clockwire.model.values.text import check_text
from clockwire.operations.event_log import log_of, resolve_start
from clockwire.storage import consumers
from clockwire.storage.events import time_of
from clockwire.storage.transaction import Log, Transaction
from clockwire.v1.events_pb2 import EventStart


def commit_consumer(
    transaction: Transaction,
    name: str,
    position: EventStart,
    *,
    etag: str = "",
    allow_rewind: bool = False,
    description: str = "",
) -> ConsumerView:
    """The consumer stands at *position*; it is made if it was not there.

    Raises CursorRewind if that lies before its place, EtagMismatch, FieldInvalid, and what `resolve_start` raises.
    """
    if position.WhichOneof("start") == "consumer":
        raise FieldInvalid.of("position", "set cursor, time or position: another consumer is no place to commit")
    stored = consumers.find_consumer(transaction.connection, transaction.workspace.id, _checked(name))
    check_etag(etag, stored.version if stored else 0)
    sequence = resolve_start(transaction.connection, transaction.workspace.id, position)
    if stored and stored.epoch == transaction.epoch and sequence < stored.sequence and not allow_rewind:
        raise CursorRewind(name)
    moved = _moved(
        transaction, stored or _new(transaction, name), sequence, check_text("description", description, 500)
    )
    consumers.put_consumer(transaction.connection, moved)
    return _view(transaction.connection, moved)


def get_consumer(connection: Connection, workspace_id: str, name: str) -> ConsumerView:
    """One consumer. Raises ResourceNotFound."""
    found = consumers.find_consumer(connection, workspace_id, name)
    if found is None:
        raise ResourceNotFound("consumer", name)
    return _view(connection, found)


def list_consumers(connection: Connection, workspace_id: str, after_name: str, limit: int) -> Sequence[ConsumerView]:
    """Consumers by name, those after a name."""
    return [_view(connection, each) for each in consumers.select_consumers(connection, workspace_id, after_name, limit)]


def delete_consumer(transaction: Transaction, name: str) -> None:
    """The consumer is forgotten; it need not exist."""
    consumers.delete_consumer(transaction.connection, transaction.workspace.id, _checked(name))


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        allowed = '1 to 63 of a-z, 0-9, ".", "_", "-", beginning and ending with a letter or digit'
        raise FieldInvalid.of("name", allowed)
    return name


def _new(transaction: Transaction, name: str) -> Consumer:
    return Consumer(
        workspace_id=transaction.workspace.id,
        name=name,
        epoch=transaction.epoch,
        sequence=0,
        version=0,
        description="",
        create_time=transaction.now,
        commit_time=transaction.now,
    )


def _moved(transaction: Transaction, consumer: Consumer, sequence: int, description: str) -> Consumer:
    return replace(
        consumer,
        epoch=transaction.epoch,
        sequence=sequence,
        version=consumer.version + 1,
        description=description or consumer.description,
        commit_time=transaction.now,
    )


def _view(connection: Connection, consumer: Consumer) -> ConsumerView:
    log = log_of(connection, consumer.workspace_id)
    expired = consumer.epoch != log.epoch or consumer.sequence > log.head or consumer.sequence + 1 < log.earliest
    first = log.earliest if expired else consumer.sequence + 1
    return ConsumerView(
        consumer=consumer,
        backlog=log.head - first + 1,
        oldest_pending_time=_time(connection, log, first),
        expired=expired,
    )


def _time(connection: Connection, log: Log, sequence: int) -> int | None:
    return time_of(connection, log.workspace.id, sequence) if sequence <= log.head else None
