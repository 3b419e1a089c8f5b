"""What each signature proves, and which of them counts."""

import pytest

from clockwire.cli.verdicts import Verdicts, verdicts_of
from clockwire.model.instants import SECOND
from clockwire.model.signing import generate_secret, signature_headers

NEW, OLD = generate_secret(), generate_secret()
BODY, NOW = b'{"event":"project.created"}', 1_705_312_800 * SECOND


def verdicts(*valid, body: bytes = BODY, late: int = 0, without: str = "", **secrets) -> Verdicts:
    signed = {"current": NEW, **secrets}
    headers = dict(signature_headers("e1", NOW, body=BODY, **signed))
    headers.pop(without, None)
    return verdicts_of(headers, body, valid=valid, now=NOW + late * SECOND)


def test_both_are_valid_with_the_secret():
    found = verdicts(NEW)

    assert found.named() == {"webhook-signature": "valid", "X-ST-Webhook-Signature": "valid"}
    assert found.believed


def test_without_a_secret_nothing_is_proven():
    found = verdicts()

    assert set(found.named().values()) == {"not checked: no secret was given"}
    assert not found.believed


def test_what_is_not_signed_has_no_signature():
    found = verdicts(NEW, current=None)

    assert (found.standard, found.body, found.believed) == ("absent", "absent", False)


@pytest.mark.parametrize("changed", [{"body": BODY + b" "}, {"current": OLD}])
def test_another_body_or_secret_is_not_valid(changed):
    found = verdicts(NEW, **changed)

    assert found.standard.startswith("not valid: no v1 entry")
    assert found.body.startswith("not valid: X-ST-Webhook-Signature does not match")
    assert not found.believed
    assert NEW.text not in str(found)


def test_an_old_webhook_is_not_believed_though_its_body_is_signed():
    found = verdicts(NEW, late=301)

    assert (found.standard[:21], found.body, found.believed) == ("not valid: webhook-ti", "valid", False)


def test_the_body_s_signature_alone_is_enough():
    assert verdicts(NEW, without="webhook-signature").believed


def test_while_a_secret_retires_either_is_believed():
    assert verdicts(NEW, retiring=OLD).believed
    assert verdicts(OLD, retiring=OLD).named() == dict.fromkeys(
        ("webhook-signature", "X-ST-Webhook-Signature"), "valid"
    )
    assert verdicts(NEW, retiring=OLD).body.startswith("not valid")
