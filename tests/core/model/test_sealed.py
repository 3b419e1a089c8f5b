"""A subscription's secrets are readable for it alone, and shown by nothing."""

import pytest

from clockwire.model.sealed import open_headers, open_secrets, seal_headers, seal_secret
from clockwire.model.signing import Secret
from clockwire.model.vault import WrongKeyError
from tests.support.delivering import a_subscription
from tests.support.writing import VAULT

OLD, NEW = Secret("the old secret 1"), Secret("the new secret 2")


def test_secrets_open_for_the_subscription_they_were_sealed_for_alone():
    sealed = seal_secret(VAULT, "s", NEW)

    assert open_secrets(VAULT, a_subscription(secret=sealed), 0).current == NEW
    assert NEW.text.encode() not in sealed
    with pytest.raises(WrongKeyError):
        open_secrets(VAULT, a_subscription(id="another", secret=sealed), 0)


def test_the_retiring_secret_is_valid_until_the_overlap_ends():
    rotating = a_subscription(
        secret=seal_secret(VAULT, "s", NEW), retiring_secret=seal_secret(VAULT, "s", OLD), rotation_end_time=100
    )

    assert open_secrets(VAULT, rotating, 99).retiring == OLD
    assert open_secrets(VAULT, rotating, 100).retiring is None


def test_without_a_secret_nothing_is_opened():
    secrets = open_secrets(VAULT, a_subscription(), 0)

    assert (secrets.current, secrets.retiring) == (None, None)


def test_opened_secrets_are_not_in_a_repr():
    assert "secret 2" not in repr(open_secrets(VAULT, a_subscription(secret=seal_secret(VAULT, "s", NEW)), 0))


def test_headers_come_back_as_they_were():
    sealed = seal_headers(VAULT, "s", {"X-Key": "hidden", "A": ""})

    assert sealed is not None
    assert b"hidden" not in sealed
    assert open_headers(VAULT, a_subscription(headers=sealed)) == {"X-Key": "hidden", "A": ""}
    assert seal_headers(VAULT, "s", {}) is None
    assert open_headers(VAULT, a_subscription()) == {}
