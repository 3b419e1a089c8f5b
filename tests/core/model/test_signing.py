"""Signatures: ours are what other people's libraries expect, and nothing else passes for one."""

import base64
import json
import string
from datetime import UTC, datetime

import pytest
import standardwebhooks
import svix.webhooks
from hypothesis import given
from hypothesis import strategies as some

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import SECOND
from clockwire.model.signing import (
    Secret,
    SignatureInvalid,
    check_secret,
    fingerprint,
    generate_secret,
    signature_headers,
    verify,
    verify_body,
)

REFERENCE = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
REFERENCE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
REFERENCE_TIME = 1614265330 * SECOND
REFERENCE_BODY = b'{"test": 2432232314}'
REFERENCE_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEX_TEXT = Secret("0123456789abcdef" * 4)
OLD, NEW = Secret("whsec_" + "A" * 32), Secret("whsec_" + "B" * 32)


def standard_signature(secret, event_id, seconds, body):
    return dict(signature_headers(event_id, seconds * SECOND, body=body, current=secret))["webhook-signature"]


def body_signature(secret, body):
    return dict(signature_headers("e", 0, body=body, current=secret))["X-ST-Webhook-Signature"]


def reference_headers(**changes):
    headers = {"webhook-id": REFERENCE_ID, "webhook-timestamp": "1614265330", "webhook-signature": REFERENCE_SIGNATURE}
    return {**headers, **{name.replace("_", "-"): value for name, value in changes.items()}}


@pytest.mark.parametrize(
    ("secret", "signed", "signature"),
    [
        (REFERENCE.text, (REFERENCE_ID, 1614265330, REFERENCE_BODY), REFERENCE_SIGNATURE),
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            (
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1649367553,
                b'{"email":"test@example.com","username":"test_user"}',
            ),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
            ("msg_x", 1700000000, b"{}"),
            "v1,EjQJ4MlajzCBC2VDdnyqsRQsh89b+DYjwsqqF59DcQc=",
        ),
        (
            "whsec_" + base64.b64encode(bytes(range(64))).decode(),
            ("msg_x", 1700000000, b"{}"),
            "v1,utKSr2HMEjoU9Oh+pDaYLWbyWnDXn2iOXR2LB7ntdOg=",
        ),
    ],
)
def test_standard_webhooks_vectors_are_met(secret, signed, signature):
    assert standard_signature(Secret(secret), *signed) == signature


@pytest.mark.parametrize(
    ("secret", "body", "signature"),
    [
        (
            Secret("It's a Secret to Everybody"),
            b"Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            Secret("Jefe"),  # RFC 4231, case 2
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            HEX_TEXT,
            b'{ "event": "project.deleted", "id": "41984ad9-9efd-4af2-9212-037a49a736fc" }',
            "5b012e6f472f848c26f0f45ff32804382e4ffaa2c9532f4255d12f485b46c3aa",
        ),
        (
            HEX_TEXT,
            b'{"event":"project.deleted","id":"41984ad9-9efd-4af2-9212-037a49a736fc"}',
            "3bb0ac1ed2a83a2d16c7733819bb1ade3faac5570b9aa4464bbc3831d1f65b8c",
        ),
        (HEX_TEXT, b"", "081247dc68bb7fafbf13220013a0ab71db8b628d679161f87b5e5bd9e19b1494"),
        (
            HEX_TEXT,
            '{"event":"project.created","ProjectName":"Übergröße ✓"}'.encode(),
            "a286534a92334d0001cc7d0cc5f947a0c5b4173c8e33fe14ffd122360f7efe18",
        ),
    ],
)
def test_body_signature_vectors_are_met(secret, body, signature):
    assert body_signature(secret, body) == "sha256=" + signature
    verify_body("sha256=" + signature, body, valid=[secret])
    with pytest.raises(SignatureInvalid):
        verify_body("sha256=" + signature, body + b"?", valid=[secret])


