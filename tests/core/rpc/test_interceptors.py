"""What stands around every call: who calls, where, on whose behalf, and what the log says of it."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from structlog.testing import capture_logs

from clockwire.api.call_line import logged_fields
from clockwire.client.errors import (
    FieldInvalid,
    InternalFault,
    KeyInvalid,
    ReferenceMissing,
    ResourceNotFound,
    WorkspaceForbidden,
)
from clockwire.client.statuses import error_of
from clockwire.model.identifiers import new_id
from clockwire.v1 import records_pb2
from clockwire.v1.account_service_pb2 import GetCallerRequest, GetCallerResponse
from clockwire.v1.api_key_service_pb2 import ApiKey, CreateApiKeyRequest, CreateApiKeyResponse, Scope
from clockwire.v1.common_pb2 import Actor
from clockwire.v1.event_service_pb2 import GetEventRequest, WatchEventsRequest
from clockwire.v1.events_pb2 import EventStart
from clockwire.v1.record_service_pb2 import CreateRecordRequest, ListRecordTypesRequest
from clockwire.v1.records_pb2 import Record
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from tests.support.server import ON_SQLITE, served

CALLER = "/clockwire.v1.AccountService/GetCaller"
LATEST = EventStart(position=EventStart.POSITION_LATEST)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@ON_SQLITE
@pytest.mark.parametrize("authorization", ["Bearer {key}", "bearer {key}", "BEARER  {key}"])
async def test_a_key_is_shown_as_a_bearer_token(server, authorization):
    async with server.channel() as channel:
        answer = await get_caller(channel, ("authorization", authorization.format(key=server.api_key)))
    assert answer.workspace.id == server.workspace_id


@ON_SQLITE
@pytest.mark.parametrize("name", ["authorization", "x-workspace-id", "x-causation-id"])
async def test_what_is_said_twice_is_refused(server, name):
    async with server.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await get_caller(channel, (name, "one"), (name, "two"))
    assert isinstance(error_of(caught.value), FieldInvalid)


async def test_a_key_ends_when_it_expires(server):
    async with server.client() as client:
        created = await client.api_keys.CreateApiKey(
            CreateApiKeyRequest(api_key=a_key(expire_time=server.clock() // 1_000_000 + 60))
        )
        async with server.client(created.key) as short_lived:
            await short_lived.account.GetCaller(GetCallerRequest())
            server.clock.now += 60_000_000
            with pytest.raises(KeyInvalid):
                await short_lived.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_an_operator_has_to_name_the_workspace_it_means(server):
    async with server.operator() as client:
        with pytest.raises(FieldInvalid) as caught:
            await client.records.ListRecordTypes(ListRecordTypesRequest())
    assert caught.value.violations[0].field == "x-workspace-id"


@ON_SQLITE
async def test_an_operator_may_name_any_workspace_that_exists(server):
    async with server.operator(workspace_id=server.new_workspace()) as client:
        await client.records.ListRecordTypes(ListRecordTypesRequest())
    async with server.operator(workspace_id=new_id(0)) as client:
        with pytest.raises(ResourceNotFound):
            await client.records.ListRecordTypes(ListRecordTypesRequest())


@ON_SQLITE
async def test_a_key_may_name_its_own_workspace_and_no_other(server):
    async with server.client(workspace_id=server.workspace_id) as client:
        await client.records.ListRecordTypes(ListRecordTypesRequest())
    async with server.client(workspace_id=server.new_workspace()) as client:
        with pytest.raises(WorkspaceForbidden):
            await client.records.ListRecordTypes(ListRecordTypesRequest())


async def test_events_say_who_caused_them_and_in_which_trace(server):
    async with server.client(causation_id="run-7") as client:
        await client.create("client", client_name="Acme")
        event = await last_event(client)
    assert event.actor.kind == Actor.KIND_API_KEY
    assert event.actor.display_name == "a key"
    assert event.causation_id == "run-7"


@ON_SQLITE
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (TRACE, TRACE),
        ("nonsense", ""),
        ("00-" + "0" * 32 + "-b7ad6b7169203331-01", ""),
        (TRACE.upper(), ""),
    ],
)
async def test_a_trace_is_carried_on_unless_it_is_malformed(server, sent, kept):
    async with server.channel() as channel, server.client() as client:
        create = channel.unary_unary("/clockwire.v1.RecordService/CreateRecord")
        request = CreateRecordRequest(record=Record(client=records_pb2.Client(client_name="Acme")))
        metadata = (("authorization", f"Bearer {server.api_key}"), ("traceparent", sent))
        await create(request.SerializeToString(), metadata=metadata)
        assert (await last_event(client)).traceparent == kept


async def test_a_call_on_behalf_of_a_person_is_said_to_be_theirs(server):
    async with server.client() as client:
        created = await client.create("user", user_name="Ada")
        async with server.client(on_behalf_of=created.record.id) as acting:
            await acting.create("client", client_name="Acme")
        event = await last_event(client)
    assert event.actor.kind == Actor.KIND_USER
    assert (event.actor.user_id, event.actor.display_name) == (created.record.id, "Ada")


@ON_SQLITE
async def test_nobody_acts_for_somebody_who_is_not_there(server):
    async with server.client() as client:
        no_user = (await client.create("client", client_name="Acme")).record.id
    for id_, error in ((new_id(0), ReferenceMissing), (no_user, ReferenceMissing), ("Ada", FieldInvalid)):
        async with server.client(on_behalf_of=id_) as client:
            with pytest.raises(error):
                await client.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_a_person_of_another_workspace_is_nobody_here(server):
    async with server.client(server.new_key(workspace_id=server.new_workspace())) as client:
        elsewhere = (await client.create("user", user_name="Ada")).record.id
    async with server.client(on_behalf_of=elsewhere) as client:
        with pytest.raises(ReferenceMissing):
            await client.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_a_causation_id_has_at_most_64_characters(server):
    async with server.client(causation_id="x" * 64) as client:
        await client.account.GetCaller(GetCallerRequest())
    async with server.client(causation_id="x" * 65) as client:
        with pytest.raises(FieldInvalid):
            await client.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_each_call_is_one_line_in_the_log_without_its_key(server):
    with capture_logs() as lines:
        async with server.client() as client:
            await client.account.GetCaller(GetCallerRequest())
            with pytest.raises(ResourceNotFound):
                await client.events.GetEvent(GetEventRequest(event_id="nothing"))
    known, unknown = [line for line in lines if line["event"] == "call"]
    assert (known["method"], known["code"]) == ("AccountService/GetCaller", "OK")
    assert known["workspace_id"] == server.workspace_id
    assert (unknown["code"], unknown["reason"]) == ("NOT_FOUND", "RESOURCE_NOT_FOUND")
    assert unknown["request"] == {"event_id": "nothing"}
    assert server.api_key not in str(lines)


def test_secrets_are_masked_in_the_log_and_contents_left_out():
    request = CreateSubscriptionRequest(secret="whsec_aaaaaaaaaaaaaaaaaaaaaaaa", request_id="r" * 200)
    request.subscription.target_url = "https://example.com/?token=secret"
    assert logged_fields(request) == {"secret": "***", "request_id": "r" * 100}
    assert logged_fields(CreateApiKeyResponse(key="cw_live_x")) == {"key": "***"}


@ON_SQLITE
async def test_a_bug_is_told_as_an_incident_and_logged_in_full(server):
    with server.database.writing() as connection:
        connection.exec_driver_sql("UPDATE api_key SET scopes = scopes || ' no.scope'")
    with capture_logs() as lines:
        async with server.client() as client:
            with pytest.raises(InternalFault) as caught:
                await client.account.GetCaller(GetCallerRequest())
    [incident] = [line for line in lines if line["event"] == "incident"]
    assert incident["incident_id"] in str(caught.value)
    assert "no.scope" not in str(caught.value)


@ON_SQLITE
async def test_a_caller_who_goes_away_leaves_nothing_running(database_url, clock):
    with capture_logs() as lines:
        async with served(database_url, clock) as server, server.client() as client:
            async for _ in client.events.WatchEvents(WatchEventsRequest(start=LATEST)):
                break
            await client.account.GetCaller(GetCallerRequest())  # what was sent before has arrived before it
            assert server.server.streams.open_count == 0
    assert [line["code"] for line in lines if line["event"] == "call"] == ["CANCELLED", "OK"]


def a_key(*, expire_time):
    """A key for reading that ends then."""
    return ApiKey(name="short", scopes=[Scope.SCOPE_RECORDS_READ], expire_time=Timestamp(seconds=expire_time))


async def get_caller(channel, *metadata):
    """What GetCaller answers to a call with this metadata."""
    return GetCallerResponse.FromString(await channel.unary_unary(CALLER)(b"", metadata=metadata))


async def last_event(client):
    """The newest event of the client's workspace."""
    events = [event async for event in client.watch("earliest", follow=False)]
    return events[-1]
