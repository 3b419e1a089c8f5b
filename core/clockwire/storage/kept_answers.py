"""The answers kept for callers that repeat a request."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select, tuple_

from clockwire.model.instants import HOUR, Instant
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.tables import kept_answer

KEPT_FOR = 72 * HOUR

#: Workspace, method, request id.
Key = tuple[str, str, str]

_columns = kept_answer.c
_insert = BulkInsert(
    kept_answer, ["workspace_id", "method", "request_id", "digest", "answer", "create_time"], replace=True
)


def select_answers(connection: Connection, keys: Iterable[Key], since: Instant) -> dict[Key, tuple[bytes, bytes]]:
    """Digest and sealed answer of each request that was answered since."""
    wanted = list(keys)
    if not wanted:
        return {}
    query = select(kept_answer).where(
        tuple_(_columns.workspace_id, _columns.method, _columns.request_id).in_(wanted), _columns.create_time >= since
    )
    return {
        (row.workspace_id, row.method, row.request_id): (row.digest, row.answer) for row in connection.execute(query)
    }


def insert_answers(connection: Connection, rows: Sequence[tuple[str, str, str, bytes, bytes, Instant]]) -> None:
    """The answers are kept; a row is its key, digest, sealed answer and time."""
    _insert.run(connection, rows)


def delete_answers(connection: Connection, before: Instant) -> int:
    """How many answers were too old."""
    return connection.execute(delete(kept_answer).where(_columns.create_time < before)).rowcount
