"""DeliveryService: what was sent, what came of it, and sending it again."""

from datetime import timedelta
from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.model.instants import SECOND, Clock
from clockwire.model.values.times import check_duration
from clockwire.operations.deliveries import await_delivery, list_deliveries, redeliver
from clockwire.operations.endings import Endings
from clockwire.rpc.messages.deliveries import delivery_message, delivery_query, get_response
from clockwire.rpc.pages import Page, page_of
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.storage.deliveries import Place
from clockwire.v1 import delivery_service_pb2 as messages
from clockwire.v1.delivery_service_pb2_grpc import DeliveryServiceServicer

_LONGEST_WAIT = timedelta(seconds=60)

Context = grpc.aio.ServicerContext[Any, Any]


class Deliveries(DeliveryServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, endings: Endings, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._endings = endings
        self._clock = clock

    async def ListDeliveries(
        self, request: messages.ListDeliveriesRequest, context: Context
    ) -> messages.ListDeliveriesResponse:
        """A page of deliveries, newest event first."""
        workspace_id, query = caller().workspace_id, delivery_query(request)
        page = page_of(request, workspace_id, self._clock())
        found = await self._database.read(list_deliveries, workspace_id, query, after=_place(page), limit=page.size + 1)
        response = messages.ListDeliveriesResponse(deliveries=[delivery_message(each) for each in found[: page.size]])
        if len(found) > page.size:
            last = found[page.size - 1]
            response.next_page_token = page.next_token(last.create_time, last.event_sequence, last.id)
        return response

    async def GetDelivery(self, request: messages.GetDeliveryRequest, context: Context) -> messages.GetDeliveryResponse:
        """One delivery with its attempts, once it has ended if that was asked."""
        view = await await_delivery(
            self._database,
            self._endings,
            caller().workspace_id,
            request.delivery_id,
            timeout_seconds=check_duration("wait_timeout", request.wait_timeout, maximum=_LONGEST_WAIT) / SECOND,
        )
        return get_response(view, with_bodies=request.include_bodies)

    async def Redeliver(self, request: messages.RedeliverRequest, context: Context) -> messages.RedeliverResponse:
        """The delivery, which is sent again."""
        return await self._writes.run(
            request,
            lambda transaction: redeliver(transaction, request.delivery_id),
            lambda delivery, _: messages.RedeliverResponse(delivery=delivery_message(delivery)),
        )


def _place(page: Page) -> Place | None:
    if not page.after:
        return None
    create_time, sequence, id_ = page.after
    return int(create_time or 0), int(sequence or 0), str(id_)
