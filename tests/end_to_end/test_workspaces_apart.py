"""Nobody reaches into another workspace: whatever he names there is not there for him."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.message import Message

from clockwire.client import AsyncClient
from clockwire.v1.api_key_service_pb2 import ListApiKeysRequest
from clockwire.v1.consumer_service_pb2 import ListConsumersRequest
from clockwire.v1.delivery_service_pb2 import ListDeliveriesRequest
from clockwire.v1.event_service_pb2 import WatchEventsRequest
from clockwire.v1.events_pb2 import EventFilter, EventStart
from clockwire.v1.inbound_hook_service_pb2 import ListInboundHooksRequest
from clockwire.v1.record_service_pb2 import CreateRecordRequest, ListRecordsRequest
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest, ListSubscriptionsRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from clockwire.v1.timer_service_pb2 import ListTimersRequest
from clockwire.v1.workspace_service_pb2 import GetWorkspaceRequest
from tests.support.contract import BY_NAME, METHODS, Answer, call, metadata_of
from tests.support.good_requests import GOOD, new_records
from tests.support.hostile_messages import filled
from tests.support.intact import intact
from tests.support.receivers import Receiver
from tests.support.server import Served, served
from tests.support.world import WORDS, World, populate

REQUEST_ID = "7d444840-9dc0-4bd2-b1b6-b1ff7f6d6e1b"
#: Calls that name nothing, or may name what is not there: they are answered from the caller's own workspace.
UNNAMING = {
    *(
        "ListRecordTypes",
        "ListRecords",
        "ListTimers",
        "GetEventLog",
        "ListConsumers",
        "ListSubscriptions",
        "ListInboundHooks",
        "ListApiKeys",
        "GetCaller",
    ),
    *("GetServerInfo", "CreateApiKey", "BatchGetRecords", "ListDeliveries", "DeleteConsumer"),
    *("CreateSubscription",),  # its filter may name records that do not exist yet
}


@dataclass
class Neighbours:
    """Two workspaces on one server: in `theirs` is a world, in `mine` there is nothing."""

    server: Served
    theirs: AsyncClient
    mine: AsyncClient
    my_key: str
    world: World

    async def ask(self, name: str, request: Message) -> Answer:
        """What the owner of `mine` is told."""
        async with self.server.channel() as channel:
            return await call(channel, BY_NAME[name], request, metadata_of(self.my_key))


@pytest.fixture
async def neighbours(server: Served) -> AsyncIterator[Neighbours]:
    async with AsyncExitStack() as stack:
        my_key = server.new_key(workspace_id=server.new_workspace("Mine"))
        theirs = await stack.enter_async_context(server.client())
        mine = await stack.enter_async_context(server.client(my_key))
        yield Neighbours(server, theirs, mine, my_key, await populate(theirs))


async def test_nothing_of_another_workspace_is_found_shown_or_changed_by_any_call(neighbours: Neighbours):
    before = await _everything(neighbours.theirs)

    for method in METHODS:
        request = _filled(GOOD[method.name], neighbours)
        answer = await neighbours.ask(method.name, request)
        assert answer.documented, f"{method} {answer}"
        assert answer.ok is (method.name in UNNAMING), f"{method} {answer}"
        assert WORDS not in _beyond(answer, request), f"{method} {answer}"

    assert await _everything(neighbours.theirs) == before
    await intact(neighbours.theirs)


async def test_no_record_may_refer_to_one_of_another_workspace(neighbours: Neighbours):
    for token, record in new_records().items():
        request = CreateRecordRequest(record=_filled(record, neighbours))
        answer = await neighbours.ask("CreateRecord", request)
        refers = "<" in str(record)
        assert answer.reason == ("REFERENCE_MISSING" if refers else ""), f"{token} {answer}"


async def test_cursors_and_page_tokens_of_another_workspace_are_refused(neighbours: Neighbours):
    cursor, token = neighbours.world.events[0].cursor, neighbours.world.page_token
    for name in ("WatchEvents", "PullEvents"):
        request = BY_NAME[name].request(start=EventStart(cursor=cursor))
        assert (await neighbours.ask(name, request)).reason == "CURSOR_INVALID"
    for name in (
        "ListRecords",
        "ListSubscriptions",
        "ListDeliveries",
        "ListConsumers",
        "ListApiKeys",
        "ListTimers",
        "ListInboundHooks",
    ):
        request = BY_NAME[name].request(page_token=token)
        if name == "ListRecords":
            request = ListRecordsRequest(type=neighbours.world.records["project"].type, page_size=1, page_token=token)
        assert (await neighbours.ask(name, request)).reason == "PAGE_TOKEN_INVALID", name


async def test_a_key_names_no_other_workspace_in_any_call(neighbours: Neighbours):
    async with neighbours.server.channel() as channel:
        for method in METHODS:
            said = metadata_of(neighbours.my_key, ("x-workspace-id", neighbours.server.workspace_id))
            answer = await call(channel, method, _filled(GOOD[method.name], neighbours), said)
            assert answer.reason in {"WORKSPACE_FORBIDDEN", "SCOPE_MISSING"}, f"{method} {answer}"


async def test_ids_names_and_request_ids_are_free_in_each_workspace(neighbours: Neighbours):
    for client in (neighbours.theirs, neighbours.mine):
        fields = {"external_id": "the same", "client_name": "The same"}
        made = await client.create("client", request_id=REQUEST_ID, **fields)
        assert not made.mutation.replayed
        subscription = Subscription(
            name="the same", target_url="https://127.0.0.1:9/", filter=EventFilter(event_types=["*"])
        )
        await client.subscriptions.CreateSubscription(CreateSubscriptionRequest(subscription=subscription))
        await client.commit("the-same", made.mutation.cursor)
    mine, theirs = [await intact(client) for client in (neighbours.mine, neighbours.theirs)]
    assert not mine.records.keys() & theirs.records.keys()


async def test_changes_reach_the_watchers_and_webhooks_of_their_own_workspace_alone(database_url, clock):
    settings = {"dispatch": True, "allow_target": [ipaddress.ip_network("127.0.0.0/8")]}
    async with served(database_url, clock, **settings) as server, AsyncExitStack() as stack:
        keys = [server.api_key, server.new_key(workspace_id=server.new_workspace("Other"))]
        clients = [await stack.enter_async_context(server.client(key)) for key in keys]
        receivers = [stack.enter_context(Receiver()) for _ in clients]
        watches = [asyncio.create_task(_first_events(client, 3)) for client in clients]
        for client, receiver in zip(clients, receivers, strict=True):
            await _subscribe(client, receiver)
        made = await asyncio.gather(*(_three_clients(client) for client in clients))

        for watch, receiver, ids in zip(watches, receivers, made, strict=True):
            assert await asyncio.wait_for(watch, 15) == ids
            received = await asyncio.to_thread(receiver.wait_for, 3)
            assert sorted(each.headers["clockwire-subscription"] for each in received)
            assert {id_ for id_ in ids if any(id_.encode() in each.body for each in received)} == set(ids)
            assert len(receiver.received) == 3


async def _everything(client: AsyncClient) -> list[bytes]:
    """All that a workspace holds, as its owner reads it."""
    story = await intact(client)
    answers: list[Message] = [
        *story.records.values(),
        *story.events,
        await client.timers.ListTimers(ListTimersRequest(include_ended=True)),
        await client.subscriptions.ListSubscriptions(ListSubscriptionsRequest()),
        await client.deliveries.ListDeliveries(ListDeliveriesRequest()),
        await client.consumers.ListConsumers(ListConsumersRequest()),
        await client.inbound_hooks.ListInboundHooks(ListInboundHooksRequest()),
        await client.api_keys.ListApiKeys(ListApiKeysRequest(show_ended=True)),
        await client.workspaces.GetWorkspace(GetWorkspaceRequest()),
    ]
    return [answer.SerializeToString(deterministic=True) for answer in answers]


def _filled(message: Message, neighbours: Neighbours) -> Any:
    """The message about what is in the other workspace."""
    copy = type(message)()
    copy.CopyFrom(message)
    return filled(copy, neighbours.world.known)


def _beyond(answer: Answer, request: Message) -> str:
    """What an answer says beyond the words of the request."""
    said = f"{answer.sentence} {answer.facts} {answer.response}"
    for word in {f"{WORDS}-reader", *str(request).split('"')[1::2]}:
        said = said.replace(word, "") if word else said
    return said


async def _first_events(client: AsyncClient, count: int) -> list[str]:
    ids: list[str] = []
    async for response in client.events.WatchEvents(
        WatchEventsRequest(start=EventStart(position=EventStart.POSITION_EARLIEST)), timeout=20
    ):
        ids.extend(event.record_id for event in response.events)
        if len(ids) >= count:
            break
    return ids


async def _subscribe(client: AsyncClient, receiver: Receiver) -> None:
    subscription = Subscription(target_url=receiver.url(), filter=EventFilter(event_types=["*"]))
    await client.subscriptions.CreateSubscription(CreateSubscriptionRequest(subscription=subscription))


async def _three_clients(client: AsyncClient) -> list[str]:
    return [(await client.create("client", client_name=f"Number {number}")).record.id for number in range(3)]
