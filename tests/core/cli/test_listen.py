"""listen: shown, verified, sent on; and never a secret."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from clockwire.cli.catching import Caught
from clockwire.cli.forwarding import forward
from clockwire.cli.listening import Listener, _as_json, _as_text
from clockwire.model.instants import SECOND, system_clock
from clockwire.model.signing import Secret, generate_secret, signature_headers
from tests.support.ports import free_port
from tests.support.receivers import Answer, Receiver
from tests.support.serving import PROGRAM
from tests.support.verifying import verify

SECRET = generate_secret()
BODY = b'{"event":"project.created","Rate":95.00,"ProjectName":"\xc3\x9cber"}'
NOW = 1_705_312_800 * SECOND


def caught(secret: Secret | None = SECRET, body: bytes = BODY, **changes: Any) -> Caught:
    headers = [("clockwire-event", "project.created"), ("Content-Type", "application/json")]
    signed = signature_headers("e1", NOW, body=body, current=secret)
    whole = {"number": 1, "time": NOW, "method": "POST", "path": "/hook", "headers": [*headers, *signed], "body": body}
    return Caught(**{**whole, **changes})


def listener(*valid: Secret, status: int = 204, forward_url: str = "") -> Listener:
    return Listener([*valid], status, forward_url)


@contextmanager
def listening(*options: str, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The program, and the URL that it says it listens on."""
    command = [PROGRAM, "listen", "--listen", "127.0.0.1:0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, env={"PATH": "", **variables}, stdout=pipe, stderr=pipe) as process:
        try:
            yield process, process.stderr.readline().strip().removeprefix("listening on ")
        finally:
            process.kill()


def post(url: str, secret: Secret | None, body: bytes = BODY) -> int:
    headers = dict(signature_headers("e1", system_clock(), body=body, current=secret))
    return requests.post(url, data=body, headers=headers, timeout=10).status_code


def test_what_is_signed_is_taken_and_sent_on_unchanged_and_the_rest_is_not():
    with Receiver() as receiver:
        receiver.plan(Answer(202))
        options = ("--json", "--forward", receiver.url("/mine"), "--count", "2")
        with listening(*options, CLOCKWIRE_SIGNING_SECRET=SECRET.text) as (process, url):
            answers = [post(f"{url}/hook", SECRET), post(f"{url}/hook", generate_secret())]
            out, err = process.communicate(timeout=20)
            assert process.returncode == 0
        [forwarded] = receiver.received

    first, second = map(json.loads, out.splitlines())
    assert answers == [202, 401] == [first["status"], second["status"]]
    assert verify(forwarded, SECRET.text)["event"] == "project.created"
    assert forwarded.path == "/mine"
    assert first["signatures"] == {"webhook-signature": "valid", "X-ST-Webhook-Signature": "valid"}
    assert second["signatures"]["X-ST-Webhook-Signature"].startswith("not valid: ")
    assert first["body"].encode() == BODY
    assert first["note"].startswith(f"forwarded to {receiver.url('/mine')}: 202")
    assert SECRET.text not in out + err


def test_it_goes_on_until_ctrl_c_and_exits_with_0():
    with listening("--status", "503") as (process, url):
        assert post(url, None) == 503
        assert process.stdout.readline().startswith("#1  20")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (caught(), 204),
        (caught(generate_secret()), 401),
        (caught(None), 401),
        (caught(time=NOW + 301 * SECOND), 401),
        (caught(None, method="GET"), 200),
    ],
)
def test_with_a_secret_only_what_it_signed_is_taken(given, status):
    assert listener(SECRET).answer(given).status == status


def test_without_a_secret_everything_is_taken_with_the_status_that_was_asked_for():
    assert listener().answer(caught()).status == 204
    assert listener(status=410).answer(caught(None)).status == 410


def test_text_shows_headers_body_and_verdicts():
    given, judge = caught(), listener(SECRET)
    shown = _as_text(given, judge.verdicts(given), judge.answer(given)).splitlines()

    assert shown[0] == "#1  2024-01-15T10:00:00.000Z  POST /hook  project.created"
    assert shown[1] == "    clockwire-event: project.created"
    assert '      "Rate": 95.00,' in shown
    assert '      "ProjectName": "Über"' in shown
    assert shown[-3:] == ["    webhook-signature is valid", "    X-ST-Webhook-Signature is valid", "    answered 204"]
    assert SECRET.text not in "".join(shown)


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"9" * 10_000])
def test_a_body_that_is_not_what_was_expected_is_shown_too(body):
    given, judge = caught(body=body), listener()
    told = (given, judge.verdicts(given), judge.answer(given))

    assert _as_text(*told)
    assert json.loads(_as_json(*told))["body"] == body.decode(errors="backslashreplace")


def test_nothing_that_comes_steers_the_terminal():
    given = caught(body=b'{"a":"\xc2\x9b2J"}\x1b[2J\r', path="/\x1b[2J", headers=[("X", "\x9b2J")])
    judge = listener()

    assert not [each for each in _as_text(given, judge.verdicts(given), judge.answer(given)) if ord(each) in {27, 155}]


def test_an_endpoint_that_does_not_answer_is_a_bad_gateway():
    reply = forward(caught(), f"http://127.0.0.1:{free_port()}/")

    assert reply.status == 502
    assert reply.note.endswith("nobody answers there, or not to the end")


def test_neither_redirects_nor_proxies_are_followed(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with Receiver() as receiver:
        receiver.always(Answer(302, (("Location", "/elsewhere"),), b"x" * 100_000))
        reply = forward(caught(), receiver.url())

    assert (reply.status, len(reply.body), len(receiver.received)) == (302, 65_536, 1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--listen", "nowhere"], "HOST:PORT"),
        (["--forward", "ftp://127.0.0.1/"], "is not a URL"),
        (["--forward", "127.0.0.1:80"], "is not a URL"),
        (["--status", "99"], "--status"),
        (["--count", "0"], "--count"),
        (["--secret", "whsec_###"], "base64"),
        (["--secret-file", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(run, options, told):
    failed = run("listen", *options)

    assert failed.code == 2
    assert told in failed.err


def test_a_port_that_is_taken_is_said_in_words(run):
    with Receiver() as receiver:
        failed = run("listen", "--listen", f"127.0.0.1:{receiver.port}")

    assert failed.code == 1
    assert "in use" in failed.err
    assert "Traceback" not in failed.err
