"""The people that calls are made on behalf of."""

from sqlalchemy import Connection, select

from clockwire.storage.tables import record
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record


def find_user_name(connection: Connection, workspace_id: str, user_id: str) -> str | None:
    """The name of a User record of the workspace, None if there is no such record."""
    query = select(record.c.message).where(
        record.c.workspace_id == workspace_id,
        record.c.id == user_id,
        record.c.type == RecordType.RECORD_TYPE_USER,
    )
    message = connection.execute(query).scalar_one_or_none()
    return None if message is None else Record.FromString(message).user.user_name
