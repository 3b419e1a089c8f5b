"""The answers kept for callers that repeat a request."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete

from clockwire.model.instants import HOUR, Instant
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.keyed import BulkSelect
from clockwire.storage.tables import kept_answer

KEPT_FOR = 72 * HOUR

#: Workspace, method, request id.
Key = tuple[str, str, str]

_columns = kept_answer.c
_select = BulkSelect(
    kept_answer, keys=["method", "request_id"], columns=["method", "request_id", "digest", "answer", "create_time"]
)
_insert = BulkInsert(
    kept_answer, ["workspace_id", "method", "request_id", "digest", "answer", "create_time"], replace=True
)


def select_answers(connection: Connection, keys: Iterable[Key], since: Instant) -> dict[Key, tuple[bytes, bytes]]:
    """Digest and sealed answer of each request that was answered since."""
    wanted: dict[str, list[tuple[str, str]]] = {}
    for workspace_id, method, request_id in keys:
        wanted.setdefault(workspace_id, []).append((method, request_id))
    return {
        (workspace_id, method, request_id): (digest, answer)
        for workspace_id, requests in wanted.items()
        for method, request_id, digest, answer, time in _select.run(connection, workspace_id, requests)
        if time >= since
    }


def insert_answers(connection: Connection, rows: Sequence[tuple[str, str, str, bytes, bytes, Instant]]) -> None:
    """The answers are kept; a row is its key, digest, sealed answer and time."""
    _insert.run(connection, rows)


def delete_answers(connection: Connection, before: Instant) -> int:
    """How many answers were too old."""
    return connection.execute(delete(kept_answer).where(_columns.create_time < before)).rowcount
