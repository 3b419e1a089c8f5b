"""The hook: its clients, and what Test Connection says in words."""

import json
import time

import pytest
import trustme

from clockwire.v1.account_service_pb2 import GetCallerRequest
from clockwire_provider.hooks.clockwire import ClockwireHook
from tests.airflow_provider.conftest import connection_json
from tests.support.serving import running_server


@pytest.fixture
def tested(monkeypatch):
    """What Test Connection says about a connection."""

    def test(connection):
        monkeypatch.setenv("AIRFLOW_CONN_CLOCKWIRE_DEFAULT", connection)
        began = time.monotonic()
        result = ClockwireHook().test_connection()
        assert time.monotonic() - began < 3
        return result

    return test


@pytest.fixture(scope="module")
def authority():
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_server(authority, tmp_path_factory):
    """A server with TLS."""
    folder = tmp_path_factory.mktemp("tls")
    with running_server(folder, *_server_certificate(authority, folder)) as server:
        yield server


@pytest.fixture(scope="module")
def mutual_tls_server(authority, tmp_path_factory):
    """A server that asks its callers for a certificate."""
    folder = tmp_path_factory.mktemp("mtls")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    options = [*_server_certificate(authority, folder), "--tls-client-ca", str(folder / "ca.pem")]
    with running_server(folder, *options) as server:
        yield server


def test_a_task_gets_a_client(server, connection):
    with ClockwireHook(connection, causation_id="airflow:payroll").get_conn() as client:
        assert client.account.GetCaller(GetCallerRequest()).workspace.id == server.workspace_id
        assert client.session.causation_id == "airflow:payroll"


async def test_a_trigger_gets_a_client(server, connection):
    async with await ClockwireHook(connection).aget_client() as client:
        assert (await client.account.GetCaller(GetCallerRequest())).workspace.id == server.workspace_id


def test_a_good_connection_says_where_it_leads(server, tested):
    assert tested(connection_json(server)) == (
        True,
        f"Connected to workspace 'acme' at {server.target} with the API key 'all scopes'.",
    )


def test_missing_scopes_are_named(server, tested):
    works, words = tested(_with_key(server, server.new_key("records.read", "events.read")))

    assert works
    assert words.endswith("; it lacks records.write, subscriptions.read, subscriptions.write.")


def test_a_key_that_is_of_no_use_does_not_pass(server, tested):
    works, words = tested(_with_key(server, server.new_key("keys.admin")))

    assert not works
    assert "none of the scopes that are needed here: records.read, records.write" in words


def test_a_wrong_key_is_told_apart(server, tested):
    assert tested(_with_key(server, "cw_live_wrong")) == (
        False,
        "The server does not accept the API key: it is unknown, has expired or was revoked.",
    )


def test_a_foreign_workspace_is_told_apart(server, tested):
    works, words = tested(connection_json(server, workspace_id="7a0c2a57-9d0f-7a1e-8a57-3a3d5f7a1c11"))

    assert not works
    assert "does not belong to the workspace" in words


def test_a_closed_port_is_told_apart(server, tested):
    stored = {**json.loads(connection_json(server)), "port": 1}

    assert tested(json.dumps(stored)) == (False, "Nothing listens at 127.0.0.1:1: the connection was refused.")


def test_an_unknown_host_is_told_apart(server, tested):
    stored = {**json.loads(connection_json(server)), "host": "clockwire.invalid"}

    assert tested(json.dumps(stored)) == (False, "The host name 'clockwire.invalid' is not known.")


def test_tls_to_a_server_without_it_is_told_apart(server, tested):
    works, words = tested(connection_json(server, tls=True))

    assert not works
    assert "does not speak TLS: switch TLS off" in words


def test_plaintext_to_a_server_with_tls_is_told_apart(tls_server, tested):
    works, words = tested(connection_json(tls_server, tls=False))

    assert not works
    assert words.endswith("speaks TLS: switch TLS on.")


def test_an_untrusted_certificate_is_told_apart(tls_server, tested):
    works, words = tested(connection_json(tls_server, tls=True))

    assert not works
    assert "certificate is not trusted" in words


def test_a_trusted_certificate_is_good(tls_server, authority, tested):
    works, _ = tested(connection_json(tls_server, tls=True, ca_pem=authority.cert_pem.bytes().decode()))

    assert works


def test_a_missing_client_certificate_is_told_apart(mutual_tls_server, authority, tested):
    works, words = tested(connection_json(mutual_tls_server, tls=True, ca_pem=authority.cert_pem.bytes().decode()))

    assert not works
    assert words.endswith("it may want a client certificate.")


def test_a_client_certificate_opens(mutual_tls_server, authority, tested):
    certificate = authority.issue_cert("airflow@example.com")
    extra = {
        "ca_pem": authority.cert_pem.bytes().decode(),
        "client_certificate_pem": certificate.cert_chain_pems[0].bytes().decode(),
        "client_private_key_pem": certificate.private_key_pem.bytes().decode(),
    }
    works, _ = tested(connection_json(mutual_tls_server, tls=True, **extra))

    assert works


def test_an_incomplete_form_is_answered_in_words(server, tested):
    stored = {**json.loads(connection_json(server)), "password": ""}

    works, words = tested(json.dumps(stored))

    assert not works
    assert words.startswith("The connection cannot work: ")


def test_a_setting_that_makes_tasks_hang_is_warned_of(connection, monkeypatch, capsys):
    monkeypatch.setenv("GRPC_ENABLE_FORK_SUPPORT", "0")

    ClockwireHook(connection).get_conn()

    assert "GRPC_ENABLE_FORK_SUPPORT is off" in capsys.readouterr().out


def _with_key(server, key):
    return json.dumps({**json.loads(connection_json(server)), "password": key})


def _server_certificate(authority, folder):
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
