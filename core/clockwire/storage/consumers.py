"""Consumers' rows."""

from sqlalchemy import Connection, delete, select

from clockwire.model.consumer import Consumer
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.tables import consumer

_columns = consumer.c
_names = [column.name for column in _columns]
_put = BulkInsert(consumer, _names, replace=True)


def find_consumer(connection: Connection, workspace_id: str, name: str) -> Consumer | None:
    """The consumer of a name."""
    query = select(consumer).where(_columns.workspace_id == workspace_id, _columns.name == name)
    row = connection.execute(query).one_or_none()
    return Consumer(*row) if row else None


def select_consumers(connection: Connection, workspace_id: str, after_name: str, limit: int) -> list[Consumer]:
    """Consumers by name, those after a name."""
    query = select(consumer).where(_columns.workspace_id == workspace_id, _columns.name > after_name)
    return [Consumer(*row) for row in connection.execute(query.order_by(_columns.name).limit(limit))]


def put_consumer(connection: Connection, value: Consumer) -> None:
    """The consumer is stored, new or not."""
    _put.run(connection, [tuple(getattr(value, name) for name in _names)])


def delete_consumer(connection: Connection, workspace_id: str, name: str) -> None:
    """No consumer has this name."""
    connection.execute(delete(consumer).where(_columns.workspace_id == workspace_id, _columns.name == name))
