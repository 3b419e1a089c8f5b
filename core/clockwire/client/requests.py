"""What is sent for each of the short methods of a client."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.client.reading import Start, event_start
from clockwire.client.records import mask_of, record_of, record_type
from clockwire.v1.consumer_service_pb2 import CommitConsumerRequest
from clockwire.v1.record_service_pb2 import (
    CreateRecordRequest,
    DeleteRecordRequest,
    GetRecordRequest,
    ListRecordsRequest,
    UpdateRecordRequest,
)
from clockwire.v1.records_pb2 import RecordKey

# What they have in common no type says: a request has a page_token and a response a next_page_token.
PagedRequest = Any
PagedResponse = Any


def create_request(name: str | int, fields: Mapping[str, object], request_id: str) -> CreateRecordRequest:
    """Store a new record."""
    return CreateRecordRequest(record=record_of(name, fields), request_id=request_id)


def update_request(
    name: str | int, fields: Mapping[str, object], *, allow_missing: bool, request_id: str
) -> UpdateRecordRequest:
    """Write exactly the fields that are named, None clearing one.

    The record is found by `id`, else by `external_id`; `external_id` beside `id` is a new value.
    """
    keys = {"id", "etag", "type"} if fields.get("id") else {"id", "etag", "type", "external_id", "ExternalID"}
    written = {key: value for key, value in fields.items() if key not in keys}
    return UpdateRecordRequest(
        record=record_of(name, fields),
        update_mask=FieldMask(paths=mask_of(name, written)),
        allow_missing=allow_missing,
        request_id=request_id,
    )


def get_request(name: str | int, id: str, external_id: str) -> GetRecordRequest:  # noqa: A002 - the contract's name
    """Read one record."""
    return GetRecordRequest(key=record_key(name, id, external_id))


def delete_request(
    key: RecordKey, *, etag: str, force: bool, allow_missing: bool, request_id: str
) -> DeleteRecordRequest:
    """Delete one record."""
    return DeleteRecordRequest(key=key, etag=etag, force=force, allow_missing=allow_missing, request_id=request_id)


def list_request(name: str | int, *, filter: str, order_by: str, page_size: int) -> ListRecordsRequest:  # noqa: A002
    """The first page of the records of a type."""
    return ListRecordsRequest(type=record_type(name), filter=filter, order_by=order_by, page_size=page_size)


def commit_request(name: str, position: Start, *, etag: str = "", allow_rewind: bool = False) -> CommitConsumerRequest:
    """Set a consumer's place."""
    return CommitConsumerRequest(name=name, position=event_start(position), etag=etag, allow_rewind=allow_rewind)


def record_key(name: str | int, id: str, external_id: str) -> RecordKey:  # noqa: A002
    """The record of this type with this id, or else with this external id."""
    if bool(id) == bool(external_id):
        raise ValueError("name the record by its id or by its external_id: exactly one of them")
    if id:
        return RecordKey(type=record_type(name), id=id)
    return RecordKey(type=record_type(name), external_id=external_id)


def following(request: PagedRequest, page: PagedResponse) -> PagedRequest | None:
    """The request of the page after *page*; None if that was the last."""
    if not page.next_page_token:
        return None
    after = type(request)()
    after.CopyFrom(request)
    after.page_token = page.next_page_token
    return after
