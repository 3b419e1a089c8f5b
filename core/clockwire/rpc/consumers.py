"""ConsumerService: named readers, and how far they have come."""

from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.model.instants import Clock
from clockwire.model.page_token import PageToken, request_digest
from clockwire.operations.consumers import commit_consumer, delete_consumer, get_consumer, list_consumers
from clockwire.rpc.messages.consumers import consumer_message
from clockwire.rpc.pages import page_size
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.v1 import consumer_service_pb2 as messages
from clockwire.v1.consumer_service_pb2_grpc import ConsumerServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class Consumers(ConsumerServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._clock = clock

    async def CommitConsumer(
        self, request: messages.CommitConsumerRequest, context: Context
    ) -> messages.CommitConsumerResponse:
        """The consumer stands where it was told."""
        return await self._writes.run(
            request,
            lambda transaction: commit_consumer(
                transaction,
                request.name,
                request.position,
                etag=request.etag,
                allow_rewind=request.allow_rewind,
                description=request.description,
            ),
            lambda view, _: messages.CommitConsumerResponse(consumer=consumer_message(view)),
        )

    async def GetConsumer(self, request: messages.GetConsumerRequest, context: Context) -> messages.GetConsumerResponse:
        """One consumer."""
        view = await self._database.read(get_consumer, caller().workspace_id, request.name)
        return messages.GetConsumerResponse(consumer=consumer_message(view))

    async def ListConsumers(
        self, request: messages.ListConsumersRequest, context: Context
    ) -> messages.ListConsumersResponse:
        """A page of consumers, by name."""
        workspace_id, size = caller().workspace_id, page_size(request.page_size)
        digest, now = request_digest(request, workspace_id=workspace_id), self._clock()
        after = PageToken.decode(request.page_token, request_digest=digest, now=now) if request.page_token else None
        name = str(after.position[0]) if after else ""
        views = await self._database.read(list_consumers, workspace_id, name, size + 1)
        response = messages.ListConsumersResponse(consumers=[consumer_message(view) for view in views[:size]])
        if len(views) > size:
            token = PageToken(position=(views[size - 1].consumer.name,), issue_time=now)
            response.next_page_token = token.encode(request_digest=digest)
        return response

    async def DeleteConsumer(
        self, request: messages.DeleteConsumerRequest, context: Context
    ) -> messages.DeleteConsumerResponse:
        """The consumer is forgotten."""
        return await self._writes.run(
            request,
            lambda transaction: delete_consumer(transaction, request.name),
            lambda _, __: messages.DeleteConsumerResponse(),
        )
