"""What an API key is, and until when it opens."""

import re
from dataclasses import replace

import pytest

from clockwire.model.api_key import ApiKey, hash_of, new_text, shown_part
from clockwire.model.instants import DAY, HOUR

NOW = 1_736_931_600_000_000


def test_texts_are_random_and_fit_a_double_click():
    texts = {new_text() for _ in range(100)}
    assert len(texts) == 100
    assert all(re.fullmatch(r"cw_live_[0-9A-Za-z]{43}", text) for text in texts)


def test_the_shown_part_does_not_open_anything():
    text = new_text()
    assert shown_part(text) == text[:12]
    assert not a_key(text).accepts(hash_of(shown_part(text)), NOW)


def test_a_key_accepts_its_own_text_only():
    assert a_key("one").accepts(hash_of("one"), NOW)
    assert not a_key("one").accepts(hash_of("two"), NOW)


@pytest.mark.parametrize(("since_expiry", "accepted"), [(-1, True), (0, False), (1, False)])
def test_it_ends_when_it_expires(since_expiry, accepted):
    assert replace(a_key("one"), expire_time=NOW).accepts(hash_of("one"), NOW + since_expiry) is accepted


def test_a_revoked_key_opens_nothing_and_stays_revoked():
    revoked = a_key("one").rotated("two", HOUR, NOW).revoked(NOW)
    assert not revoked.accepts(hash_of("one"), NOW)
    assert not revoked.accepts(hash_of("two"), NOW)
    assert revoked.revoked(NOW + DAY) == revoked


@pytest.mark.parametrize(("since_rotation", "old"), [(0, True), (HOUR - 1, True), (HOUR, False)])
def test_after_a_rotation_the_old_text_works_until_the_overlap_ends(since_rotation, old):
    rotated = a_key("one").rotated("two", HOUR, NOW)
    assert rotated.accepts(hash_of("one"), NOW + since_rotation) is old
    assert rotated.accepts(hash_of("two"), NOW + since_rotation)


def test_without_an_overlap_the_old_text_stops_at_once():
    assert not a_key("one").rotated("two", 0, NOW).accepts(hash_of("one"), NOW)


def test_rotating_again_drops_the_oldest_text():
    rotated = a_key("one").rotated("two", HOUR, NOW).rotated("three", HOUR, NOW)
    assert [rotated.accepts(hash_of(text), NOW) for text in ("one", "two", "three")] == [False, True, True]


def test_hashes_do_not_show():
    assert "hash" not in repr(a_key("one").rotated("two", HOUR, NOW))


def a_key(text):
    """A key with this text."""
    return ApiKey(
        id="id",
        workspace_id="w",
        name="k",
        prefix=shown_part(text),
        hash=hash_of(text),
        scopes=frozenset({"records.read"}),
    )
