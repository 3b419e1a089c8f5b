"""The health that load balancers ask for (grpc.health.v1): serving, until the server drains."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthServicer

from clockwire.api.draining import Drain
from clockwire.api.errors import message_of
from clockwire.model.errors import ServerDraining
from clockwire.rpc.errors import status_of, trailers_of

Context = grpc.aio.ServicerContext[Any, Any]


class Health(HealthServicer):
    """The servicer. The empty name stands for the server as a whole."""

    def __init__(self, services: Collection[str], drain: Drain) -> None:
        self._services = {"", *services}
        self._drain = drain

    async def Check(self, request: HealthCheckRequest, context: Context) -> HealthCheckResponse:
        """The state of a service now; NOT_FOUND for one that is not here."""
        if request.service not in self._services:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service here")
        return self._state(request.service)

    async def Watch(self, request: HealthCheckRequest, context: Context) -> AsyncIterator[HealthCheckResponse]:
        """The state of a service now, and when it changes: that is the end, so that no watch holds the server up."""
        yield self._state(request.service)
        try:
            await self._drain.before(asyncio.Event().wait())
        except ServerDraining as error:
            yield self._state(request.service)
            await context.abort(status_of(error), message_of(error), trailers_of(error))

    def _state(self, service: str) -> HealthCheckResponse:
        if service not in self._services:
            return HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN)
        if self._drain.over:
            return HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
        return HealthCheckResponse(status=HealthCheckResponse.SERVING)
