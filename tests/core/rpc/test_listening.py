"""The gRPC port: TLS, mutual TLS, and a port that is taken."""

from typing import Any

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from clockwire.api.tls import ListenError
from clockwire.client.errors import KeyInvalid, Unavailable
from clockwire.client.statuses import error_of
from clockwire.settings import Address
from clockwire.v1.account_service_pb2 import GetCallerRequest
from tests.support.server import ON_SQLITE, served


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
    return {"tls_cert": cert, "tls_key": key}


@pytest.fixture
def client_ca(ca, tmp_path):
    """The file with the CA of clients."""
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@ON_SQLITE
async def test_calls_come_in_over_tls(database_url, clock, ca, tls):
    async with served(database_url, clock, **tls) as server:
        async with server.client(plaintext=False, ca_pem=pem(ca)) as client:
            assert (await client.account.GetCaller(GetCallerRequest())).workspace.id == server.workspace_id
        async with server.client() as in_clear:
            with pytest.raises(Unavailable):
                await in_clear.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_a_server_that_nobody_vouches_for_is_not_trusted(database_url, clock, tls):
    async with served(database_url, clock, **tls) as server:
        client = server.client(plaintext=False, ca_pem=pem(trustme.CA()))
        with pytest.raises(Unavailable):
            await client.account.GetCaller(GetCallerRequest())
        await client.close()


@ON_SQLITE
async def test_with_mutual_tls_only_known_clients_get_in(database_url, clock, ca, tls, client_ca):
    async with served(database_url, clock, **tls, tls_client_ca=client_ca) as server:
        known, unknown = ca.issue_cert("client"), trustme.CA().issue_cert("client")
        async with server.client(plaintext=False, ca_pem=pem(ca), **shown(known)) as client:
            await client.account.GetCaller(GetCallerRequest())
        nothing: dict[str, str] = {}
        for certificate in (nothing, shown(unknown)):
            async with server.client(plaintext=False, ca_pem=pem(ca), **certificate) as client:
                with pytest.raises(Unavailable):
                    await client.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_with_mutual_tls_a_key_is_needed_all_the_same(database_url, clock, ca, tls, client_ca):
    async with served(database_url, clock, **tls, tls_client_ca=client_ca) as server:
        client = server.client("cw_live_x", plaintext=False, ca_pem=pem(ca), **shown(ca.issue_cert("c")))
        with pytest.raises(KeyInvalid):
            await client.account.GetCaller(GetCallerRequest())
        await client.close()


@ON_SQLITE
async def test_a_port_that_is_taken_is_not_shared(server, clock, tmp_path):
    with pytest.raises(ListenError, match="in use"):
        async with served(f"sqlite:///{tmp_path / 'other.db'}", clock, listen=server.server.addresses.grpc):
            pass


async def test_an_address_of_another_machine_is_refused_in_words(clock, tmp_path):
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1"):
        async with served(f"sqlite:///{tmp_path / 'x.db'}", clock, listen=Address.of("192.0.2.1:5000"), insecure=True):
            pass


@ON_SQLITE
@pytest.mark.parametrize("file", ["tls_cert", "tls_key", "tls_client_ca"])
async def test_a_file_that_cannot_be_used_is_refused_in_words(database_url, clock, tls, client_ca, file):
    files = {**tls, "tls_client_ca": client_ca}
    for content in (b"", b"nonsense"):
        files[file].write_bytes(content)
        with pytest.raises(ListenError, match=rf"{files[file].name}.* PEM"):
            async with served(database_url, clock, **files):
                pass


@ON_SQLITE
async def test_a_key_of_another_certificate_is_refused_in_words(database_url, clock, ca, tls):
    ca.issue_cert("localhost").private_key_pem.write_to_path(tls["tls_key"])
    with pytest.raises(ListenError, match="are not a certificate chain and its private key"):
        async with served(database_url, clock, **tls):
            pass


@ON_SQLITE
async def test_a_key_that_needs_a_password_is_refused_in_words(database_url, clock, tls):
    plain = load_pem_private_key(tls["tls_key"].read_bytes(), None)
    tls["tls_key"].write_bytes(plain.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw")))
    with pytest.raises(ListenError, match="is encrypted"):
        async with served(database_url, clock, **tls):
            pass


@ON_SQLITE
async def test_ipv6_is_spoken_too(database_url, clock):
    async with served(database_url, clock, listen=Address.of("[::1]:0")) as server:
        assert server.target.startswith("[::1]:")
        async with server.client() as client:
            await client.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_a_message_that_is_too_large_is_refused(server):
    error = await refusal(server, bytes(4 * 1024 * 1024 + 1))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@ON_SQLITE
async def test_bytes_that_are_no_message_are_the_caller_s_mistake(server):
    error = await refusal(server, b"\xff\xff\xff")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(error).reason == "FIELD_INVALID"


async def refusal(server, request):
    """What a call with these bytes as its request is told."""
    async with server.channel() as channel:
        create: Any = channel.unary_unary("/clockwire.v1.RecordService/CreateRecord")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await create(request, metadata=(("authorization", f"Bearer {server.api_key}"),))
        return caught.value


def pem(ca):
    """The CA's certificate as text."""
    return ca.cert_pem.bytes().decode()


def shown(certificate):
    """How a client shows a certificate."""
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems).decode()
    return {
        "client_certificate_pem": chain,
        "client_private_key_pem": certificate.private_key_pem.bytes().decode(),
    }
