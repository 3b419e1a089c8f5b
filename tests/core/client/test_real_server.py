"""The client and the program it was made for."""

import asyncio
import threading
from contextlib import aclosing
from itertools import islice

import pytest

from clockwire.client import AsyncClient, Client
from clockwire.client.errors import (
    CursorInvalid,
    CursorRewind,
    EtagMismatch,
    FieldInvalid,
    KeyInvalid,
    RecordDeleted,
    ReferenceMissing,
    ScopeMissing,
)
from clockwire.v1.subscription_service_pb2 import ListSubscriptionsRequest
from tests.support.serving import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that is only asked."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def client(server):
    """A client that may do everything."""
    with server.client() as client:
        yield client


@pytest.fixture
def mortal_server(tmp_path):
    """A server that a test may kill."""
    server = RunningServer(tmp_path)
    server.create()
    server.start()
    yield server
    server.stop()


def test_a_record_lives_and_its_events_tell_of_it(client):
    start = client.pull("latest").cursor

    created = client.create("project", project_name="Website", quoted_cost="12500.50", external_id="web")
    client.update("project", external_id="web", status="Closed")
    client.delete("project", created.record.id)

    with pytest.raises(RecordDeleted) as caught:
        client.get("project", created.record.id)
    assert caught.value.metadata["id"] == created.record.id
    events = list(client.watch(start, follow=False))
    assert [event.type for event in events] == [
        "project.created",
        "project.updated",
        "project.closed",
        "project.deleted",
    ]
    assert events[0].record.project.quoted_cost.value == "12500.50"
    assert events[0].cursor == created.mutation.cursor


def test_the_same_request_id_is_the_same_write(client):
    one = client.create("project", project_name="Website", request_id="5f0e6f0e-1f3e-4c55-8d6c-8f6d8d4f0c11")
    two = client.create("project", project_name="Website", request_id="5f0e6f0e-1f3e-4c55-8d6c-8f6d8d4f0c11")

    assert two.record == one.record
    assert two.mutation.replayed


def test_all_pages_of_a_list_are_read(client):
    made = {client.create("category", category_name=f"Category {number}").record.id for number in range(7)}

    listed = [record.id for record in client.list("category", filter='category_name = "Category*"', page_size=3)]

    assert sorted(listed) == sorted(made)
    assert list(client.pages(client.subscriptions.ListSubscriptions, ListSubscriptionsRequest()))


def test_refusals_have_their_own_classes(client, server):
    project = client.create("project", project_name="Website").record
    with pytest.raises(FieldInvalid) as invalid:
        client.create("project", project_name="")
    assert [each.field for each in invalid.value.violations] == ["record.project.project_name"]
    with pytest.raises(EtagMismatch):
        client.update("project", id=project.id, etag='"99"', folder="Shop")
    with pytest.raises(ReferenceMissing) as missing:
        client.create("project", project_name="Website", client_id=project.id)
    assert missing.value.metadata["field"].endswith("client_id")
    with pytest.raises(CursorInvalid):
        client.pull("nonsense")
    with Client(server.target, api_key="cw_live_wrong", plaintext=True) as stranger, pytest.raises(KeyInvalid):
        stranger.get("project", project.id)
    reader = server.new_key("records.read")
    with Client(server.target, api_key=reader, plaintext=True) as reading, pytest.raises(ScopeMissing) as forbidden:
        reading.pull("latest")
    assert forbidden.value.metadata["scope"] == "events.read"


def test_a_consumer_keeps_its_place_and_does_not_slip_back(client):
    place = client.open_consumer("payroll", "latest").cursor
    later = client.create("client", client_name="Acme").mutation.cursor

    client.commit("payroll", later)

    assert client.open_consumer("payroll", "earliest").cursor == later
    with pytest.raises(CursorRewind):
        client.commit("payroll", place)
    assert client.commit("payroll", place, allow_rewind=True).cursor == place


def test_waiting_ends_when_something_happens(client):
    head = client.pull("latest").cursor
    writing = threading.Thread(target=client.create, args=("client",), kwargs={"client_name": "Acme"})
    writing.start()

    assert [event.type for event in client.pull(head, wait=30).events] == ["client.created"]
    writing.join()


def test_two_who_open_a_consumer_at_once_lose_no_event(client):
    """Whoever is second must not move the place past what was written after the first."""
    for number in range(10):
        ready = threading.Barrier(3)
        name = f"race-{number}"
        opened = [threading.Thread(target=_open_at, args=(client, ready, name)) for _ in range(2)]
        for thread in opened:
            thread.start()
        ready.wait()
        written = [client.create("client", client_name=str(number)).record.id for _ in range(3)]
        place = _first_place(client, name)
        for thread in opened:
            thread.join()

        seen = [event.record_id for event in client.pull(f"consumer:{name}").events]
        assert seen == [event.record_id for event in client.pull(place).events]
        assert seen == written[len(written) - len(seen) :]


@pytest.mark.timeout(180)  # it starts a server three times
def test_a_reader_outlives_its_server(mortal_server):
    """Each event once and in order, over a kill and an orderly stop."""
    with mortal_server.client() as client:
        events = client.watch("earliest")
        made = [client.create("client", client_name="before").record.id]
        assert next(events).record_id == made[0]

        mortal_server.kill()
        mortal_server.start()
        made += [client.create("client", client_name="after the kill").record.id for _ in range(3)]
        mortal_server.stop()
        mortal_server.start()
        made += [client.create("client", client_name="after the stop").record.id for _ in range(3)]

        assert [event.record_id for event in islice(events, 6)] == made[1:]


@pytest.mark.timeout(180)  # it starts a server twice
async def test_a_stream_outlives_its_server(mortal_server):
    async with AsyncClient(mortal_server.target, api_key=mortal_server.api_key, plaintext=True) as client:
        made = [(await client.create("client", client_name="before")).record.id]
        async with aclosing(client.watch("earliest", heartbeat=1)) as events:
            assert (await anext(events)).record_id == made[0]
            waiting = asyncio.ensure_future(anext(events))

            await asyncio.to_thread(mortal_server.stop)
            await asyncio.to_thread(mortal_server.start)
            made += [(await client.create("client", client_name="after")).record.id for _ in range(3)]

            seen = [await waiting, await anext(events), await anext(events)]
            assert [event.record_id for event in seen] == made[1:]


def _open_at(client, ready, name):
    ready.wait()
    client.open_consumer(name, "latest")


def _first_place(client, name):
    """The consumer's place once there is one."""
    from clockwire.client.errors import NotFound
    from clockwire.v1.consumer_service_pb2 import GetConsumerRequest

    while True:
        try:
            return client.consumers.GetConsumer(GetConsumerRequest(name=name)).consumer.cursor
        except NotFound:
            continue