@pytest.mark.parametrize("text", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr"])
def test_base64_without_padding_is_the_same_secret(text):
    assert Secret("whsec_" + text).key == Secret("whsec_" + text + "=" * (-len(text) % 4)).key
    signature = standard_signature(Secret("whsec_" + text), "m", 1, b"{}")
    assert signature == standardwebhooks.Webhook("whsec_" + text).sign("m", datetime.fromtimestamp(1, UTC), "{}")


def test_an_attempt_is_identified_and_timed_in_whole_seconds():
    headers = signature_headers(REFERENCE_ID, REFERENCE_TIME + 999_999, body=REFERENCE_BODY, current=REFERENCE)
    assert [name for name, _ in headers] == [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "X-ST-Webhook-Signature",
    ]
    assert dict(headers)["webhook-timestamp"] == "1614265330"
    assert dict(headers)["webhook-signature"] == REFERENCE_SIGNATURE


def test_without_a_secret_there_is_no_signature():
    headers = signature_headers("e1", 5 * SECOND, body=b"{}", current=None)
    assert headers == [("webhook-id", "e1"), ("webhook-timestamp", "5")]


def test_while_a_secret_retires_receivers_with_either_are_served():
    headers = dict(signature_headers("e1", 5 * SECOND, body=b"{}", current=NEW, retiring=OLD))
    both = [standard_signature(secret, "e1", 5, b"{}") for secret in (NEW, OLD)]
    assert headers["webhook-signature"].split(" ") == both
    assert headers["X-ST-Webhook-Signature"] == body_signature(OLD, b"{}")
    for secret in (NEW, OLD):
        verify(headers, b"{}", valid=[secret], now=5 * SECOND)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"webhook_signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="}, "matches"),
        ({"webhook_signature": "v1,"}, "matches"),
        ({"webhook_signature": REFERENCE_SIGNATURE[:-2]}, "matches"),
        ({"webhook_signature": REFERENCE_SIGNATURE.replace("v1,", "v2,")}, "matches"),
        ({"webhook_signature": REFERENCE_SIGNATURE.replace("v1,", "")}, "matches"),
        ({"webhook_signature": "v1,ü\udc80"}, "matches"),
        ({"webhook_signature": ""}, "missing: webhook-signature"),
        ({"webhook_id": ""}, "missing: webhook-id"),
        ({"webhook_id": "msg_other"}, "matches"),
        ({"webhook_timestamp": ""}, "missing: webhook-timestamp"),
        ({"webhook_timestamp": "hello"}, "not a number"),
        ({"webhook_timestamp": "1614265330.0"}, "not a number"),
        ({"webhook_timestamp": "-1614265330"}, "not a number"),
        ({"webhook_timestamp": "١"}, "not a number"),
        ({"webhook_timestamp": "9" * 5000}, "not a number"),
        ({"webhook_timestamp": "1614265331"}, "matches"),
    ],
)
def test_anything_else_is_refused_in_words(changes, said):
    with pytest.raises(SignatureInvalid, match=said):
        verify(reference_headers(**changes), REFERENCE_BODY, valid=[REFERENCE], now=REFERENCE_TIME)


def test_a_valid_signature_among_others_is_found():
    other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
    headers = reference_headers(webhook_signature=f"{other} {other.replace('v1', 'v2')} {REFERENCE_SIGNATURE} {other}")
    verify(headers, REFERENCE_BODY, valid=[OLD, REFERENCE], now=REFERENCE_TIME)


@pytest.mark.parametrize("body", [b'{"test": 2432232315}', b"", REFERENCE_BODY + b"\n"])
def test_another_body_is_refused(body):
    with pytest.raises(SignatureInvalid):
        verify(reference_headers(), body, valid=[REFERENCE], now=REFERENCE_TIME)


@pytest.mark.parametrize("valid", [[], [OLD], [HEX_TEXT]])
def test_other_secrets_are_refused(valid):
    with pytest.raises(SignatureInvalid):
        verify(reference_headers(), REFERENCE_BODY, valid=valid, now=REFERENCE_TIME)


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_300_seconds_either_way_are_tolerated(age):
    verify(reference_headers(), REFERENCE_BODY, valid=[REFERENCE], now=REFERENCE_TIME + age * SECOND)


