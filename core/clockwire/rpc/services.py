"""Which services there are, and what each is made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from clockwire.api.authentication import Authenticator
from clockwire.api.calls import Method
from clockwire.api.draining import Drain
from clockwire.api.procedures import Procedure
from clockwire.api.scopes import ACCESS
from clockwire.model.delivery import ClaimedDelivery
from clockwire.model.instants import Clock
from clockwire.model.vault import Vault
from clockwire.operations.endings import Endings
from clockwire.operations.event_log import EventLog
from clockwire.operations.samples import Samples
from clockwire.rpc.account import Account, ServerFacts
from clockwire.rpc.api_keys import ApiKeys
from clockwire.rpc.consumers import Consumers
from clockwire.rpc.deliveries import Deliveries
from clockwire.rpc.events import Events, add_events
from clockwire.rpc.health import Health
from clockwire.rpc.inbound_hooks import InboundHooks
from clockwire.rpc.records import Records
from clockwire.rpc.subscriptions import Subscriptions
from clockwire.rpc.timers import Timers
from clockwire.rpc.workspaces import Workspaces
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.storage.rehearsal import Rehearsing
from clockwire.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from clockwire.v1.api_key_service_pb2_grpc import add_ApiKeyServiceServicer_to_server
from clockwire.v1.consumer_service_pb2_grpc import add_ConsumerServiceServicer_to_server
from clockwire.v1.delivery_service_pb2_grpc import add_DeliveryServiceServicer_to_server
from clockwire.v1.inbound_hook_service_pb2_grpc import add_InboundHookServiceServicer_to_server
from clockwire.v1.record_service_pb2_grpc import add_RecordServiceServicer_to_server
from clockwire.v1.subscription_service_pb2_grpc import add_SubscriptionServiceServicer_to_server
from clockwire.v1.timer_service_pb2_grpc import add_TimerServiceServicer_to_server
from clockwire.v1.workspace_service_pb2_grpc import add_WorkspaceServiceServicer_to_server

SERVICES = sorted({method.split("/")[1] for method in ACCESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the servicers are made of."""

    database: Database
    writes: Writes
    rehearsals: Rehearsing
    event_log: EventLog
    endings: Endings
    vault: Vault
    samples: Samples
    check_target: Callable[[str], Awaitable[object]]
    headers_of: Callable[[ClaimedDelivery], Mapping[str, str]]
    authenticator: Authenticator
    drain: Drain
    facts: ServerFacts
    clock: Clock

    def register(self, server: grpc.aio.Server) -> None:
        """The server answers for every service of the contract."""
        database, writes, clock = self.database, self.writes, self.clock
        add_AccountServiceServicer_to_server(Account(database, self.facts, clock), server)
        add_WorkspaceServiceServicer_to_server(Workspaces(database, writes, self.authenticator, clock), server)
        add_ApiKeyServiceServicer_to_server(ApiKeys(database, writes, self.authenticator, clock), server)
        add_ConsumerServiceServicer_to_server(Consumers(database, writes, clock), server)
        add_InboundHookServiceServicer_to_server(InboundHooks(database, writes, self.vault, clock), server)
        add_RecordServiceServicer_to_server(Records(database, writes, self.rehearsals, clock), server)
        add_TimerServiceServicer_to_server(Timers(database, writes, clock), server)
        add_DeliveryServiceServicer_to_server(Deliveries(database, writes, self.endings, clock), server)
        add_SubscriptionServiceServicer_to_server(self._subscriptions(), server)
        add_events(Events(self.event_log, database, self.drain, clock), server)

    def procedures(self) -> Mapping[str, Procedure]:
        """The same, for ways in that are not gRPC: "/clockwire.v1.RecordService/GetRecord" to what answers it."""
        collected = _Collected()
        self.register(cast("grpc.aio.Server", collected))
        return collected.procedures

    def _subscriptions(self) -> Subscriptions:
        return Subscriptions(
            self.database,
            self.writes,
            self.vault,
            self.samples,
            check_target=self.check_target,
            headers_of=self.headers_of,
            clock=self.clock,
        )


def add_health(server: grpc.aio.Server, drain: Drain) -> None:
    """The server says how it is."""
    health_pb2_grpc.add_HealthServicer_to_server(Health(SERVICES, drain), server)  # type: ignore[no-untyped-call]


def add_reflection(server: grpc.aio.Server) -> None:
    """The server tells tools which services it has."""
    reflection.enable_server_reflection([*SERVICES, reflection.SERVICE_NAME], server)  # type: ignore[no-untyped-call]


class _Collected:
    """Stands where a gRPC server would while services are registered, and keeps what it is given."""

    def __init__(self) -> None:
        self.procedures: dict[str, Procedure] = {}

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """The same again, in an older form."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """The handlers of a service by the names of its methods."""
        described = descriptor_pool.Default().FindServiceByName(service)
        for name, handler in handlers.items():
            method = described.methods_by_name[name]
            path = f"/{service}/{name}"
            self.procedures[path] = Procedure(
                method=Method.named(path),
                request=GetMessageClass(method.input_type),
                response=GetMessageClass(method.output_type),
                streams=handler.request_streaming or handler.response_streaming,
                answer=handler.unary_unary,
            )
