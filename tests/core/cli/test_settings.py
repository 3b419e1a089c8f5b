"""Settings: from flags and the environment, checked together, documented."""

import ipaddress
import os
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from clockwire.cli.flags import settings_of
from clockwire.settings import OPTIONS, Address, Secret, SettingError, Settings, network_of, origin_of


def test_every_setting_can_be_given_and_every_option_is_a_setting():
    assert set(OPTIONS) == {field.name for field in fields(Settings)}


def test_every_option_is_a_variable_and_says_what_it_means():
    assert OPTIONS["tls_cert"].variable == "CLOCKWIRE_TLS_CERT"
    assert all(option.meaning.endswith(".") for option in OPTIONS.values())
    assert [option.name for option in OPTIONS.values() if not option.flag] == ["secret_key"]


def test_defaults_are_told_in_words():
    told = {name: option.default for name, option in OPTIONS.items()}
    assert told["database"] == "sqlite:///clockwire.db"
    assert told["listen"] == "127.0.0.1:50051"
    assert (told["dispatch"], told["insecure"], told["tls_cert"], told["secret_key"]) == ("true", "false", "", "")
    assert told["drain_timeout"] == "10"


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0, True),
        ("127.8.9.1:80", "127.8.9.1", 80, True),
        ("localhost:65535", "localhost", 65535, True),
        ("[::1]:50051", "::1", 50051, True),
        ("0.0.0.0:50051", "0.0.0.0", 50051, False),
        ("[::]:50051", "::", 50051, False),
        ("example.com:443", "example.com", 443, False),
        ("10.0.0.1:443", "10.0.0.1", 443, False),
    ],
)
def test_an_address_is_host_and_port(text, host, port, loopback):
    address = Address.of(text)
    assert (address.host, address.port, address.is_loopback) == (host, port, loopback)
    assert str(address) == text


@pytest.mark.parametrize("text", ["", ":", "localhost", "localhost:", ":80", "h:-1", "h:65536", "h:x", "h:８０"])
def test_what_is_no_address_is_refused_in_words(text):
    with pytest.raises(SettingError, match="HOST:PORT"):
        Address.of(text)


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:443", "example.com:443"])
def test_without_tls_only_this_machine_is_listened_to_unless_told_so(listen):
    with pytest.raises(SettingError, match="--insecure"):
        Settings(listen=Address.of(listen))
    with pytest.raises(SettingError, match="--insecure"):
        Settings(http=Address.of(listen))
    Settings(listen=Address.of(listen), grpc=False, http=Address.of("127.0.0.1:0"))
    Settings(listen=Address.of(listen), insecure=True)
    Settings(listen=Address.of(listen), tls_cert=Path("c"), tls_key=Path("k"))


@pytest.mark.parametrize("given", [{"tls_cert": Path("c")}, {"tls_key": Path("k")}, {"tls_client_ca": Path("a")}])
def test_half_of_tls_is_refused(given):
    with pytest.raises(SettingError, match="--tls-cert and --tls-key"):
        Settings(**given)


def test_networks_are_cidr_or_single_addresses():
    assert network_of("10.0.0.0/8") == ipaddress.ip_network("10.0.0.0/8")
    assert network_of("::1") == ipaddress.ip_network("::1/128")
    for text in ("10.0.0.1/8", "nowhere", ""):
        with pytest.raises(SettingError, match="--allow-target"):
            network_of(text)


@pytest.mark.parametrize("origin", ["https://app.example.com", "http://localhost:3000", "http://[::1]:80"])
def test_an_origin_is_a_scheme_and_a_host(origin):
    assert origin_of(origin) == origin
    for wrong in ("*", "null", f"{origin}/", origin.upper(), origin.removeprefix("http"), f"{origin}?x"):
        with pytest.raises(SettingError, match="--allow-origin"):
            origin_of(wrong)


def test_the_secret_key_comes_from_the_environment_and_never_shows(monkeypatch):
    monkeypatch.setitem(os.environ, "CLOCKWIRE_SECRET_KEY", "very secret")
    settings = settings_of(drain_timeout=2.5)
    assert settings.secret_key == Secret("very secret")
    assert settings.drain_timeout == timedelta(seconds=2.5)
    assert "very secret" not in repr(settings)
