"""The signatures of Slack and of GitHub, by the examples that they publish."""

import pytest

from clockwire.model.inbound_signatures import verify_github, verify_slack
from clockwire.model.instants import SECOND
from clockwire.model.signing import Secret, SignatureInvalid

# https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACK_SECRET = Secret("8f742231b10e8888abcd99yyyzzz85a5")
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_TIME = 1531420618
SLACK_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
GITHUB_SECRET = Secret("It's a Secret to Everybody")
GITHUB_BODY = b"Hello, World!"
GITHUB_SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_slack_s_own_example_holds():
    check_slack()


def test_github_s_own_example_holds():
    verify_github({"x-hub-signature-256": GITHUB_SIGNATURE}, GITHUB_BODY, secret=GITHUB_SECRET)


@pytest.mark.parametrize("age", [-300, 300])
def test_a_request_of_slack_holds_for_five_minutes(age):
    check_slack(now=SLACK_TIME + age)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"now": SLACK_TIME + 301}, "five minutes"),
        ({"now": SLACK_TIME - 301}, "five minutes"),
        ({"signature": None}, "x-slack-signature is missing"),
        ({"signature": "v0="}, "does not match"),
        ({"signature": SLACK_SIGNATURE[:-1] + "4"}, "does not match"),
        ({"signature": "v1=" + SLACK_SIGNATURE[3:]}, "does not match"),
        ({"signature": "v0=ü"}, "does not match"),
        ({"timestamp": None}, "timestamp is missing"),
        ({"timestamp": "soon"}, "not a number"),
        ({"timestamp": "-1"}, "not a number"),
        ({"timestamp": "9" * 13}, "not a number"),
        ({"timestamp": "1531420619"}, "does not match"),
        ({"body": SLACK_BODY + b"&"}, "does not match"),
        ({"secret": Secret("8f742231b10e8888abcd99yyyzzz85a6")}, "does not match"),
    ],
)
def test_anything_else_is_not_from_slack(wrong, told):
    with pytest.raises(SignatureInvalid, match=told):
        check_slack(**wrong)


@pytest.mark.parametrize(
    ("signature", "body", "told"),
    [
        (None, GITHUB_BODY, "missing"),
        (GITHUB_SIGNATURE, b"Hello, World?", "does not match"),
        (GITHUB_SIGNATURE.removeprefix("sha256="), GITHUB_BODY, "does not match"),
        ("sha256=" + "0" * 64, GITHUB_BODY, "does not match"),
    ],
)
def test_anything_else_is_not_from_github(signature, body, told):
    headers = {"x-hub-signature-256": signature} if signature else {}
    with pytest.raises(SignatureInvalid, match=told):
        verify_github(headers, body, secret=GITHUB_SECRET)


def check_slack(
    *, signature=SLACK_SIGNATURE, timestamp=str(SLACK_TIME), body=SLACK_BODY, secret=SLACK_SECRET, now=SLACK_TIME
):
    """Slack's example, with something else in it."""
    said = {"x-slack-signature": signature, "x-slack-request-timestamp": timestamp}
    headers = {name: value for name, value in said.items() if value is not None}
    verify_slack(headers, body, secret=secret, now=now * SECOND)