@pytest.mark.parametrize(("age", "said"), [(-301, "301 s ahead"), (301, "301 s old")])
def test_301_seconds_are_not(age, said):
    with pytest.raises(SignatureInvalid, match=said):
        verify(reference_headers(), REFERENCE_BODY, valid=[REFERENCE], now=REFERENCE_TIME + age * SECOND)


def test_the_standard_signature_counts_where_there_is_one():
    headers = {**reference_headers(webhook_signature="v1,x"), "X-ST-Webhook-Signature": body_signature(OLD, b"{}")}
    with pytest.raises(SignatureInvalid):
        verify(headers, b"{}", valid=[OLD], now=REFERENCE_TIME)


def test_the_body_signature_alone_is_enough_in_any_case_of_its_name():
    verify({"x-st-WEBHOOK-signature": body_signature(OLD, b"{}")}, b"{}", valid=[NEW, OLD], now=0)


def test_no_signature_at_all_is_refused():
    with pytest.raises(SignatureInvalid, match="neither"):
        verify({"webhook-id": "e"}, b"{}", valid=[OLD], now=0)


def test_a_secret_is_not_shown():
    for shown in (repr(REFERENCE), str(REFERENCE), f"{REFERENCE}", repr([REFERENCE])):
        assert "MfKQ" not in shown
        assert "***" in shown


def test_a_generated_secret_is_what_the_standard_asks_for():
    one, other = generate_secret(), generate_secret()
    assert one != other
    assert len(one.key) == 32
    assert check_secret(one.text) == one


@pytest.mark.parametrize(
    "text", ["sixteen letters!", "x" * 256, "whsec_" + "A" * 22, "It's a Secret to Everybody", string.punctuation]
)
def test_secrets_of_other_systems_are_accepted(text):
    assert check_secret(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fifteen letters",
        "x" * 257,
        "with a newline in\n",
        "with a tab in it\t.",
        "with an ümlaut in it",
        "with a null in it\0",
        "whsec_",
        "whsec_AAAAAAAAAAAAAAAAAAAA",  # 15 bytes
        "whsec_" + "A" * 29,  # no length of base64
        "whsec_this is not base64!!",
        "whsec_" + "-_" * 16,  # the alphabet of URLs
    ],
)
def test_other_secrets_are_not_accepted_nor_repeated(text):
    with pytest.raises(FieldInvalid) as caught:
        check_secret(text, field="secret")
    assert caught.value.metadata == {"field": "secret"}
    assert not text or text not in str(caught.value)


def test_a_fingerprint_is_the_beginning_of_the_sha_256():
    assert fingerprint(Secret("abc")) == "ba7816bf"


TEXTS = some.text(some.characters(min_codepoint=33, max_codepoint=126, exclude_characters="."), min_size=1)
SECRETS = some.binary(min_size=24, max_size=64).map(lambda key: Secret("whsec_" + base64.b64encode(key).decode()))
BODIES = some.dictionaries(some.text(max_size=5), some.text(max_size=5)).map(lambda it: json.dumps(it).encode())


@pytest.mark.parametrize("library", [standardwebhooks.Webhook, svix.webhooks.Webhook])
@given(secret=SECRETS, retiring=some.none() | SECRETS, event_id=TEXTS, body=BODIES)
def test_the_libraries_receivers_use_accept_what_we_sign(library, secret, retiring, event_id, body):
    now = int(datetime.now(UTC).timestamp()) * SECOND
    headers = dict(signature_headers(event_id, now, body=body, current=secret, retiring=retiring))
    for each in filter(None, (secret, retiring)):
        library(each.text).verify(body, headers)


@given(secret=SECRETS, event_id=TEXTS, body=BODIES, seconds=some.integers(1, 2**33))
def test_what_the_library_signs_we_accept(secret, event_id, body, seconds):
    time = datetime.fromtimestamp(seconds, UTC)
    signature = standardwebhooks.Webhook(secret.text).sign(event_id, time, body.decode())
    headers = {"Webhook-Id": event_id, "Webhook-Timestamp": str(seconds), "Webhook-Signature": signature}
    verify(headers, body, valid=[secret], now=seconds * SECOND)
    assert standard_signature(secret, event_id, seconds, body) == signature
