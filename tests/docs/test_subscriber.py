"""examples/subscriber.py takes what is signed, once, and refuses everything else."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from clockwire.model.instants import SECOND, system_clock
from clockwire.model.signing import Secret, generate_secret, signature_headers
from tests.support.repository import ROOT

SECRET = generate_secret()


class Example:
    """The program, and the address that it says it listens on."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url = self.line().removeprefix("listening on ")

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status of its answer to a webhook."""
        return requests.post(self.url, data=body, headers=headers, timeout=10).status_code


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    """The program, running on a port that it chose."""
    with subprocess.Popen(
        [sys.executable, ROOT / "examples" / "subscriber.py", "0"],
        env={"CLOCKWIRE_SIGNING_SECRET": SECRET.text},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Example(process)
        process.terminate()


def test_a_signed_webhook_is_taken_and_printed_once(example: Example):
    first, second = _body("New website"), _body("Old website")

    assert example.post(first, _signed(first, "event-1")) == 204
    assert example.post(first, _signed(first, "event-1")) == 204
    assert example.post(second, _signed(second, "event-2")) == 204
    assert [example.line(), example.line()] == [
        "timelog.created: New website, 1.5 h",
        "timelog.created: Old website, 1.5 h",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,***"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-id": "another"},
    ],
    ids=str,
)
def test_a_webhook_with_wrong_headers_is_refused(example: Example, changed: dict[str, str]):
    body = _body("New website")

    assert example.post(body, _signed(body, "event-3") | changed) == 401


def test_a_webhook_of_somebody_else_or_of_another_time_is_refused(example: Example):
    body = _body("New website")

    assert example.post(body, _signed(body, "event-4", secret=generate_secret())) == 401
    assert example.post(body, _signed(body, "event-4", age_seconds=3600)) == 401
    assert example.post(body + b" ", _signed(body, "event-4")) == 401
    assert example.post(b"\xff\xfe", _signed(b"\xff\xfe", "event-4")) == 401


def test_a_body_that_is_too_large_is_not_read(example: Example):
    assert example.post(b"", {"Content-Length": "1048577"}) == 413


def _body(project: str) -> bytes:
    return json.dumps({"event": "timelog.created", "id": "1", "ProjectName": project, "Duration": 1.5}).encode()


def _signed(body: bytes, event_id: str, *, secret: Secret = SECRET, age_seconds: int = 0) -> dict[str, str]:
    return dict(signature_headers(event_id, system_clock() - age_seconds * SECOND, body=body, current=secret))
