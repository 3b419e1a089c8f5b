"""A request id makes every change happen once, however often it is asked for."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from clockwire.client import AsyncClient
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from clockwire.v1.workspace_service_pb2 import UpdateWorkspaceRequest
from tests.support.contract import BY_NAME, METHODS, Answer, Method, call, metadata_of
from tests.support.good_requests import GOOD
from tests.support.hostile_messages import filled
from tests.support.intact import intact
from tests.support.server import Served
from tests.support.world import populate

#: Every method whose request has a request id.
CHANGES = [each for each in METHODS if "request_id" in each.request.DESCRIPTOR.fields_by_name]
KEPT_FOR = timedelta(hours=72)


@dataclass
class Desk:
    """Asks for changes in a workspace in which there is something of everything."""

    server: Served
    client: AsyncClient
    channel: grpc.aio.Channel
    known: Mapping[str, Sequence[str]]

    async def ask(self, method: Method, request: Any) -> Answer:
        """How the call ends."""
        key = self.server.operator_key if method.service == "WorkspaceService" else self.server.api_key
        return await call(self.channel, method, request, metadata_of(key))

    async def head(self) -> int:
        """How many events there are."""
        return len((await intact(self.client)).events)

    def request(self, method: Method, request_id: str = "") -> Any:
        """One that is granted."""
        request: Any = type(GOOD[method.name])()
        request.CopyFrom(GOOD[method.name])
        request.request_id = request_id or str(uuid.uuid4())
        return filled(request, self.known)


@pytest.fixture
async def desk(server: Served) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(server.client())
        channel = await stack.enter_async_context(server.channel())
        world = await populate(client)
        yield Desk(server, client, channel, world.known)


def test_every_method_that_changes_records_or_timers_takes_a_request_id():
    writing = {"CreateRecord", "UpdateRecord", "DeleteRecord", "CloseRecord", "ReopenRecord", "BatchMutateRecords"}
    timers = {"StartTimer", "StopTimer", "DiscardTimer", "UpdateTimer"}
    others = {"CreateSubscription", "UpdateSubscription", "RotateSecret", "Redeliver", "CreateApiKey", "RotateApiKey"}
    hooks = {"CreateInboundHook", "ResetInboundHookToken"}
    assert {each.name for each in CHANGES} == writing | timers | others | hooks | {"CreateWorkspace", "UpdateWorkspace"}


@pytest.mark.parametrize("name", [each.name for each in CHANGES])
async def test_a_repetition_gets_the_first_answer_and_another_body_none(desk: Desk, name: str):
    request = desk.request(BY_NAME[name])
    first = await desk.ask(BY_NAME[name], request)
    assert first.ok, first
    head = await desk.head()

    again = await desk.ask(BY_NAME[name], request)

    assert _without_replayed(again.response) == _without_replayed(first.response)
    if "mutation" in first.response.DESCRIPTOR.fields_by_name:
        assert (first.response.mutation.replayed, again.response.mutation.replayed) == (False, True)
    refused = await desk.ask(BY_NAME[name], _changed(request))
    assert (refused.status, refused.reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")
    assert await desk.head() == head


@pytest.mark.parametrize("name", [each.name for each in CHANGES])
async def test_repetitions_at_the_same_time_get_one_answer(desk: Desk, name: str):
    request, before = desk.request(BY_NAME[name]), await desk.head()

    answers = await asyncio.gather(*(desk.ask(BY_NAME[name], request) for _ in range(8)))

    assert all(answer.ok for answer in answers), answers
    assert len({_without_replayed(answer.response).SerializeToString(deterministic=True) for answer in answers}) == 1
    written = 0
    if "mutation" in answers[0].response.DESCRIPTOR.fields_by_name:
        assert sum(not answer.response.mutation.replayed for answer in answers) == 1
        written = len(answers[0].response.mutation.event_ids)
    assert await desk.head() == before + written


async def test_failed_calls_are_not_kept(desk: Desk):
    request_id = str(uuid.uuid4())
    request = desk.request(BY_NAME["CreateRecord"], request_id)
    project_id, request.record.task.project_id = request.record.task.project_id, str(uuid.uuid4())
    for _ in range(2):
        assert (await desk.ask(BY_NAME["CreateRecord"], request)).reason == "REFERENCE_MISSING"
    request.record.task.project_id = project_id
    answer = await desk.ask(BY_NAME["CreateRecord"], request)
    assert answer.ok
    assert not answer.response.mutation.replayed


async def test_one_id_serves_one_call_of_each_method(desk: Desk):
    request_id = str(uuid.uuid4())
    for name in ("CreateRecord", "UpdateRecord", "CreateSubscription", "CreateApiKey", "CloseRecord"):
        assert (await desk.ask(BY_NAME[name], desk.request(BY_NAME[name], request_id))).ok, name


async def test_after_72_hours_and_no_sooner_an_id_is_free_again(desk: Desk):
    request = desk.request(BY_NAME["CreateRecord"])
    first = await desk.ask(BY_NAME["CreateRecord"], request)

    desk.server.clock.forward(KEPT_FOR - timedelta(seconds=1))
    assert (await desk.ask(BY_NAME["CreateRecord"], request)).response.mutation.replayed
    desk.server.clock.forward(timedelta(seconds=2))
    second = await desk.ask(BY_NAME["CreateRecord"], request)

    assert not second.response.mutation.replayed
    assert second.response.record.id != first.response.record.id


async def test_what_is_only_checked_is_not_kept(desk: Desk):
    request = desk.request(BY_NAME["CreateRecord"])
    request.validate_only = True
    assert (await desk.ask(BY_NAME["CreateRecord"], request)).ok
    request.validate_only = False
    answer = await desk.ask(BY_NAME["CreateRecord"], request)
    assert answer.ok
    assert not answer.response.mutation.replayed


def _without_replayed(response: Message) -> Any:
    bare: Any = type(response)()
    bare.CopyFrom(response)
    if "mutation" in bare.DESCRIPTOR.fields_by_name:
        bare.mutation.ClearField("replayed")
    return bare


def _changed(request: Message) -> Message:
    """The request with another body that would do by itself, or fails for what is stored."""
    if isinstance(request, CreateSubscriptionRequest):
        request.paused = not request.paused
    elif isinstance(request, UpdateWorkspaceRequest):
        request.workspace.name += " again"
    else:
        request.ClearField(request.DESCRIPTOR.fields[0].name)
    return request
