"""RecordService: records of all eleven types, read and written."""

from functools import partial
from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.model.instants import Clock
from clockwire.model.masks import read_mask
from clockwire.operations import records as operations
from clockwire.operations.changes import Changed
from clockwire.operations.record_lists import list_records
from clockwire.rpc.messages.mutations import mutation_info
from clockwire.rpc.messages.records import (
    batch_response,
    deletion_of,
    list_response,
    listing_of,
    mutations_of,
    revision_of,
    types_response,
)
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.storage.rehearsal import Operation, Rehearsing
from clockwire.v1 import record_service_pb2 as messages
from clockwire.v1.record_service_pb2_grpc import RecordServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]

#: With smaller batches it costs about as much to have them rehearsed as it saves.
FEWEST_REHEARSED = 10


class Records(RecordServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, rehearsals: Rehearsing, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._rehearsals = rehearsals
        self._clock = clock

    async def CreateRecord(
        self, request: messages.CreateRecordRequest, context: Context
    ) -> messages.CreateRecordResponse:
        """The record as it is stored."""
        return await self._writes.run(
            request,
            lambda transaction: operations.create_record(transaction, request.record),
            lambda changed, mutation: messages.CreateRecordResponse(
                record=changed.record, mutation=mutation_info(mutation)
            ),
        )

    async def GetRecord(self, request: messages.GetRecordRequest, context: Context) -> messages.GetRecordResponse:
        """One record."""
        mask = read_mask(request.read_mask)
        record = await self._database.read(operations.get_record, caller().workspace_id, request.key)
        return messages.GetRecordResponse(record=mask.apply(record))

    async def BatchGetRecords(
        self, request: messages.BatchGetRecordsRequest, context: Context
    ) -> messages.BatchGetRecordsResponse:
        """Records by their keys."""
        mask = read_mask(request.read_mask)
        found, absent = await self._database.read(operations.batch_get, caller().workspace_id, request.keys)
        return messages.BatchGetRecordsResponse(records=map(mask.apply, found), missing_keys=absent)

    async def ListRecords(self, request: messages.ListRecordsRequest, context: Context) -> messages.ListRecordsResponse:
        """A page of the records of one type."""
        workspace_id = caller().workspace_id
        listing = listing_of(request, workspace_id, self._clock())
        return list_response(await self._database.read(list_records, workspace_id, listing))

    async def UpdateRecord(
        self, request: messages.UpdateRecordRequest, context: Context
    ) -> messages.UpdateRecordResponse:
        """The record with the new values."""
        return await self._writes.run(
            request,
            lambda transaction: operations.update_record(transaction, revision_of(request)),
            lambda changed, mutation: messages.UpdateRecordResponse(
                record=changed.record, created=changed.created, mutation=mutation_info(mutation)
            ),
        )

    async def DeleteRecord(
        self, request: messages.DeleteRecordRequest, context: Context
    ) -> messages.DeleteRecordResponse:
        """The record is gone."""
        return await self._writes.run(
            request,
            lambda transaction: operations.delete_record(transaction, deletion_of(request)),
            lambda count, mutation: messages.DeleteRecordResponse(
                deleted_count=count, mutation=mutation_info(mutation)
            ),
        )

    async def CloseRecord(self, request: messages.CloseRecordRequest, context: Context) -> messages.CloseRecordResponse:
        """The project or task, closed."""
        return await self._writes.run(
            request,
            lambda transaction: operations.close_record(
                transaction, request.key, etag=request.etag, close_children=request.close_children
            ),
            lambda changed, mutation: messages.CloseRecordResponse(
                record=changed.record, mutation=mutation_info(mutation)
            ),
        )

    async def ReopenRecord(
        self, request: messages.ReopenRecordRequest, context: Context
    ) -> messages.ReopenRecordResponse:
        """The project or task, open."""
        return await self._writes.run(
            request,
            lambda transaction: operations.reopen_record(transaction, request.key, etag=request.etag),
            lambda changed, mutation: messages.ReopenRecordResponse(
                record=changed.record, mutation=mutation_info(mutation)
            ),
        )

    async def BatchMutateRecords(
        self, request: messages.BatchMutateRecordsRequest, context: Context
    ) -> messages.BatchMutateRecordsResponse:
        """What became of each record."""
        mutations = mutations_of(request)
        operation: Operation[list[Changed]] = partial(operations.batch_mutate, mutations=mutations)
        if len(mutations) >= FEWEST_REHEARSED:
            operation = await self._rehearsals.rehearsed(operation, caller())
        return await self._writes.run(request, operation, batch_response)

    async def ListRecordTypes(
        self, request: messages.ListRecordTypesRequest, context: Context
    ) -> messages.ListRecordTypesResponse:
        """The types and their columns."""
        return types_response()
