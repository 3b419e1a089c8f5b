"""The catcher keeps what comes as it came, and what does not come whole it does not keep."""

import socket
from collections.abc import Iterator

import pytest
import requests

from clockwire.cli.catching import LARGEST_BODY, Catcher, Caught, Reply
from clockwire.settings import Address


def answer(caught: Caught) -> Reply:
    return Reply(200, b"%d" % caught.number, "text/plain")


@pytest.fixture(params=["127.0.0.1:0", "[::1]:0"])
def catcher(request) -> Iterator[Catcher]:
    with Catcher(Address.of(request.param), answer) as catcher:
        yield catcher


def raw(catcher: Catcher, request: bytes) -> bytes:
    """What is answered to these bytes, after which the sender says no more."""
    host, _, port = catcher.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_request_is_kept_as_it_came_and_answered(catcher):
    answered = requests.post(f"{catcher.url}/a?b=c", data=b"\x00\xff", headers={"X-One": "1"}, timeout=10)
    caught, reply = catcher.next(10)

    assert (caught.method, caught.path, caught.body, caught.number) == ("POST", "/a?b=c", b"\x00\xff", 1)
    assert (caught.header("x-ONE"), caught.header("X-Two")) == ("1", "")
    assert (answered.content, answered.headers["Content-Type"]) == (reply.body, "text/plain") == (b"1", "text/plain")
    assert catcher.next(0) is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_is_seen(catcher, method):
    assert requests.request(method, catcher.url, timeout=10).status_code == 200
    assert catcher.next(10)[0].method == method


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: %d\r\n" % (LARGEST_BODY + 1), b"413"),
        (b"Content-Length: 99999999999999999999\r\n", b"413"),
        (b"Content-Length: 999999999999999999999\r\n", b"411"),
        (b"Content-Length: -1\r\n", b"411"),
        (b"Content-Length: x\r\n", b"411"),
        (b"Transfer-Encoding: gzip, chunked\r\n", b"400"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", b"400"),
        (b"X: y\r\n" * 200, b"431"),
    ],
)
def test_what_says_too_much_or_nothing_of_its_length_is_refused(catcher, headers, status):
    assert raw(catcher, b"POST / HTTP/1.1\r\n" + headers + b"\r\n").split(b" ")[1] == status
    assert catcher.next(0) is None


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        (b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX: y\r\n\r\n", b"200"),
        (b"0\r\n\r\n", b"200"),
        (b"g\r\n", b"400"),
        (b"3\r\nabcd\r\n", b"400"),
        (b"%x\r\n" % (LARGEST_BODY + 1), b"413"),
        (b"1\r\na\r\n%x\r\n" % LARGEST_BODY, b"413"),
        (b"0\r\n" + b"X: y\r\n" * 101, b"431"),
        (b"3\r\nab", b""),
        (b"3\r\nabc\r\n", b""),
    ],
)
def test_a_body_in_chunks_is_put_together(catcher, chunks, status):
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"".join(raw(catcher, head + chunks).split(b" ")[1:2]) == status
    came = catcher.next(10 if status == b"200" else 0)
    assert (came and came[0].body) == ((b"abcdefg" if b"abc" in chunks else b"") if status == b"200" else None)


def test_half_a_request_is_none(catcher):
    assert raw(catcher, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab") == b""
    assert raw(catcher, b"nonsense\r\n\r\n").startswith(b"HTTP/1.0 400") or catcher.next(0) is None
    assert catcher.next(0) is None
