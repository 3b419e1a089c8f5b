"""sign and verify: made here, checked here, and by the libraries that receivers use."""

import json

import pytest
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"event":"timelog.created","id":"7"}'


def test_what_is_signed_is_verified(run, tmp_path):
    headers = run("sign", "--secret", SECRET, stdin=BODY).out
    (tmp_path / "headers").write_text(headers)
    assert run("verify", "--headers", str(tmp_path / "headers"), "--secret", SECRET, stdin=BODY).line == "valid"


def test_the_body_may_be_a_file_and_the_secret_too(run, tmp_path):
    body, secret = tmp_path / "body.json", tmp_path / "secret"
    body.write_bytes(BODY)
    secret.write_text(SECRET + "\n")
    headers = run("sign", str(body), "--secret-file", str(secret)).out.splitlines()
    given = [part for header in headers for part in ("-H", header)]
    assert run("verify", str(body), *given, "--secret-file", str(secret)).line == "valid"


def test_other_libraries_accept_the_headers(run):
    headers = dict(line.split(": ", 1) for line in run("sign", "--secret", SECRET, stdin=BODY).out.splitlines())
    assert Webhook(SECRET).verify(BODY, headers) == json.loads(BODY)


def test_the_published_vector_is_reproduced(run):
    """The example of https://www.standardwebhooks.com, as its reference libraries test it."""
    signed = run(
        "sign",
        "--id",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "--time",
        "1614265330",
        CLOCKWIRE_SIGNING_SECRET=SECRET,
        stdin=b'{"test": 2432232314}',
    )
    assert "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" in signed.out.splitlines()


@pytest.mark.parametrize("changed", [b"", BODY + b" ", BODY.replace(b"7", b"8")])
def test_another_body_is_not_valid(run, changed):
    given = headers_of(run)
    failed = run("verify", *given, "--secret", SECRET, stdin=changed)
    assert (failed.code, failed.out) == (1, "")
    assert failed.err.startswith("not valid: ")


def test_another_secret_is_not_valid(run):
    assert run("verify", *headers_of(run), "--secret", "whsec_" + "A" * 32, stdin=BODY).code == 1


def test_an_old_webhook_is_valid_only_for_its_time(run):
    given = headers_of(run, "--time", "2025-01-15T09:00:00Z")
    assert "old, 300 s are allowed" in run("verify", *given, "--secret", SECRET, stdin=BODY).err
    assert run("verify", *given, "--secret", SECRET, "--time", "2025-01-15T09:04:59Z", stdin=BODY).line == "valid"


def test_during_a_rotation_both_secrets_sign_and_either_verifies(run):
    new, old = SECRET, "whsec_" + "A" * 32
    given = headers_of(run, "--secret", old)
    for secret in (new, old):
        assert run("verify", *given, "--secret", secret, stdin=BODY).line == "valid"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sign"], "a secret is needed"),
        (["sign", "--secret", "whsec_###"], "base64"),
        (["sign", "--secret", "a", "--secret", "b", "--secret", "c"], "at most two"),
        (["sign", "--secret", SECRET, "--time", "yesterday"], "--time"),
        (["sign", "--secret", SECRET, "--time", "2025-01-15T09:00:00"], "needs a zone"),
        (["sign", "/nowhere/at/all", "--secret", SECRET], "/nowhere/at/all"),
        (["verify", "-H", "nonsense", "--secret", SECRET], "is no header"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(run, arguments, told):
    failed = run(*arguments, stdin=BODY)
    assert failed.code == 2
    assert told in failed.err


def headers_of(run, *more):
    """The headers of a signed body, as arguments of `verify`."""
    lines = run("sign", "--secret", SECRET, *more, stdin=BODY).out.splitlines()
    return [part for line in lines for part in ("-H", line)]
