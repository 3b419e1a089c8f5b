"""How records of a type are listed: a page at a time, each one consistent read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.filters import parse_filter
from clockwire.model.instants import Instant
from clockwire.model.masks import ReadMask
from clockwire.model.ordering import Order, parse_order
from clockwire.model.page_token import PageToken
from clockwire.model.record_types import RECORD_TYPES
from clockwire.operations.reading import with_labels
from clockwire.storage.database import Dialect
from clockwire.storage.filters import after, order_by, where
from clockwire.storage.tables import record
from clockwire.storage.workspaces import find_log
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record

LARGEST_ANSWER = 1_000_000
# What a record takes in a response beside its own bytes.
_FRAME = 8
_ROWS_AHEAD = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is asked for."""

    type: "RecordType.ValueType"
    filter: str = ""
    order_by: str = ""
    page_size: int
    page_token: str = ""
    read_mask: ReadMask
    #: Of the request but for its page: a token is good for the same request only.
    digest: bytes
    now: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the records of a list."""

    records: Sequence[Record]
    #: Empty on the last page.
    next_page_token: str
    #: The head of the log when the first page was read.
    cursor: str


def list_records(connection: Connection, workspace_id: str, listing: Listing) -> Page:
    """One page. Raises FieldInvalid, FilterInvalid, PageTokenInvalid."""
    if listing.type not in RECORD_TYPES:
        raise FieldInvalid.of("type", "must be one of the eleven record types")
    order = parse_order(listing.order_by, listing.type)
    token = _token(listing, order)
    query = _query(listing, workspace_id, token, dialect=_dialect(connection))
    cursor = token.cursor if token else _head(connection, workspace_id)
    rows = _select(connection, query)
    fitting = [*_fitting(with_labels(connection, workspace_id, rows[: listing.page_size]), listing.read_mask)]
    following = ""
    if len(fitting) < len(rows):
        last, _ = fitting[-1]
        place = PageToken(position=order.position_of(last), cursor=cursor, issue_time=listing.now)
        following = place.encode(request_digest=listing.digest)
    return Page(records=[shown for _, shown in fitting], next_page_token=following, cursor=cursor)


def _dialect(connection: Connection) -> Dialect:
    return "postgresql" if connection.dialect.name == "postgresql" else "sqlite"


def _token(listing: Listing, order: Order) -> PageToken | None:
    if not listing.page_token:
        return None
    token = PageToken.decode(listing.page_token, request_digest=listing.digest, now=listing.now)
    order.check_position(token.position)
    return token


def _head(connection: Connection, workspace_id: str) -> str:
    log = find_log(connection, workspace_id)
    if log is None:
        raise ResourceNotFound("workspace", workspace_id)
    return encode_cursor(Cursor(log.epoch, workspace_id, log.head))


def _query(listing: Listing, workspace_id: str, token: PageToken | None, *, dialect: Dialect) -> Select[Any]:
    """The records of the page, and one more."""
    order = parse_order(listing.order_by, listing.type)
    conditions = [
        record.c.workspace_id == workspace_id,
        record.c.type == listing.type,
        where(parse_filter(listing.filter, listing.type), record, dialect),
    ]
    if token:
        conditions.append(after(order, token.position, record, dialect))
    query = select(record.c.message).where(*conditions).order_by(*order_by(order, record, dialect))
    return query.limit(listing.page_size + 1)


def _select(connection: Connection, query: Select[Any]) -> list[Record]:
    """The records that the query finds, but no more than one beyond what an answer can hold."""
    found: list[Record] = []
    size = 0
    streamed = query.execution_options(stream_results=True, max_row_buffer=_ROWS_AHEAD)
    with connection.scalars(streamed) as messages:
        for message in messages:
            found.append(Record.FromString(message))
            size += len(message)
            if size > LARGEST_ANSWER and len(found) > 1:
                break
    return found


def _fitting(records: Iterable[Record], mask: ReadMask) -> Iterable[tuple[Record, Record]]:
    """As many of the records as one answer holds, at least one; each whole, and as it is shown."""
    size = 0
    for index, whole in enumerate(records):
        shown = mask.apply(whole)
        size += shown.ByteSize() + _FRAME
        if index and size > LARGEST_ANSWER:
            return
        yield whole, shown
