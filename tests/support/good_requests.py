"""One request for each method that a world (tests/support/world.py) grants; names of what is in it are placeholders."""

from collections.abc import Mapping

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.client.records import record_of
from clockwire.v1 import (
    account_service_pb2,
    api_key_service_pb2,
    consumer_service_pb2,
    delivery_service_pb2,
    event_service_pb2,
    inbound_hook_service_pb2,
    record_service_pb2,
    subscription_service_pb2,
    timer_service_pb2,
    workspace_service_pb2,
)
from clockwire.v1.common_pb2 import RECORD_TYPE_PROJECT
from clockwire.v1.events_pb2 import EventFilter, EventStart
from clockwire.v1.records_pb2 import Record, RecordKey
from clockwire.v1.subscriptions_pb2 import RetryPolicy, Subscription
from clockwire.v1.timers_pb2 import Timer

_START = EventStart(cursor="<cursor:0>")
_SUBSCRIPTION = "<subscription:0>"
_FILTER = EventFilter(
    event_types=["project.*", "timelog.*"],
    project_ids=["<project:0>"],
    client_ids=["<client:0>"],
    user_ids=["<user:0>"],
    expression='project_name = "a" OR project_id = "<project:0>"',
)


def _records() -> Mapping[str, Message]:
    key = RecordKey(id="<project:0>")
    renamed = Record(id="<project:0>", etag="<etag:0>")
    renamed.project.project_name = "Renamed"
    batch = record_service_pb2.BatchMutateRecordsRequest()
    batch.mutations.add().create.record.CopyFrom(new_records()["timelog"])
    batch.mutations.add().update.record.CopyFrom(renamed)
    batch.mutations.add().delete.key.CopyFrom(RecordKey(id="<expense:0>"))
    return {
        "CreateRecord": record_service_pb2.CreateRecordRequest(record=new_records()["task"]),
        "GetRecord": record_service_pb2.GetRecordRequest(key=key, read_mask=FieldMask(paths=["id", "project"])),
        "BatchGetRecords": record_service_pb2.BatchGetRecordsRequest(keys=[key, RecordKey(id="<user:0>")]),
        "ListRecords": record_service_pb2.ListRecordsRequest(
            type=RECORD_TYPE_PROJECT, filter='project_name = "*"', order_by="project_name desc, id", page_size=2
        ),
        "UpdateRecord": record_service_pb2.UpdateRecordRequest(
            record=renamed, update_mask=FieldMask(paths=["project.project_name"])
        ),
        "DeleteRecord": record_service_pb2.DeleteRecordRequest(key=key, force=True),
        "CloseRecord": record_service_pb2.CloseRecordRequest(key=key, close_children=True),
        "ReopenRecord": record_service_pb2.ReopenRecordRequest(key=key),
        "BatchMutateRecords": batch,
        "ListRecordTypes": record_service_pb2.ListRecordTypesRequest(),
    }


def _timers() -> Mapping[str, Message]:
    service = timer_service_pb2
    started = Timer(user_id="<user:0>", project_id="<project:0>", task_id="<task:0>", description="x")
    changed = Timer(id="<timer:2>", description="y")
    return {
        "StartTimer": service.StartTimerRequest(timer=started, on_running=service.StartTimerRequest.ON_RUNNING_STOP),
        "StopTimer": service.StopTimerRequest(timer_id="<timer:0>", description="z"),
        "DiscardTimer": service.DiscardTimerRequest(timer_id="<timer:1>"),
        "UpdateTimer": service.UpdateTimerRequest(timer=changed, update_mask=FieldMask(paths=["description"])),
        "GetTimer": service.GetTimerRequest(timer_id="<timer:0>"),
        "ListTimers": service.ListTimersRequest(
            user_ids=["<user:0>"], project_ids=["<project:0>"], include_ended=True, page_size=2
        ),
    }


def _events() -> Mapping[str, Message]:
    short = Duration(nanos=20_000_000)
    return {
        "WatchEvents": event_service_pb2.WatchEventsRequest(
            start=_START, filter=_FILTER, heartbeat_interval=Duration(seconds=1)
        ),
        "PullEvents": event_service_pb2.PullEventsRequest(
            start=_START, filter=_FILTER, wait_timeout=short, max_events=3
        ),
        "GetEvent": event_service_pb2.GetEventRequest(event_id="<event:0>"),
        "GetEventLog": event_service_pb2.GetEventLogRequest(),
        "CommitConsumer": consumer_service_pb2.CommitConsumerRequest(
            name="<consumer:0>", position=_START, allow_rewind=True, description="as it was"
        ),
        "GetConsumer": consumer_service_pb2.GetConsumerRequest(name="<consumer:0>"),
        "ListConsumers": consumer_service_pb2.ListConsumersRequest(page_size=2),
        "DeleteConsumer": consumer_service_pb2.DeleteConsumerRequest(name="<consumer:0>"),
    }


