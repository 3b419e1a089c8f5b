"""Attempts' rows: the log of what every POST met."""

from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from clockwire.model.delivery import Attempt
from clockwire.model.instants import Instant
from clockwire.model.outcome import Outcome, OutcomeKind
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.tables import attempt

_names = [column.name for column in attempt.c]
_insert = BulkInsert(attempt, _names)


def insert_attempts(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """The attempts are logged."""
    _insert.run(connection, [_row(each) for each in attempts])


def select_attempts(connection: Connection, delivery_id: str) -> list[Attempt]:
    """The attempts of a delivery, first to last."""
    query = select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.number)
    return [_of_row(row) for row in connection.execute(query)]


def select_last_ends(connection: Connection, delivery_ids: Collection[str]) -> dict[str, Instant]:
    """When the last attempt of each of these deliveries was over; those that have had none are left out."""
    over = func.max(attempt.c.start_time + attempt.c.duration).label("over")
    query = select(attempt.c.delivery_id, over).where(attempt.c.delivery_id.in_(delivery_ids))
    return {row.delivery_id: row.over for row in connection.execute(query.group_by(attempt.c.delivery_id))}


def _row(value: Attempt) -> tuple[Any, ...]:
    outcome = value.outcome
    return (
        value.delivery_id,
        value.number,
        value.workspace_id,
        outcome.kind,
        outcome.start_time,
        outcome.duration,
        value.target_url,
        outcome.remote_ip,
        orjson.dumps(dict(value.request_headers)).decode(),
        outcome.http_status,
        orjson.dumps(dict(outcome.response_headers)).decode(),
        outcome.response_body,
        outcome.truncated,
        outcome.error,
        outcome.retry_after,
    )


def _of_row(row: Row[Any]) -> Attempt:
    outcome = Outcome(
        kind=OutcomeKind(row.outcome),
        start_time=row.start_time,
        duration=row.duration,
        http_status=row.http_status,
        remote_ip=row.remote_ip,
        response_headers=orjson.loads(row.response_headers),
        response_body=row.response_body,
        truncated=row.response_truncated,
        error=row.error,
        retry_after=row.retry_after,
    )
    return Attempt(
        delivery_id=row.delivery_id,
        number=row.number,
        workspace_id=row.workspace_id,
        target_url=row.target_url,
        request_headers=orjson.loads(row.request_headers),
        outcome=outcome,
    )
