"""Headers a subscriber may add."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clockwire.model.errors import FieldInvalid
from clockwire.model.request_headers import check_headers


def test_ordinary_headers_are_taken_as_they_are():
    headers = {"Authorization": "Bearer abc", "X-Team": "räum".encode("ascii", "ignore").decode(), "x-empty": ""}
    assert check_headers(headers) == tuple(headers.items())
    assert check_headers({}) == ()


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "CONNECTION",
        "Keep-Alive",
        "Proxy-Authorization",
        "proxy-connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Expect",
        "User-Agent",
        "Accept-Encoding",
        "Content-Length",
        "content-type",
        "Content-Anything",
        "Cache-Control",
        "webhook-id",
        "Webhook-Signature",
        "webhook-anything",
        "X-ST-Webhook-Signature",
        "Clockwire-Event",
        "clockwire-anything",
        "svix-signature",
        "X-Svix-Id",
        "X-Amz-Date",
        "X-Goog-User",
    ],
)
def test_headers_with_a_meaning_of_their_own_are_refused(name):
    with pytest.raises(FieldInvalid, match="set by the service"):
        check_headers({name: "x"})


@pytest.mark.parametrize("name", ["", " ", "X A", "X:A", "X-A ", "X-Ä", "X\r\nHost", "X\0", "(x)", "X-A\n"])
def test_what_is_not_a_token_is_no_name(name):
    with pytest.raises(FieldInvalid, match="not the name") as caught:
        check_headers({name: "x"})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [" secret", "secret ", "sec\r\nret", "secret\n", "sec\0ret", "secrét", "\tsecret"])
def test_values_that_would_change_on_the_way_are_refused_and_never_repeated(value):
    with pytest.raises(FieldInvalid, match="printable") as caught:
        check_headers({"X-A": value})
    assert "ret" not in str(caught.value)


def test_a_name_may_stand_once_whatever_its_case():
    with pytest.raises(FieldInvalid, match="twice"):
        check_headers({"X-A": "1", "x-a": "2"})


def test_there_are_at_most_20_headers_of_4_kib_together():
    assert len(check_headers({f"X-{number}": "1" for number in range(20)})) == 20
    assert check_headers({"X": "y" * 4095})
    with pytest.raises(FieldInvalid, match="20"):
        check_headers({f"X-{number}": "1" for number in range(21)})
    with pytest.raises(FieldInvalid, match="4096"):
        check_headers({"X": "y" * 4096})


@given(some.dictionaries(some.text(max_size=8), some.text(max_size=8), max_size=3))
def test_what_passes_can_stand_in_a_request(headers):
    try:
        passed = check_headers(headers)
    except FieldInvalid:
        return
    for name, value in passed:
        line = f"{name}: {value}"
        assert line.isascii()
        assert line.isprintable() or "\t" in line
        assert name.lower() not in {"host", "connection"}
