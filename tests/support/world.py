"""A workspace in which there is something of every kind, and the names of it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clockwire.client import AsyncClient
from clockwire.v1.api_key_service_pb2 import SCOPE_RECORDS_READ, ApiKey, CreateApiKeyRequest
from clockwire.v1.consumer_service_pb2 import Consumer
from clockwire.v1.delivery_service_pb2 import ListDeliveriesRequest
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.events_pb2 import Event, EventFilter
from clockwire.v1.inbound_hook_service_pb2 import CreateInboundHookRequest, InboundHook
from clockwire.v1.record_service_pb2 import ListRecordsRequest
from clockwire.v1.records_pb2 import Record
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from clockwire.v1.timers_pb2 import Timer
from clockwire.v1.workspace_service_pb2 import GetWorkspaceRequest, Workspace

WORDS = "heliotrope"
"""What everything in a world is named after, so that it is noticed where it should not be."""


@dataclass(frozen=True)
class World:
    """What there is."""

    records: Mapping[str, Record]
    #: Of three users; each runs.
    timers: Sequence[Timer]
    events: Sequence[Event]
    subscription: Subscription
    delivery_ids: Sequence[str]
    consumer: Consumer
    inbound_hook: InboundHook
    api_key: ApiKey
    workspace: Workspace
    page_token: str

    @property
    def known(self) -> Mapping[str, Sequence[str]]:
        """The names by which requests may ask for it, by kind."""
        records = list(self.records.values())
        others = [self.subscription.id, self.inbound_hook.id, self.api_key.id, *self.delivery_ids[:4]]
        others += [each.id for each in self.events[:4]]
        return {
            **{token: [record.id] for token, record in self.records.items()},
            "id": [*(each.id for each in records), *(each.id for each in self.timers), *others],
            "timer": [each.id for each in self.timers],
            "event": [each.id for each in self.events],
            "subscription": [self.subscription.id],
            "delivery": self.delivery_ids,
            "inbound_hook": [self.inbound_hook.id],
            "consumer": [self.consumer.name],
            "api_key": [self.api_key.id],
            "workspace": [self.workspace.id],
            "workspace_name": [self.workspace.name],
            "cursor": [each.cursor for each in self.events],
            "etag": sorted({each.etag for each in records} | {self.subscription.etag, self.consumer.etag}),
            "page_token": [self.page_token],
        }


async def populate(client: AsyncClient, word: str = WORDS) -> World:
    """One record of each type, timers, a subscription and its deliveries, a consumer, a key: all named after *word*."""
    subscription = await _subscribe(client, word)
    records = await _make_records(client, word)
    timers = await _start_timers(client, records, word)
    log = await client.events.GetEventLog(GetEventLogRequest())
    key = ApiKey(name=f"{word} key", scopes=[SCOPE_RECORDS_READ])
    first = await client.records.ListRecords(ListRecordsRequest(type=records["project"].type, page_size=1))
    return World(
        records=records,
        timers=timers,
        events=[each async for each in client.watch("earliest", follow=False)],
        subscription=subscription,
        delivery_ids=[each.id for each in await _deliveries(client)],
        consumer=await client.commit(f"{word}-reader", log.latest_cursor),
        inbound_hook=await _make_hook(client, word),
        workspace=(await client.workspaces.GetWorkspace(GetWorkspaceRequest())).workspace,
        api_key=(await client.api_keys.CreateApiKey(CreateApiKeyRequest(api_key=key))).api_key,
        page_token=first.next_page_token,
    )


async def _subscribe(client: AsyncClient, word: str) -> Subscription:
    subscription = Subscription(
        name=f"{word} hook",
        target_url=f"https://127.0.0.1:9/{word}?key={word}",
        filter=EventFilter(event_types=["*"]),
        headers={"X-Own": word},
    )
    request = CreateSubscriptionRequest(subscription=subscription)
    return (await client.subscriptions.CreateSubscription(request)).subscription


async def _make_hook(client: AsyncClient, word: str) -> InboundHook:
    hook = CreateInboundHookRequest(inbound_hook=InboundHook(name=f"{word} hook"))
    return (await client.inbound_hooks.CreateInboundHook(hook)).inbound_hook


async def _deliveries(client: AsyncClient):
    return (await client.deliveries.ListDeliveries(ListDeliveriesRequest(page_size=100))).deliveries


async def _start_timers(client: AsyncClient, records: Mapping[str, Record], word: str) -> Sequence[Timer]:
    others = [(await client.create("user", user_name=f"{word} person {number}")).record for number in (2, 3)]
    task = records["task"].id
    return [
        (await client.start_timer(user.id, task_id=task, description=word, tags=[word])).timer
        for user in (records["user"], *others)
    ]


async def _make_records(client: AsyncClient, word: str) -> Mapping[str, Record]:
    made: dict[str, Record] = {}

    async def make(token: str, **fields: Any) -> str:
        made[token] = (await client.create(token, external_id=f"{word} {token}", **fields)).record
        return made[token].id

    customer = await make("client", client_name=f"{word} customer")
    project = await make("project", project_name=f"{word} project", client_id=customer)
    user = await make("user", user_name=f"{word} person")
    task = await make("task", task_name=f"{word} task", project_id=project)
    category = await make("category", category_name=f"{word} category")
    await make("subproject", subproject_name=f"{word} phase", project_id=project)
    await make("inventory", inventory_name=f"{word} part")
    await make("billingrate", project_id=project, user_id=user, client_rate="100")
    await make("invoice", client_id=customer)
    await make("expense", project_id=project, user_id=user, date="2025-01-15", amount="12.50")
    times = {"start_time": "2025-01-15T09:00:00Z", "end_time": "2025-01-15T10:00:00Z"}
    await make(
        "timelog", project_id=project, task_id=task, user_id=user, category_id=category, description=word, **times
    )
    await client.create("project", project_name=f"{word} second project", client_id=customer)
    return made
