"""The HTTP port: TLS and mutual TLS as for gRPC, a port that is taken, and the drain."""

import asyncio
import ssl

import pytest
import trustme
from structlog.testing import capture_logs

from clockwire.api.tls import ListenError
from clockwire.settings import Address
from tests.support.http import ask, exchange, until
from tests.support.server import ANY_PORT, ON_SQLITE, served

CALLER = "/clockwire.v1.AccountService/GetCaller"
PULL = "/clockwire.v1.EventService/PullEvents"


@pytest.fixture(scope="module")
def ca():
    """Who vouches for servers and clients."""
    return trustme.CA()


@pytest.fixture
def tls(ca, tmp_path):
    """Settings for TLS with a certificate of localhost."""
    certificate = ca.issue_cert("localhost", "127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    return {"http": ANY_PORT, "tls_cert": cert, "tls_key": key}


@ON_SQLITE
async def test_requests_come_in_over_tls_and_in_no_other_way(database_url, clock, ca, tls):
    async with served(database_url, clock, **tls) as server:
        answer = await asyncio.to_thread(healthy, server, trusting(ca))
        assert answer.status == 200
        for context, error in ((None, ConnectionError), (trusting(trustme.CA()), ssl.SSLCertVerificationError)):
            with pytest.raises(error):
                await asyncio.to_thread(healthy, server, context)


@ON_SQLITE
async def test_with_mutual_tls_only_known_clients_get_in(database_url, clock, ca, tls, tmp_path):
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with served(database_url, clock, **tls, tls_client_ca=tmp_path / "ca.pem") as server:
        assert (await asyncio.to_thread(healthy, server, trusting(ca, ca.issue_cert("client")))).status == 200
        for shown in (None, trustme.CA().issue_cert("client")):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.to_thread(healthy, server, trusting(ca, shown))


@ON_SQLITE
async def test_a_port_that_is_taken_is_refused_in_words_and_grpc_is_closed_too(server, clock, tmp_path):
    with pytest.raises(ListenError, match="for HTTP: the address is in use"):
        async with served(f"sqlite:///{tmp_path / 'other.db'}", clock, http=server.http_target):
            pass


async def test_an_address_of_another_machine_is_refused_in_words(clock, tmp_path):
    terms = {"http": Address.of("192.0.2.1:5000"), "insecure": True}
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1:5000 for HTTP"):
        async with served(f"sqlite:///{tmp_path / 'x.db'}", clock, **terms):
            pass


@ON_SQLITE
@pytest.mark.parametrize("address", ["[::1]:0", "localhost:0"])
async def test_ipv6_and_names_are_spoken_too(database_url, clock, address):
    async with served(database_url, clock, http=Address.of(address)) as server:
        assert (await ask(server, CALLER)).json["workspace"]["id"] == server.workspace_id


@ON_SQLITE
async def test_http_alone_answers_without_grpc(database_url, clock):
    async with served(database_url, clock, http=ANY_PORT, grpc=False) as server:
        assert server.server.addresses.grpc is None
        assert (await ask(server, CALLER)).status == 200


@ON_SQLITE
async def test_browsers_may_call_from_the_pages_that_are_allowed_and_no_others(database_url, clock):
    async with served(database_url, clock, http=ANY_PORT, allow_origin=["https://app.example.com"]) as server:
        for origin, allowed in (("https://app.example.com", True), ("https://evil.example.com", False)):
            asked = {"origin": origin, "access_control_request_method": "POST"}
            asked["access_control_request_headers"] = "authorization, content-type, connect-protocol-version"
            before = await ask(server, CALLER, method="OPTIONS", authorization="", **asked)
            answer = await ask(server, CALLER, origin=origin)
            assert ("access-control-allow-headers" in before.headers and before.status == 200) == allowed
            for each in (before, answer):
                assert (each.headers.get("access-control-allow-origin") == origin) == allowed
            assert "access-control-allow-credentials" not in answer.headers


@ON_SQLITE
async def test_a_drain_ends_long_polls_and_idle_connections_and_lets_calls_finish(database_url, clock):
    with capture_logs() as lines:
        async with served(database_url, clock, http=ANY_PORT) as server:
            idle, writer = await asyncio.open_connection(server.http_target.host, server.http_target.port)
            latest = {"start": {"position": "POSITION_LATEST"}, "waitTimeout": "50s"}
            polling = asyncio.create_task(ask(server, PULL, latest))
            await until(lambda: server.workspace_id in server.engine.tail._recent)
    answer = await polling
    assert (answer.status, answer.reason, answer.headers["retry-after"]) == (503, "SERVER_DRAINING", "1")
    assert answer.headers["connection"] == "close"
    assert await idle.read() == b""
    writer.close()
    await writer.wait_closed()
    assert [line["event"] for line in lines if "listening for http" in line["event"]] == [
        "listening for http",
        "stopped listening for http",
    ]


@ON_SQLITE
async def test_each_answer_says_the_request_s_id_and_the_log_too(server):
    with capture_logs() as lines:
        given = await ask(server, CALLER, x_request_id="abc-123")
        made = await ask(server, CALLER, x_request_id="not one\tword")
        unknown = await ask(server, "/nothing", x_request_id="xyz")
    assert given.headers["x-request-id"] == "abc-123"
    assert len(made.headers["x-request-id"]) == 36
    assert (unknown.status, unknown.json["code"], unknown.headers["x-request-id"]) == (404, "unimplemented", "xyz")
    calls = [line["request_id"] for line in lines if line["event"] == "call"]
    assert calls == ["abc-123", made.headers["x-request-id"]]
    assert server.api_key not in str(lines)


def healthy(server, context):
    """The answer to GET /healthz with this TLS."""
    return exchange(server.http_target, "GET", "/healthz", tls=context)


def trusting(ca, shown=None):
    """TLS of a client that trusts this authority, and shows this certificate."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    if shown is not None:
        shown.configure_cert(context)
    return context
