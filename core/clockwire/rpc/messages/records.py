"""How changes of records, and their types, are said on the wire."""

from collections.abc import Sequence
from functools import cache

from clockwire.model.columns import Column
from clockwire.model.errors import FieldInvalid
from clockwire.model.event import Mutation
from clockwire.model.instants import Instant
from clockwire.model.masks import read_mask
from clockwire.model.mutations import Creation, Deletion, RecordMutation, Revision
from clockwire.model.page_token import request_digest
from clockwire.model.record_types import RECORD_TYPES, RecordTypeInfo
from clockwire.operations.changes import Changed
from clockwire.operations.record_lists import Listing, Page
from clockwire.rpc.messages.mutations import mutation_info
from clockwire.rpc.pages import page_size
from clockwire.v1 import record_service_pb2 as messages
from clockwire.v1.common_pb2 import RecordType

_Change = messages.CreateRecordRequest | messages.UpdateRecordRequest | messages.DeleteRecordRequest


def mutations_of(request: messages.BatchMutateRecordsRequest) -> list[RecordMutation]:
    """The mutations of a batch. FieldInvalid for one that names no change, or has options of the whole call."""
    return [_mutation(each, f"mutations[{index}]") for index, each in enumerate(request.mutations)]


def revision_of(request: messages.UpdateRecordRequest) -> Revision:
    """The update that the request asks for."""
    return Revision(record=request.record, mask=request.update_mask, allow_missing=request.allow_missing)


def deletion_of(request: messages.DeleteRecordRequest) -> Deletion:
    """The deletion that the request asks for."""
    return Deletion(key=request.key, etag=request.etag, force=request.force, allow_missing=request.allow_missing)


def batch_response(results: Sequence[Changed], mutation: Mutation) -> messages.BatchMutateRecordsResponse:
    """What became of each record of a batch."""
    result = messages.BatchMutateRecordsResponse.Result
    return messages.BatchMutateRecordsResponse(
        results=[result(record=each.record, created=each.created, unchanged=each.unchanged) for each in results],
        mutation=mutation_info(mutation),
    )


def listing_of(request: messages.ListRecordsRequest, workspace_id: str, now: Instant) -> Listing:
    """The page that the request asks for. FieldInvalid, MaskInvalid."""
    return Listing(
        type=request.type,
        filter=request.filter,
        order_by=request.order_by,
        page_size=page_size(request.page_size),
        page_token=request.page_token,
        read_mask=read_mask(request.read_mask),
        digest=request_digest(request, workspace_id=workspace_id),
        now=now,
    )


def list_response(page: Page) -> messages.ListRecordsResponse:
    """A page of records."""
    return messages.ListRecordsResponse(records=page.records, next_page_token=page.next_page_token, cursor=page.cursor)


@cache
def types_response() -> messages.ListRecordTypesResponse:
    """The eleven types and their columns."""
    return messages.ListRecordTypesResponse(types=[_type(info) for info in RECORD_TYPES.values()])


def _mutation(mutation: messages.RecordMutation, field: str) -> RecordMutation:
    match mutation.WhichOneof("mutation"):
        case "create":
            _check_bare(mutation.create, f"{field}.create")
            return Creation(mutation.create.record)
        case "update":
            _check_bare(mutation.update, f"{field}.update")
            return revision_of(mutation.update)
        case "delete":
            _check_bare(mutation.delete, f"{field}.delete")
            return deletion_of(mutation.delete)
        case _:
            raise FieldInvalid.of(field, "needs one of create, update and delete")


def _check_bare(change: _Change, field: str) -> None:
    if change.request_id:
        raise FieldInvalid.of(f"{field}.request_id", "must be empty in a batch, which has its own")
    if change.validate_only:
        raise FieldInvalid.of(f"{field}.validate_only", "must be false in a batch, which has its own")


def _type(info: RecordTypeInfo) -> messages.ListRecordTypesResponse.TypeInfo:
    return messages.ListRecordTypesResponse.TypeInfo(
        type=info.type,
        token=info.token,
        entity_set=info.entity_set,
        key_column=info.key_column,
        columns=[_column(column) for column in info.payload_columns],
        event_types=info.event_types,
    )


def _column(column: Column) -> messages.ListRecordTypesResponse.Column:
    return messages.ListRecordTypesResponse.Column(
        name=column.name,
        path=column.path,
        kind=column.kind,
        enum_values=column.enum_values,
        reference_type=column.reference_type or RecordType.RECORD_TYPE_UNSPECIFIED,
        required=column.required,
        output_only=column.output_only,
        immutable=column.immutable,
        filterable=column.filterable,
        description=column.description,
    )
