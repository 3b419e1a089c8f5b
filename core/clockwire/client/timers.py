"""What a client does with timers most: start one, stop it, see which runs.

Every method of TimerService is on `timers` besides.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from clockwire.client.records import timer_of
from clockwire.client.values import parsed_value
from clockwire.v1.timer_service_pb2 import (
    ListTimersRequest,
    StartTimerRequest,
    StartTimerResponse,
    StopTimerRequest,
    StopTimerResponse,
)
from clockwire.v1.timer_service_pb2_grpc import TimerServiceStub
from clockwire.v1.timers_pb2 import Timer

if TYPE_CHECKING:  # it is a type only
    from clockwire.v1.timer_service_pb2_grpc import TimerServiceAsyncStub


class Timers:
    """Those methods of a client that blocks."""

    timers: TimerServiceStub

    def start_timer(
        self, user_id: str, *, stop_running: bool = False, request_id: str = "", **fields: object
    ) -> StartTimerResponse:
        """Start a timer of this user, with fields of Timer; with stop_running the present one is stopped first."""
        return self.timers.StartTimer(_start(user_id, fields, stop_running=stop_running, request_id=request_id))

    def stop_timer(
        self,
        timer_id: str = "",
        *,
        user_id: str = "",
        stop_time: datetime | str | None = None,
        description: str = "",
        request_id: str = "",
    ) -> StopTimerResponse:
        """Stop the timer of this id, or the one of this user that runs, now or at a time of the past."""
        return self.timers.StopTimer(
            _stop(timer_id, user_id, stop_time, description=description, request_id=request_id)
        )

    def running_timer(self, user_id: str) -> Timer | None:
        """The timer of this user that runs, None if there is none."""
        return next(iter(self.timers.ListTimers(ListTimersRequest(user_ids=[user_id])).timers), None)


class AsyncTimers:
    """The same for a client that is awaited."""

    timers: "TimerServiceAsyncStub"

    async def start_timer(
        self, user_id: str, *, stop_running: bool = False, request_id: str = "", **fields: object
    ) -> StartTimerResponse:
        """As `Client.start_timer`."""
        return await self.timers.StartTimer(_start(user_id, fields, stop_running=stop_running, request_id=request_id))

    async def stop_timer(
        self,
        timer_id: str = "",
        *,
        user_id: str = "",
        stop_time: datetime | str | None = None,
        description: str = "",
        request_id: str = "",
    ) -> StopTimerResponse:
        """As `Client.stop_timer`."""
        request = _stop(timer_id, user_id, stop_time, description=description, request_id=request_id)
        return await self.timers.StopTimer(request)

    async def running_timer(self, user_id: str) -> Timer | None:
        """As `Client.running_timer`."""
        return next(iter((await self.timers.ListTimers(ListTimersRequest(user_ids=[user_id]))).timers), None)


def _start(user_id: str, fields: Mapping[str, object], *, stop_running: bool, request_id: str) -> StartTimerRequest:
    on_running = StartTimerRequest.ON_RUNNING_STOP if stop_running else StartTimerRequest.ON_RUNNING_FAIL
    timer = timer_of({**fields, "user_id": user_id})
    return StartTimerRequest(timer=timer, on_running=on_running, request_id=request_id)


def _stop(
    timer_id: str, user_id: str, stop_time: datetime | str | None, *, description: str, request_id: str
) -> StopTimerRequest:
    if bool(timer_id) == bool(user_id):
        raise ValueError("name the timer by its id or by its user: exactly one of them")
    request = StopTimerRequest(description=description, request_id=request_id)
    if timer_id:
        request.timer_id = timer_id
    else:
        request.user_id = user_id
    if stop_time is not None:
        field = StopTimerRequest.DESCRIPTOR.fields_by_name["stop_time"]
        request.stop_time.CopyFrom(parsed_value(field, stop_time))
    return request
