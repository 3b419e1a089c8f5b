"""What a program can do with a Clockwire server.

`Client` blocks, `AsyncClient` is awaited; beyond that they are the same. Each has the stubs of all services as
attributes, so that every method of the contract is there (`client.subscriptions.CreateSubscription(request)`), and
short methods for what is done most. All calls have the terms of the session: see `clockwire.client`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Self, TypeVar, Unpack, cast

import grpc
import grpc.aio

from clockwire.client import requests
from clockwire.client.calls import AsyncCalls, BlockingCalls
from clockwire.client.errors import ClockwireError, DeadlineExceeded, EtagMismatch, NotFound
from clockwire.client.reading import (
    HEARTBEAT_SECONDS,
    SILENT_HEARTBEATS,
    Batch,
    Filter,
    Reader,
    Start,
    event_filter,
    event_start,
    pull_request,
    watch_request,
)
from clockwire.client.session import Session, Terms
from clockwire.client.timers import AsyncTimers, Timers
from clockwire.v1.account_service_pb2_grpc import AccountServiceStub
from clockwire.v1.api_key_service_pb2_grpc import ApiKeyServiceStub
from clockwire.v1.consumer_service_pb2 import Consumer, GetConsumerRequest
from clockwire.v1.consumer_service_pb2_grpc import ConsumerServiceStub
from clockwire.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from clockwire.v1.event_service_pb2 import GetEventLogRequest, WatchEventsResponse
from clockwire.v1.event_service_pb2_grpc import EventServiceStub
from clockwire.v1.events_pb2 import Event, EventView
from clockwire.v1.inbound_hook_service_pb2_grpc import InboundHookServiceStub
from clockwire.v1.record_service_pb2 import (
    CreateRecordResponse,
    DeleteRecordResponse,
    UpdateRecordResponse,
)
from clockwire.v1.record_service_pb2_grpc import RecordServiceStub
from clockwire.v1.records_pb2 import Record
from clockwire.v1.subscription_service_pb2_grpc import SubscriptionServiceStub
from clockwire.v1.timer_service_pb2_grpc import TimerServiceStub
from clockwire.v1.workspace_service_pb2_grpc import WorkspaceServiceStub

ResponseT = TypeVar("ResponseT")
#: The etag of a consumer that is not there: who commits with it creates one, or is refused.
NONE_YET = '"0"'


class Client(Timers):
    """A server, called by a program that waits for its answers. Threads may share it; a forked child may go on with it.

    Nothing is opened before the first call. Raises ValueError for terms that cannot work together.
    """

    def __init__(self, target: str, **terms: Unpack[Terms]) -> None:
        self.session = Session(target=target, **terms)
        self._calls = BlockingCalls(self.session)
        channel = cast("grpc.Channel", self._calls)
        self.records = RecordServiceStub(channel)
        self.timers = TimerServiceStub(channel)
        self.events = EventServiceStub(channel)
        self.consumers = ConsumerServiceStub(channel)
        self.subscriptions = SubscriptionServiceStub(channel)
        self.deliveries = DeliveryServiceStub(channel)
        self.inbound_hooks = InboundHookServiceStub(channel)
        self.account = AccountServiceStub(channel)
        self.api_keys = ApiKeyServiceStub(channel)
        self.workspaces = WorkspaceServiceStub(channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls that still run end with Cancelled."""
        self._calls.close()

    def create(self, record_type: str, /, *, request_id: str = "", **fields: object) -> CreateRecordResponse:
        """Store a new record with these fields; `clockwire.client.records` says how values are written."""
        return self.records.CreateRecord(requests.create_request(record_type, fields, request_id))

    def get(self, record_type: str, /, id: str = "", *, external_id: str = "") -> Record:  # noqa: A002
        """The record with this id or external id."""
        return self.records.GetRecord(requests.get_request(record_type, id, external_id)).record

    def update(
        self, record_type: str, /, *, allow_missing: bool = False, request_id: str = "", **fields: object
    ) -> UpdateRecordResponse:
        """Write the named fields of the record with this `id` or `external_id`; None clears one.

        With allow_missing it is created if there is none.
        """
        return self.records.UpdateRecord(
            requests.update_request(record_type, fields, allow_missing=allow_missing, request_id=request_id)
        )

    def delete(
        self,
        record_type: str,
        /,
        id: str = "",  # noqa: A002
        *,
        external_id: str = "",
        etag: str = "",
        force: bool = False,
        allow_missing: bool = False,
        request_id: str = "",
    ) -> DeleteRecordResponse:
        """Delete the record with this id or external id; with `force`, what hangs on it too."""
        key = requests.record_key(record_type, id, external_id)
        return self.records.DeleteRecord(
            requests.delete_request(key, etag=etag, force=force, allow_missing=allow_missing, request_id=request_id)
        )

    def list(
        self,
        record_type: str,
        /,
        *,
        filter: str = "",  # noqa: A002
        order_by: str = "",
        page_size: int = 0,
    ) -> Iterator[Record]:
        """The records of a type, page after page; the filter's language is described at RecordService."""
        request = requests.list_request(record_type, filter=filter, order_by=order_by, page_size=page_size)
        for page in self.pages(self.records.ListRecords, request):
            yield from page.records

    def pages(
        self, method: Callable[[requests.PagedRequest], ResponseT], request: requests.PagedRequest
    ) -> Iterator[ResponseT]:
        """All pages of a List method of a stub, the first one as *request* says."""
        while True:
            yield (page := method(request))
            if (following := requests.following(request, page)) is None:
                return
            request = following

    def pull(
        self,
        start: Start,
        *,
        event_types: Iterable[str] = (),
        filter: Filter = None,  # noqa: A002
        view: EventView.ValueType = EventView.EVENT_VIEW_FULL,
        max_events: int = 0,
        wait: float = 0.0,
    ) -> Batch:
        """One batch of events after *start*, waiting up to so many seconds for a first one."""
        request = pull_request(
            event_start(start), event_filter(event_types, filter), view=view, max_events=max_events, wait=wait
        )
        return Batch.of(self.events.PullEvents(request, timeout=self.session.timeout + wait))

    def watch(
        self,
        start: Start,
        *,
        event_types: Iterable[str] = (),
        filter: Filter = None,  # noqa: A002
        follow: bool = True,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> Iterator[Event]:
        """Every matching event after *start*, in order, each once; without end, or to the head if not to follow."""
        for batch in self.watch_batches(
            start, event_types=event_types, filter=filter, follow=follow, heartbeat=heartbeat
        ):
            yield from batch.events

    def watch_batches(
        self,
        start: Start,
        *,
        event_types: Iterable[str] = (),
        filter: Filter = None,  # noqa: A002
        follow: bool = True,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> Iterator[Batch]:
        """As `watch`, by batches, some of them empty: their cursors move on past what the filter leaves out.

        It goes on by itself after every fault that can pass, and raises the others, CursorExpired above all. Under it
        are long polls, not a stream: no call outlives its deadline, and none is open across a fork unnoticed.
        """
        chosen, reader = event_filter(event_types, filter), Reader(start)
        wait = 0.0  # The first answer comes at once: from then on there is a cursor, and "latest" stands still.
        while True:
            try:
                batch = reader.took(self.pull(reader.start, filter=chosen, wait=wait))
            except ClockwireError as error:
                time.sleep(reader.delay_after(error))
                continue
            yield batch
            if batch.caught_up and not follow:
                return
            wait = heartbeat

    def open_consumer(self, name: str, start: Start) -> Consumer:
        """The consumer of this name, created at *start* if there is none yet.

        Whoever creates it first decides; a second one that comes at the same time moves it past nothing.
        """
        # The place is fixed before looking, so that "latest" cannot lie behind another's creation.
        place = self.events.GetEventLog(GetEventLogRequest()).latest_cursor if start == "latest" else start
        try:
            return self.consumers.GetConsumer(GetConsumerRequest(name=name)).consumer
        except NotFound:
            try:
                return self.commit(name, place, etag=NONE_YET)
            except EtagMismatch:
                return self.consumers.GetConsumer(GetConsumerRequest(name=name)).consumer

    def commit(self, consumer: str, position: Start, *, etag: str = "", allow_rewind: bool = False) -> Consumer:
        """Store how far a consumer has come."""
        request = requests.commit_request(consumer, position, etag=etag, allow_rewind=allow_rewind)
        return self.consumers.CommitConsumer(request).consumer


class AsyncClient(AsyncTimers):
    """A server, called by coroutines of one event loop at a time.

    Nothing is opened before the first call. Raises ValueError for terms that cannot work together.
    """

    def __init__(self, target: str, **terms: Unpack[Terms]) -> None:
        self.session = Session(target=target, **terms)
        self._calls = AsyncCalls(self.session)
        channel = cast("grpc.aio.Channel", self._calls)
        self.records = RecordServiceStub(channel)
        self.timers = TimerServiceStub(channel)
        self.events = EventServiceStub(channel)
        self.consumers = ConsumerServiceStub(channel)
        self.subscriptions = SubscriptionServiceStub(channel)
        self.deliveries = DeliveryServiceStub(channel)
        self.inbound_hooks = InboundHookServiceStub(channel)
        self.account = AccountServiceStub(channel)
        self.api_keys = ApiKeyServiceStub(channel)
        self.workspaces = WorkspaceServiceStub(channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """As `Client.close`."""
        await self._calls.close()

    async def create(self, record_type: str, /, *, request_id: str = "", **fields: object) -> CreateRecordResponse:
        """As `Client.create`."""
        return await self.records.CreateRecord(requests.create_request(record_type, fields, request_id))

    async def get(self, record_type: str, /, id: str = "", *, external_id: str = "") -> Record:  # noqa: A002
        """As `Client.get`."""
        return (await self.records.GetRecord(requests.get_request(record_type, id, external_id))).record

    async def update(
        self, record_type: str, /, *, allow_missing: bool = False, request_id: str = "", **fields: object
    ) -> UpdateRecordResponse:
        """As `Client.update`."""
        return await self.records.UpdateRecord(
            requests.update_request(record_type, fields, allow_missing=allow_missing, request_id=request_id)
        )

    async def delete(
        self,
        record_type: str,
        /,
        id: str = "",  # noqa: A002
        *,
        external_id: str = "",
        etag: str = "",
        force: bool = False,
        allow_missing: bool = False,
        request_id: str = "",
    ) -> DeleteRecordResponse:
        """As `Client.delete`."""
        key = requests.record_key(record_type, id, external_id)
        return await self.records.DeleteRecord(
            requests.delete_request(key, etag=etag, force=force, allow_missing=allow_missing, request_id=request_id)
        )

    async def list(
        self,
        record_type: str,
        /,
        *,
        filter: str = "",  # noqa: A002
        order_by: str = "",
        page_size: int = 0,
    ) -> AsyncIterator[Record]:
        """As `Client.list`."""
        request = requests.list_request(record_type, filter=filter, order_by=order_by, page_size=page_size)
        async for page in self.pages(self.records.ListRecords, request):
            for record in page.records:
                yield record

    async def pages(
        self, method: Callable[[requests.PagedRequest], Awaitable[ResponseT]], request: requests.PagedRequest
    ) -> AsyncIterator[ResponseT]:
        """As `Client.pages`."""
        while True:
            yield (page := await method(request))
            if (following := requests.following(request, page)) is None:
                return
            request = following

    async def pull(
        self,
        start: Start,
        *,
        event_types: Iterable[str] = (),
        filter: Filter = None,  # noqa: A002
        view: EventView.ValueType = EventView.EVENT_VIEW_FULL,
        max_events: int = 0,
        wait: float = 0.0,
    ) -> Batch:
        """As `Client.pull`."""
        request = pull_request(
            event_start(start), event_filter(event_types, filter), view=view, max_events=max_events, wait=wait
        )
        return Batch.of(await self.events.PullEvents(request, timeout=self.session.timeout + wait))

    async def watch(
        self,
        start: Start,
        *,
        event_types: Iterable[str] = (),
        filter: Filter = None,  # noqa: A002
        follow: bool = True,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> AsyncGenerator[Event]:
        """As `Client.watch`. Close it (`contextlib.aclosing`) where you leave it early."""
        batches = self.watch_batches(start, event_types=event_types, filter=filter, follow=follow, heartbeat=heartbeat)
        async with aclosing(batches):
            async for batch in batches:
                for event in batch.events:
                    yield event

    async def watch_batches(
        self,
        start: Start,
        *,
        event_types: Iterable[str] = (),
        filter: Filter = None,  # noqa: A002
        follow: bool = True,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> AsyncGenerator[Batch]:
        """As `Client.watch_batches`, over a stream; one that is silent for three heartbeats is opened anew."""
        chosen, reader = event_filter(event_types, filter), Reader(start)
        while True:
            request = watch_request(reader.start, chosen, follow=follow, heartbeat=heartbeat)
            stream = cast("AsyncGenerator[WatchEventsResponse]", self.events.WatchEvents(request))
            try:
                async with aclosing(stream):
                    while (response := await _next(stream, SILENT_HEARTBEATS * heartbeat)) is not None:
                        yield reader.took(Batch.of(response))
            except ClockwireError as error:
                await asyncio.sleep(reader.delay_after(error))
            else:
                return

    async def open_consumer(self, name: str, start: Start) -> Consumer:
        """As `Client.open_consumer`."""
        place = (await self.events.GetEventLog(GetEventLogRequest())).latest_cursor if start == "latest" else start
        try:
            return (await self.consumers.GetConsumer(GetConsumerRequest(name=name))).consumer
        except NotFound:
            try:
                return await self.commit(name, place, etag=NONE_YET)
            except EtagMismatch:
                return (await self.consumers.GetConsumer(GetConsumerRequest(name=name))).consumer

    async def commit(self, consumer: str, position: Start, *, etag: str = "", allow_rewind: bool = False) -> Consumer:
        """As `Client.commit`."""
        request = requests.commit_request(consumer, position, etag=etag, allow_rewind=allow_rewind)
        return (await self.consumers.CommitConsumer(request)).consumer


async def _next(stream: AsyncIterator[WatchEventsResponse], patience: float) -> WatchEventsResponse | None:
    """The stream's next message, None at its end; DeadlineExceeded if it is silent for so many seconds."""
    try:
        async with asyncio.timeout(patience):
            return await anext(stream, None)
    except TimeoutError:
        raise DeadlineExceeded(f"the stream was silent for {patience:g} s") from None
