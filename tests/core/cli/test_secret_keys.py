"""The key that encrypts secrets: made once, kept for its owner, and the same as before."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.engine import make_url

from clockwire.model.vault import Vault, WrongKeyError
from clockwire.secret_keys import secret_keys
from clockwire.server import running
from clockwire.settings import Secret, SettingError
from clockwire.storage.vault_check import check_vault
from tests.support.server import ON_SQLITE, a_settings

KEYS = [bytes([number]) * 32 for number in range(2)]
TEXTS = [base64.b64encode(key).decode() for key in KEYS]


@pytest.fixture
def sqlite_url(tmp_path):
    """Where a SQLite file would be."""
    return make_url(f"sqlite:///{tmp_path / 'clockwire.db'}")


def test_a_new_key_lies_beside_the_sqlite_file_for_its_owner_alone(sqlite_url, tmp_path):
    [key] = secret_keys(Secret(), None, sqlite_url)
    file = tmp_path / "clockwire.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert base64.b64decode(file.read_text()) == key
    assert list(tmp_path.iterdir()) == [file]


def test_the_next_time_the_same_key_is_used(sqlite_url):
    assert secret_keys(Secret(), None, sqlite_url) == secret_keys(Secret(), None, sqlite_url)


def test_for_postgresql_it_lies_where_programs_keep_their_state(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "XDG_STATE_HOME", str(tmp_path))
    secret_keys(Secret(), None, make_url("postgresql://localhost/clockwire"))
    assert (tmp_path / "clockwire" / "secret.key").exists()


def test_a_file_can_be_named(sqlite_url, tmp_path):
    [key] = secret_keys(Secret(), tmp_path / "deep" / "key", sqlite_url)
    assert base64.b64decode((tmp_path / "deep" / "key").read_text()) == key


def test_servers_that_start_at_once_agree_on_one_key(sqlite_url):
    with ThreadPoolExecutor(8) as threads:
        found = {tuple(keys) for keys in threads.map(lambda _: secret_keys(Secret(), None, sqlite_url), range(8))}
    assert len(found) == 1


def test_of_several_given_keys_the_first_is_the_current_one(sqlite_url, tmp_path):
    assert secret_keys(Secret(", ".join(TEXTS)), tmp_path / "unused", sqlite_url) == KEYS
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["short", "!" * 44, TEXTS[0] + ",", base64.b64encode(bytes(31)).decode(), "ä"])
def test_what_is_no_key_is_refused_without_showing_it(sqlite_url, text):
    with pytest.raises(SettingError, match="CLOCKWIRE_SECRET_KEY") as caught:
        secret_keys(Secret(text), None, sqlite_url)
    assert text not in str(caught.value)


def test_a_database_knows_its_key_again(database):
    with database.writing() as connection:
        check_vault(connection, Vault(KEYS[:1]))
        check_vault(connection, Vault(KEYS[::-1]))
        with pytest.raises(WrongKeyError):
            check_vault(connection, Vault(KEYS[1:]))


@ON_SQLITE
async def test_a_server_with_another_key_than_before_refuses_to_start(database_url, clock):
    async with running(a_settings(database_url, secret_key=Secret(TEXTS[0])), clock=clock):
        pass
    with pytest.raises(SettingError, match="another secret key"):
        async with running(a_settings(database_url, secret_key=Secret(TEXTS[1])), clock=clock):
            pass
    async with running(a_settings(database_url, secret_key=Secret(f"{TEXTS[1]},{TEXTS[0]}")), clock=clock):
        pass
