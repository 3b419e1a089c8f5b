"""TimerService: work that has begun and not ended."""

from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.model.instants import Clock
from clockwire.model.page_token import PageToken, request_digest
from clockwire.operations import timers as operations
from clockwire.operations.timer_lists import get_timer, list_timers
from clockwire.rpc.messages.mutations import mutation_info
from clockwire.rpc.messages.timers import place_of, start_response, stop_time_of, stops_running, target_of, timer_query
from clockwire.rpc.pages import page_size
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.v1 import timer_service_pb2 as messages
from clockwire.v1.timer_service_pb2_grpc import TimerServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class Timers(TimerServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._clock = clock

    async def StartTimer(self, request: messages.StartTimerRequest, context: Context) -> messages.StartTimerResponse:
        """The timer, running, and what was stopped for it."""
        stop_running = stops_running(request)
        return await self._writes.run(
            request,
            lambda transaction: operations.start_timer(transaction, request.timer, stop_running=stop_running),
            start_response,
        )

    async def StopTimer(self, request: messages.StopTimerRequest, context: Context) -> messages.StopTimerResponse:
        """The timer, stopped, and its time log."""
        target, stop_time = target_of(request), stop_time_of(request)
        return await self._writes.run(
            request,
            lambda transaction: operations.stop_timer(
                transaction, target, stop_time=stop_time, description=request.description, etag=request.etag
            ),
            lambda stopped, mutation: messages.StopTimerResponse(
                timer=stopped.timer, time_log=stopped.time_log, mutation=mutation_info(mutation)
            ),
        )

    async def DiscardTimer(
        self, request: messages.DiscardTimerRequest, context: Context
    ) -> messages.DiscardTimerResponse:
        """The timer, thrown away."""
        target = target_of(request)
        return await self._writes.run(
            request,
            lambda transaction: operations.discard_timer(transaction, target, etag=request.etag),
            lambda timer, mutation: messages.DiscardTimerResponse(timer=timer, mutation=mutation_info(mutation)),
        )

    async def UpdateTimer(self, request: messages.UpdateTimerRequest, context: Context) -> messages.UpdateTimerResponse:
        """The timer with the new values."""
        return await self._writes.run(
            request,
            lambda transaction: operations.update_timer(transaction, request.timer, request.update_mask),
            lambda timer, mutation: messages.UpdateTimerResponse(timer=timer, mutation=mutation_info(mutation)),
        )

    async def GetTimer(self, request: messages.GetTimerRequest, context: Context) -> messages.GetTimerResponse:
        """One timer."""
        timer = await self._database.read(get_timer, caller().workspace_id, request.timer_id)
        return messages.GetTimerResponse(timer=timer)

    async def ListTimers(self, request: messages.ListTimersRequest, context: Context) -> messages.ListTimersResponse:
        """A page of timers, oldest start first."""
        workspace_id, size, query = caller().workspace_id, page_size(request.page_size), timer_query(request)
        digest, now = request_digest(request, workspace_id=workspace_id), self._clock()
        token = PageToken.decode(request.page_token, request_digest=digest, now=now) if request.page_token else None
        after = place_of(token) if token else None
        page = await self._database.read(list_timers, workspace_id, query, after=after, limit=size + 1)
        cursor = token.cursor if token else page.cursor
        response = messages.ListTimersResponse(timers=page.timers[:size], cursor=cursor)
        if len(page.timers) > size:
            last = response.timers[-1]
            position = (last.start_time.ToMicroseconds(), last.id)
            response.next_page_token = PageToken(position=position, cursor=cursor, issue_time=now).encode(
                request_digest=digest
            )
        return response
