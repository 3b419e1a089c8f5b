"""How much of a response is kept, and in which form."""

import gzip
import zlib

import pytest

from clockwire.webhooks.responses import decoded, headers_of


def test_names_are_lower_case_and_repeated_ones_are_joined():
    lines = [b"HTTP/1.1 200 OK\r\n", b"Vary: A\r\n", b"VARY:B \r\n", b"X-Empty:\r\n", b"X-Colon: a:b\r\n", b"\r\n"]
    assert headers_of(lines) == {"vary": "A, B", "x-empty": "", "x-colon": "a:b"}


def test_only_the_last_of_several_heads_counts():
    lines = [
        b"HTTP/1.1 103 Early Hints\r\n",
        b"Link: </a>\r\n",
        b"\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"X-A: 1\r\n",
        b"\r\n",
    ]
    assert headers_of(lines) == {"x-a": "1"}


def test_headers_are_kept_up_to_8_kib():
    lines = [b"HTTP/1.1 200 OK\r\n", *(f"X-{number}: {'y' * 1000}\r\n".encode() for number in range(100))]
    kept = headers_of(lines)
    assert sum(len(name) + len(value) + 4 for name, value in kept.items()) <= 8192
    assert kept["x-0"] == "y" * 1000


def test_bytes_outside_ascii_are_kept_as_latin_1():
    assert headers_of([b"HTTP/1.1 200 OK\r\n", b"X-A: \xfc\x85b\r\n"]) == {"x-a": "ü\x85b"}


@pytest.mark.parametrize("encoding", [None, "identity", "br", "no-such"])
def test_what_is_not_compressed_or_unknown_is_kept_as_it_came(encoding):
    assert decoded(b"abc", encoding) == (b"abc", False)
    assert decoded(b"x" * 16385, encoding) == (b"x" * 16384, True)
    assert decoded(b"x" * 16384, encoding) == (b"x" * 16384, False)


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("GZip", gzip.compress), ("deflate", zlib.compress)]
)
@pytest.mark.parametrize(
    ("size", "truncated"), [(0, False), (100, False), (16384, False), (16385, True), (10**6, True)]
)
def test_what_is_compressed_is_unpacked_up_to_the_limit(encoding, compress, size, truncated):
    assert decoded(compress(b"y" * size), encoding) == (b"y" * min(size, 16384), truncated)


def test_what_only_claims_to_be_compressed_is_kept_as_it_came():
    assert decoded(b"not gzip at all", "gzip") == (b"not gzip at all", False)


def test_what_was_cut_while_compressed_is_truncated():
    whole = gzip.compress(bytes(range(256)) * 40)
    body, truncated = decoded(whole[:-20], "gzip")
    assert (bytes(range(256)) * 40).startswith(body)
    assert truncated
