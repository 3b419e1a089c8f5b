"""How calls are made: on whose behalf, how long, how often, and over which connection."""

import subprocess
import sys
import textwrap
import threading
import uuid

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo

from clockwire.client import AsyncClient, Client
from clockwire.client.errors import DeadlineExceeded, InvalidInput, QuotaExceeded, Unavailable, Unsupported
from clockwire.client.session import Terms
from clockwire.v1.account_service_pb2 import GetCallerRequest, GetCallerResponse
from clockwire.v1.account_service_pb2_grpc import AccountServiceServicer
from clockwire.v1.record_service_pb2 import CreateRecordResponse, GetRecordResponse
from clockwire.v1.record_service_pb2_grpc import RecordServiceServicer
from clockwire.v1.subscription_service_pb2 import TestSubscriptionRequest as SendTestRequest
from clockwire.v1.subscription_service_pb2_grpc import SubscriptionServiceServicer
from tests.support.scripted_server import reason, refusing, saying, scripted_server

CREATE = "RecordService/CreateRecord"
UNAVAILABLE = refusing(grpc.StatusCode.UNAVAILABLE)


@pytest.fixture
def server():
    """A server of everything these tests call."""
    with scripted_server(RecordServiceServicer, SubscriptionServiceServicer, AccountServiceServicer) as server:
        server.answers("AccountService/GetCaller", saying(GetCallerResponse()))
        yield server


@pytest.fixture
def client(server):
    """A client of that server."""
    with Client(server.target, api_key="cw_live_x", plaintext=True) as client:
        yield client


def test_a_call_says_who_calls_and_for_whom(server):
    terms: Terms = {
        "api_key": "cw_live_x",
        "plaintext": True,
        "workspace_id": "w",
        "on_behalf_of": "u",
        "causation_id": "nightly",
    }
    with Client(server.target, **terms) as client:
        client.account.GetCaller(GetCallerRequest())

    _, _, metadata, _ = server.calls[0]
    assert metadata["authorization"] == "Bearer cw_live_x"
    assert metadata["x-workspace-id"] == "w"
    assert metadata["x-on-behalf-of"] == "u"
    assert metadata["x-causation-id"] == "nightly"
    assert metadata["user-agent"].startswith("clockwire-python/")


def test_a_write_is_repeated_as_the_same_request_on_a_fresh_connection(server, client):
    server.answers(CREATE, UNAVAILABLE, UNAVAILABLE, saying(CreateRecordResponse()))

    client.create("project", project_name="Website")

    first, *others = server.requests(CREATE)
    assert len(others) == 2
    assert str(uuid.UUID(first.request_id)) == first.request_id
    assert all(each == first for each in others)
    assert len({peer for _, _, _, peer in server.calls}) == 3


def test_a_request_id_of_the_caller_is_kept(server, client):
    server.answers(CREATE, saying(CreateRecordResponse()))

    client.create("project", project_name="Website", request_id="mine")

    assert server.requests(CREATE)[0].request_id == "mine"


async def test_awaited_calls_are_repeated_in_the_same_way(server):
    server.answers(CREATE, UNAVAILABLE, saying(CreateRecordResponse()))

    async with AsyncClient(server.target, plaintext=True) as client:
        await client.create("project", project_name="Website")

    first, second = server.requests(CREATE)
    assert first == second
    assert first.request_id
    assert len({peer for _, _, _, peer in server.calls}) == 2


def test_repetition_ends(server, client):
    server.answers(CREATE, UNAVAILABLE)

    with pytest.raises(Unavailable):
        client.create("project", project_name="Website")

    assert len(server.requests(CREATE)) == 4


def test_a_refusal_is_not_repeated(server, client):
    server.answers(CREATE, refusing(grpc.StatusCode.INVALID_ARGUMENT))

    with pytest.raises(InvalidInput):
        client.create("project", project_name="Website")

    assert len(server.requests(CREATE)) == 1


