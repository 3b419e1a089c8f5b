"""The recipe that docs/webhooks.md shows for Node believes what is signed, and nothing else."""

import base64
import re
from collections.abc import Mapping

import pytest

from clockwire.model.instants import SECOND
from clockwire.model.signing import Secret, signature_headers
from tests.support.node import run_node
from tests.support.repository import ROOT

[RECIPE] = re.findall(r"^```js\n(.*?)^```$", (ROOT / "docs/webhooks.md").read_text(), re.MULTILINE | re.DOTALL)
NOW = 1_705_312_800
BODY = '{"event":"project.created","ProjectName":"Übergröße ✓ \u2028"}'.encode()
MADE, OWN = Secret("whsec_" + base64.b64encode(bytes(range(32))).decode()), Secret("0123456789abcdef" * 4)


def believed(body: bytes, headers: Mapping[str, str], secret: Secret) -> list[bool]:
    """What both functions say: the one for webhook-signature, and the one for X-ST-Webhook-Signature."""
    asking = "const raw = Buffer.from(body, 'base64');\n"
    asking += "result = [verify(raw, headers, secret, now), verifyBody(raw, headers, secret)];"
    lowered = {name.lower(): value for name, value in headers.items()}
    values = {"body": base64.b64encode(body).decode(), "headers": lowered, "secret": secret.text, "now": NOW}
    answers: list[bool] = run_node(RECIPE + asking, **values)
    return answers


def signed(secret: Secret | None, *, retiring: Secret | None = None, time: int = NOW) -> dict[str, str]:
    return dict(signature_headers("e1", time * SECOND, body=BODY, current=secret, retiring=retiring))


@pytest.mark.parametrize("secret", [MADE, OWN])
def test_what_is_signed_is_believed_and_nothing_else(secret: Secret):
    assert believed(BODY, signed(secret), secret) == [True, True]
    assert believed(BODY + b" ", signed(secret), secret) == [False, False]
    assert believed(BODY, signed(secret), Secret("another secret of one's own")) == [False, False]


def test_what_is_old_malformed_or_unsigned_is_refused_without_an_exception():
    assert believed(BODY, signed(MADE, time=NOW - 301), MADE) == [False, True]
    assert believed(BODY, signed(None), MADE) == [False, False]
    assert believed(BODY, {}, MADE) == [False, False]
    cut = {name: value[:-1] for name, value in signed(MADE).items()}
    assert believed(BODY, {**signed(MADE), **cut, "webhook-timestamp": "soon"}, MADE) == [False, False]


def test_while_a_secret_is_rotated_each_signature_is_believed_by_who_should():
    headers = signed(MADE, retiring=OWN)

    assert believed(BODY, headers, MADE) == [True, False]
    assert believed(BODY, headers, OWN) == [True, True]
