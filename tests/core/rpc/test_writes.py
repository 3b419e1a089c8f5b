"""Requests become writes once, however often they are sent."""

import asyncio

import pytest

from clockwire.client.errors import FieldInvalid, RequestIdReused
from clockwire.model.identifiers import new_id
from clockwire.model.instants import HOUR
from clockwire.rpc.writes import request_digest
from clockwire.v1.common_pb2 import MutationInfo
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.record_service_pb2 import CreateRecordRequest, DeleteRecordRequest
from clockwire.v1.records_pb2 import Client, Record, RecordKey
from tests.support.server import ON_SQLITE


async def test_a_repetition_gets_the_first_answer_and_says_so(server):
    request = a_client(request_id=new_id(0))
    async with server.client() as client:
        first = await client.records.CreateRecord(request)
        server.clock.now += HOUR
        again = await client.records.CreateRecord(request)
        assert (first.mutation.replayed, again.mutation.replayed) == (False, True)
        again.mutation.replayed = False
        assert again == first
        assert await count_of_events(client) == 1


async def test_of_repetitions_that_come_at_once_one_is_done(server):
    request = a_client(request_id=new_id(0))
    async with server.client() as client:
        answers = await asyncio.gather(*(client.records.CreateRecord(request) for _ in range(20)))
        assert len({answer.record.id for answer in answers}) == 1
        assert sum(not answer.mutation.replayed for answer in answers) == 1
        assert await count_of_events(client) == 1


async def test_after_72_hours_a_request_is_new_again(server):
    request = a_client(request_id=new_id(0))
    async with server.client() as client:
        first = await client.records.CreateRecord(request)
        server.clock.now += 72 * HOUR
        assert (await client.records.CreateRecord(request)).record.id == first.record.id
        server.clock.now += 1
        assert (await client.records.CreateRecord(request)).record.id != first.record.id


@ON_SQLITE
async def test_the_same_request_id_with_another_body_is_a_mistake(server):
    request = a_client(request_id=new_id(0))
    async with server.client() as client:
        await client.records.CreateRecord(request)
        request.record.client.client_name = "Another"
        with pytest.raises(RequestIdReused):
            await client.records.CreateRecord(request)
        assert await count_of_events(client) == 1


@ON_SQLITE
async def test_other_methods_and_other_workspaces_have_request_ids_of_their_own(server):
    request = a_client(request_id=new_id(0))
    async with server.client() as client:
        made = await client.records.CreateRecord(request)
        await client.records.DeleteRecord(
            DeleteRecordRequest(key=RecordKey(id=made.record.id), request_id=request.request_id)
        )
    async with server.client(server.new_key(workspace_id=server.new_workspace())) as client:
        other = await client.records.CreateRecord(request)
    assert other.record.id != made.record.id
    assert not other.mutation.replayed


@ON_SQLITE
async def test_a_call_that_failed_is_not_remembered(server):
    request = a_client(request_id=new_id(0), name="")
    async with server.client() as client:
        with pytest.raises(FieldInvalid):
            await client.records.CreateRecord(request)
        request.record.client.client_name = "Acme"
        assert not (await client.records.CreateRecord(request)).mutation.replayed


@ON_SQLITE
@pytest.mark.parametrize("request_id", ["x", "0" * 36, "01946930-E680-76CC-9943-A732A3747018", " ", "\U0001f600"])
async def test_a_request_id_is_a_uuid(server, request_id):
    async with server.client() as client:
        with pytest.raises(FieldInvalid) as caught:
            await client.records.CreateRecord(a_client(request_id=request_id))
    assert [each.field for each in caught.value.violations] == ["request_id"]


async def test_a_validation_checks_everything_and_leaves_no_trace(server):
    request = a_client(request_id=new_id(0), validate_only=True)
    async with server.client() as client:
        answer = await client.records.CreateRecord(request)
        assert answer.record.client.client_name == "Acme"
        assert answer.mutation == MutationInfo()
        request.validate_only = False
        assert not (await client.records.CreateRecord(request)).mutation.replayed
        request.validate_only = True
        request.record.client.client_name = ""
        with pytest.raises(FieldInvalid):
            await client.records.CreateRecord(request)
        assert await count_of_events(client) == 1


async def test_a_caller_can_read_on_from_its_own_write(server):
    async with server.client() as client:
        first = await client.records.CreateRecord(a_client())
        second = await client.records.CreateRecord(a_client(name="Second"))
        events = [event async for event in client.watch(first.mutation.cursor, follow=False)]
    assert [event.id for event in events] == list(second.mutation.event_ids)


def test_what_tells_requests_apart_is_all_but_the_request_id():
    request = a_client(request_id="one")
    other = a_client(request_id="two")
    assert request_digest(request) == request_digest(other)
    assert request.request_id == "one"
    other.validate_only = True
    assert request_digest(request) != request_digest(other)


def a_client(*, name="Acme", **options):
    """A request for a client."""
    return CreateRecordRequest(record=Record(client=Client(client_name=name)), **options)


async def count_of_events(client):
    """How many events the log holds."""
    return (await client.events.GetEventLog(GetEventLogRequest())).event_count