def _subscriptions() -> Mapping[str, Message]:
    made = Subscription(
        target_url="https://127.0.0.1:9/hook?key=value",
        filter=_FILTER,
        headers={"X-Own": "value"},
        retry_policy=RetryPolicy(delays=[Duration(seconds=1)]),
        request_timeout=Duration(seconds=1),
    )
    changed = Subscription(id="<subscription:0>", description="Changed", max_in_flight=2)
    service = subscription_service_pb2
    return {
        "CreateSubscription": service.CreateSubscriptionRequest(subscription=made, paused=True),
        "GetSubscription": service.GetSubscriptionRequest(subscription_id=_SUBSCRIPTION),
        "ListSubscriptions": service.ListSubscriptionsRequest(event_type="project.created", include_stats=True),
        "UpdateSubscription": service.UpdateSubscriptionRequest(
            subscription=changed, update_mask=FieldMask(paths=["description"])
        ),
        "DeleteSubscription": service.DeleteSubscriptionRequest(subscription_id=_SUBSCRIPTION),
        "PauseSubscription": service.PauseSubscriptionRequest(subscription_id=_SUBSCRIPTION),
        "ResumeSubscription": service.ResumeSubscriptionRequest(subscription_id=_SUBSCRIPTION),
        "RotateSecret": service.RotateSecretRequest(subscription_id=_SUBSCRIPTION, overlap=Duration(seconds=60)),
        "FinishSecretRotation": service.FinishSecretRotationRequest(subscription_id=_SUBSCRIPTION),
        "TestSubscription": service.TestSubscriptionRequest(
            subscription_id=_SUBSCRIPTION, event_type="project.created", record_id="<project:0>"
        ),
        "PreviewPayload": service.PreviewPayloadRequest(event_type="project.created", record_id="<project:0>"),
    }


def _administration() -> Mapping[str, Message]:
    scopes = [api_key_service_pb2.SCOPE_RECORDS_READ, api_key_service_pb2.SCOPE_RECORDS_WRITE]
    key = api_key_service_pb2.ApiKey(name="new", scopes=scopes, expire_time=Timestamp(seconds=2_000_000_000))
    workspace = workspace_service_pb2.Workspace(name="New", time_zone="UTC", currency="EUR")
    renamed = workspace_service_pb2.Workspace(id="<workspace:0>", name="Renamed")
    service = workspace_service_pb2
    return {
        "ListDeliveries": delivery_service_pb2.ListDeliveriesRequest(subscription_id=_SUBSCRIPTION, page_size=2),
        "GetDelivery": delivery_service_pb2.GetDeliveryRequest(delivery_id="<delivery:0>", include_bodies=True),
        "Redeliver": delivery_service_pb2.RedeliverRequest(delivery_id="<delivery:0>"),
        "CreateApiKey": api_key_service_pb2.CreateApiKeyRequest(api_key=key),
        "GetApiKey": api_key_service_pb2.GetApiKeyRequest(api_key_id="<api_key:0>"),
        "ListApiKeys": api_key_service_pb2.ListApiKeysRequest(show_ended=True),
        "RotateApiKey": api_key_service_pb2.RotateApiKeyRequest(api_key_id="<api_key:0>", overlap=Duration(seconds=60)),
        "RevokeApiKey": api_key_service_pb2.RevokeApiKeyRequest(api_key_id="<api_key:0>"),
        "CreateWorkspace": service.CreateWorkspaceRequest(workspace=workspace),
        "GetWorkspace": service.GetWorkspaceRequest(workspace_id="<workspace:0>"),
        "ListWorkspaces": service.ListWorkspacesRequest(page_size=3),
        "UpdateWorkspace": service.UpdateWorkspaceRequest(workspace=renamed, update_mask=FieldMask(paths=["name"])),
        "DeleteWorkspace": service.DeleteWorkspaceRequest(
            workspace_id="<workspace:0>", confirm_name="<workspace_name:0>"
        ),
        "GetCaller": account_service_pb2.GetCallerRequest(),
        "GetServerInfo": account_service_pb2.GetServerInfoRequest(),
    }


def _inbound_hooks() -> Mapping[str, Message]:
    service = inbound_hook_service_pb2
    hook = service.InboundHook(name="A hook", user_id="<user:0>", commands=["task.track", "task.stop"])
    which = {"inbound_hook_id": "<inbound_hook:0>"}
    return {
        "CreateInboundHook": service.CreateInboundHookRequest(inbound_hook=hook, secret="0123456789abcdef"),
        "GetInboundHook": service.GetInboundHookRequest(**which),
        "ListInboundHooks": service.ListInboundHooksRequest(page_size=2),
        "EnableInboundHook": service.EnableInboundHookRequest(**which),
        "DisableInboundHook": service.DisableInboundHookRequest(**which),
        "ResetInboundHookToken": service.ResetInboundHookTokenRequest(**which),
        "DeleteInboundHook": service.DeleteInboundHookRequest(**which),
    }


def new_records() -> Mapping[str, Record]:
    """A record of each type that may be created."""
    day, begin, end = "2025-01-15", "2025-01-15T09:00:00Z", "2025-01-15T10:30:00Z"
    project, user, client = "<project:0>", "<user:0>", "<client:0>"
    fields: Mapping[str, Mapping[str, object]] = {
        "client": {"client_name": "A customer"},
        "project": {"project_name": "A project", "client_id": client, "custom_fields": {"cost": {"center": [1, "x"]}}},
        "user": {"user_name": "A person"},
        "task": {"task_name": "A task", "project_id": project, "assigned_user_ids": [user]},
        "category": {"category_name": "A category"},
        "subproject": {"subproject_name": "A phase", "project_id": project},
        "inventory": {"inventory_name": "A part", "unit_cost": "1.5"},
        "billingrate": {"project_id": project, "user_id": user, "client_rate": "80", "effective_start_date": day},
        "invoice": {"client_id": client},
        "expense": {"project_id": project, "user_id": user, "date": day, "amount": "12.50"},
        "timelog": {"project_id": project, "user_id": user, "start_time": begin, "end_time": end, "description": "x"},
    }
    return {token: record_of(token, each) for token, each in fields.items()}


GOOD: Mapping[str, Message] = {
    **_records(),
    **_timers(),
    **_events(),
    **_subscriptions(),
    **_inbound_hooks(),
    **_administration(),
}
