"""What is read from an Airflow connection."""

import json

import pytest
from airflow.sdk import Connection

from clockwire_provider.hooks.connection import target_of, terms_of


def connection(**given):
    """A connection with a host and a key, unless *given* says otherwise."""
    extra = json.dumps(given.pop("extra", {}))
    usual = {"conn_id": "c", "conn_type": "clockwire", "host": "h", "password": "k"}
    return Connection(**{**usual, **given}, extra=extra)


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"host": "clockwire.example.com", "port": 443}, "clockwire.example.com:443"),
        ({"host": "clockwire.example.com"}, "clockwire.example.com:50051"),
        ({"host": "::1", "port": 50051}, "[::1]:50051"),
        ({"host": "[::1]", "port": 50051}, "[::1]:50051"),
    ],
)
def test_the_address_is_host_and_port(given, target):
    assert target_of(connection(**given)) == target


def test_tls_is_on_unless_it_is_switched_off():
    assert terms_of(connection())["plaintext"] is False
    assert terms_of(connection(extra={"tls": False}))["plaintext"] is True
    assert terms_of(connection(extra={"tls": "false"}))["plaintext"] is True


def test_null_and_empty_mean_unset():
    """The form saves every field, also those nobody filled in."""
    unset = dict.fromkeys(("tls", "ca_pem", "client_private_key_pem", "timeout_seconds", "workspace_id"))

    assert terms_of(connection(extra=unset)) == terms_of(connection())
    assert terms_of(connection())["timeout"] == 30


def test_line_breaks_of_a_certificate_survive_an_environment_variable():
    assert terms_of(connection(extra={"ca_pem": "-----BEGIN\\nx"}))["ca_pem"] == "-----BEGIN\nx"


def test_a_uri_says_the_same_as_the_form():
    uri = Connection.from_uri("clockwire://:cw_live_x@h:443/?tls=false&timeout_seconds=5", conn_id="c")

    assert target_of(uri) == "h:443"
    assert {**terms_of(uri)} == {
        **terms_of(connection(password="cw_live_x", extra={"tls": False, "timeout_seconds": 5})),
    }


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"host": ""}, "has no host"),
        ({"host": "https://clockwire.example.com"}, "without scheme and path"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        target_of(connection(**given))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"password": ""}, "has no API key"),
        ({"extra": {"tls": "maybe"}}, "tls is true or false"),
        ({"extra": {"timeout_seconds": "soon"}}, "is a number of seconds"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        terms_of(connection(**given))
