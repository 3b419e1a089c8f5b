"""Page tokens: they come back as they were made, for three days and for one request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.errors import PageTokenInvalid
from clockwire.model.instants import DAY
from clockwire.model.page_token import PageToken, request_digest
from clockwire.v1.record_service_pb2 import ListRecordsRequest

NOW = 1_700_000_000_000_000
DIGEST = b"digest of the request"

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"]))
tokens = st.builds(
    PageToken,
    position=st.lists(scalars, max_size=4).map(tuple),
    cursor=st.text("abcXYZ-_019", max_size=40),
    issue_time=st.integers(NOW - 3 * DAY, NOW),
)


@given(tokens)
def test_a_token_comes_back_as_it_was(token):
    text = token.encode(request_digest=DIGEST)
    decoded = PageToken.decode(text, request_digest=DIGEST, now=NOW)
    assert decoded == token
    assert list(map(type, decoded.position)) == list(map(type, token.position))
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(tokens, st.data())
def test_a_damaged_token_is_refused(token, data):
    text = token.encode(request_digest=DIGEST)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("AZaz09-_").filter(lambda character: character != text[at]))
    for damaged in (text[:at] + other + text[at + 1 :], text[:at], text + other):
        with pytest.raises(PageTokenInvalid):
            PageToken.decode(damaged, request_digest=DIGEST, now=NOW)


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(PageTokenInvalid):
        PageToken.decode(text, request_digest=DIGEST, now=NOW)


@pytest.mark.parametrize("content", [b"", b"{}", b"[[],1,2]", b'[[[]],"",1]', b'[[1.5],"",1]', b"[" * 5_000, b"\xff"])
def test_a_made_up_token_with_the_right_seal_is_refused_as_well(content):
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    seal = sha256(DIGEST + content).digest()[:16]
    text = urlsafe_b64encode(seal + content).rstrip(b"=").decode()
    with pytest.raises(PageTokenInvalid):
        PageToken.decode(text, request_digest=DIGEST, now=NOW)


def test_a_token_is_valid_for_three_days():
    text = PageToken(position=(), issue_time=NOW).encode(request_digest=DIGEST)
    PageToken.decode(text, request_digest=DIGEST, now=NOW + 3 * DAY)
    with pytest.raises(PageTokenInvalid, match="3 days"):
        PageToken.decode(text, request_digest=DIGEST, now=NOW + 3 * DAY + 1)


def test_only_page_size_and_page_token_may_differ_between_pages():
    def digest(workspace_id="w", **fields):
        return request_digest(ListRecordsRequest(**fields), workspace_id=workspace_id)

    first = digest(type="RECORD_TYPE_TASK", filter="version = 1")
    assert digest(type="RECORD_TYPE_TASK", filter="version = 1", page_size=7, page_token="t") == first
    others = [
        digest("other", type="RECORD_TYPE_TASK", filter="version = 1"),
        digest(type="RECORD_TYPE_TASK", filter="version = 2"),
        digest(type="RECORD_TYPE_TASK", filter="version = 1", order_by="id"),
        digest(type="RECORD_TYPE_PROJECT", filter="version = 1"),
    ]
    assert len({first, *others}) == 5
