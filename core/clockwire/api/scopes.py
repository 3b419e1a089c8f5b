"""Which scope does each call need? The one table, covering every RPC of every service."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may make a call, and whether it happens inside a workspace."""

    #: The scope a key needs; empty: any valid key. An operator's key has them all.
    scope: str = ""
    #: Whether the call may be made without a key.
    open: bool = False
    #: Whether an operator's key has to name the workspace it means.
    in_workspace: bool = True


_SCOPES: Mapping[str, Mapping[str, Access]] = {
    "RecordService": {
        "CreateRecord": Access(scope="records.write"),
        "GetRecord": Access(scope="records.read"),
        "BatchGetRecords": Access(scope="records.read"),
        "ListRecords": Access(scope="records.read"),
        "UpdateRecord": Access(scope="records.write"),
        "DeleteRecord": Access(scope="records.write"),
        "CloseRecord": Access(scope="records.write"),
        "ReopenRecord": Access(scope="records.write"),
        "BatchMutateRecords": Access(scope="records.write"),
        "ListRecordTypes": Access(scope="records.read"),
    },
    "TimerService": {
        "StartTimer": Access(scope="timers.write"),
        "StopTimer": Access(scope="timers.write"),
        "DiscardTimer": Access(scope="timers.write"),
        "UpdateTimer": Access(scope="timers.write"),
        "GetTimer": Access(scope="timers.read"),
        "ListTimers": Access(scope="timers.read"),
    },
    "EventService": {
        "WatchEvents": Access(scope="events.read"),
        "PullEvents": Access(scope="events.read"),
        "GetEvent": Access(scope="events.read"),
        "GetEventLog": Access(scope="events.read"),
    },
    "ConsumerService": {
        "CommitConsumer": Access(scope="events.read"),
        "GetConsumer": Access(scope="events.read"),
        "ListConsumers": Access(scope="events.read"),
        "DeleteConsumer": Access(scope="events.read"),
    },
    "SubscriptionService": {
        "CreateSubscription": Access(scope="subscriptions.write"),
        "GetSubscription": Access(scope="subscriptions.read"),
        "ListSubscriptions": Access(scope="subscriptions.read"),
        "UpdateSubscription": Access(scope="subscriptions.write"),
        "DeleteSubscription": Access(scope="subscriptions.write"),
        "PauseSubscription": Access(scope="subscriptions.write"),
        "ResumeSubscription": Access(scope="subscriptions.write"),
        "RotateSecret": Access(scope="subscriptions.write"),
        "FinishSecretRotation": Access(scope="subscriptions.write"),
        "TestSubscription": Access(scope="subscriptions.write"),
        "PreviewPayload": Access(scope="subscriptions.read"),
    },
    "DeliveryService": {
        "ListDeliveries": Access(scope="deliveries.read"),
        "GetDelivery": Access(scope="deliveries.read"),
        "Redeliver": Access(scope="deliveries.write"),
    },
    "InboundHookService": {
        "CreateInboundHook": Access(scope="hooks.write"),
        "GetInboundHook": Access(scope="hooks.read"),
        "ListInboundHooks": Access(scope="hooks.read"),
        "EnableInboundHook": Access(scope="hooks.write"),
        "DisableInboundHook": Access(scope="hooks.write"),
        "ResetInboundHookToken": Access(scope="hooks.write"),
        "DeleteInboundHook": Access(scope="hooks.write"),
    },
    "ApiKeyService": {
        "CreateApiKey": Access(scope="keys.admin"),
        "GetApiKey": Access(scope="keys.admin"),
        "ListApiKeys": Access(scope="keys.admin"),
        "RotateApiKey": Access(scope="keys.admin"),
        "RevokeApiKey": Access(scope="keys.admin"),
    },
    "WorkspaceService": {
        "CreateWorkspace": Access(scope=OPERATOR, in_workspace=False),
        "GetWorkspace": Access(scope="workspace.admin", in_workspace=False),
        "ListWorkspaces": Access(scope=OPERATOR, in_workspace=False),
        "UpdateWorkspace": Access(scope="workspace.admin", in_workspace=False),
        "DeleteWorkspace": Access(scope=OPERATOR, in_workspace=False),
    },
    "AccountService": {
        "GetCaller": Access(in_workspace=False),
        "GetServerInfo": Access(open=True, in_workspace=False),
    },
}

#: Full method name, "/clockwire.v1.RecordService/GetRecord", to who may call it.
ACCESS: Mapping[str, Access] = MappingProxyType(
    {
        f"/clockwire.v1.{service}/{method}": access
        for service, methods in _SCOPES.items()
        for method, access in methods.items()
    }
)

#: Services that answer anybody, and are no part of the contract.
OPEN_SERVICES = frozenset({"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"})


def allows(scopes: frozenset[str], access: Access) -> bool:
    """Whether a key with these scopes may make the call."""
    return not access.scope or access.scope in scopes or OPERATOR in scopes
