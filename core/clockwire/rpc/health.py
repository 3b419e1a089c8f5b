"""The health that load balancers ask for (grpc.health.v1), true also while the server drains."""

import grpc
from grpc_health.v1 import health, health_pb2

from clockwire.model.errors import ServerDraining
from clockwire.rpc.errors import message_of, status_of, trailers_of
from clockwire.rpc.streams import Drain


class Health(health.aio.HealthServicer):  # type: ignore[misc, name-defined] # the library is not typed
    """The library's servicer, whose watches end when the server drains: else they would hold it up."""

    def __init__(self, drain: Drain) -> None:
        super().__init__()
        self._drain = drain

    async def Watch(
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse],
    ) -> None:
        """Each state of a service when it changes."""
        try:
            await self._drain.before(super().Watch(request, context))
        except ServerDraining as error:
            await context.write(health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.NOT_SERVING))
            await context.abort(status_of(error), message_of(error), trailers_of(error))