def test_what_would_be_done_twice_is_not_repeated(server, client):
    """TestSubscription has no request_id: a second call would send a second webhook."""
    server.answers("SubscriptionService/TestSubscription", UNAVAILABLE)

    with pytest.raises(Unavailable):
        client.subscriptions.TestSubscription(SendTestRequest(subscription_id="s"))

    assert len(server.calls) == 1


def test_a_quota_is_waited_for_if_the_server_says_how_long(server, client):
    wait = RetryInfo(retry_delay=Duration(nanos=50_000_000))
    full = refusing(grpc.StatusCode.RESOURCE_EXHAUSTED, reason("QUOTA_EXCEEDED"), wait)
    server.answers(CREATE, full, saying(CreateRecordResponse()))

    client.create("project", project_name="Website")

    assert len(server.requests(CREATE)) == 2


def test_a_wait_longer_than_the_deadline_is_not_begun(server, client):
    wait = RetryInfo(retry_delay=Duration(seconds=3600))
    server.answers(CREATE, refusing(grpc.StatusCode.RESOURCE_EXHAUSTED, reason("QUOTA_EXCEEDED"), wait))

    with pytest.raises(QuotaExceeded) as caught:
        client.create("project", project_name="Website")

    assert caught.value.retry_after == 3600


def test_every_call_has_a_deadline(server):
    answering = threading.Event()
    server.answers("RecordService/GetRecord", lambda *_: answering.wait(30) and GetRecordResponse())

    with Client(server.target, plaintext=True, timeout=0.2) as client, pytest.raises(DeadlineExceeded):
        client.get("project", "7a0c2a57-9d0f-7a1e-8a57-3a3d5f7a1c11")

    answering.set()


def test_a_server_that_lacks_a_call_is_told_apart(server, client):
    server.answers(CREATE, refusing(grpc.StatusCode.UNIMPLEMENTED))

    with pytest.raises(Unsupported):
        client.create("project", project_name="Website")


def test_nothing_is_opened_before_the_first_call():
    """Importing and constructing starts no thread and opens no file: gRPC is not even started."""
    program = """
        import os, threading
        from clockwire.client import Client
        before = os.listdir("/proc/self/fd")
        Client("localhost:1", plaintext=True)
        assert os.listdir("/proc/self/fd") == before
        assert threading.active_count() == 1
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=30)


def test_a_forked_child_goes_on_with_the_client_it_inherited(server):
    """Over a connection of its own, also while another thread of the parent held the client's lock."""
    program = f"""
        import os, sys, threading
        from clockwire.client import Client
        from clockwire.v1.account_service_pb2 import GetCallerRequest
        client = Client("{server.target}", plaintext=True)
        client.account.GetCaller(GetCallerRequest())
        client._calls._channels._lock.acquire()
        child = os.fork()
        if not child:
            client.account.GetCaller(GetCallerRequest())
            os._exit(0)
        client._calls._channels._lock.release()
        client.account.GetCaller(GetCallerRequest())
        sys.exit(os.waitpid(child, 0)[1])
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=30)

    assert len(server.calls) == 3
    assert len({peer for _, _, _, peer in server.calls}) == 2


def test_terms_that_cannot_work_are_refused_at_once():
    with pytest.raises(ValueError, match="plaintext was asked for"):
        Client("localhost:1", plaintext=True, ca_pem="-----BEGIN CERTIFICATE-----")
    with pytest.raises(ValueError, match="belong together"):
        Client("localhost:1", client_certificate_pem="-----BEGIN CERTIFICATE-----")
    with pytest.raises(ValueError, match="beginning with -----BEGIN"):
        Client("localhost:1", ca_pem="/etc/ssl/ca.pem")
    with pytest.raises(ValueError, match="travels in a header"):
        Client("localhost:1", api_key="naïve")
    with pytest.raises(ValueError, match="HOST:PORT"):
        Client("")


def test_a_key_does_not_show_in_what_is_printed():
    assert "cw_live_x" not in repr(Client("localhost:1", api_key="cw_live_x").session)
