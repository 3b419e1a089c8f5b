"""How much of a response is kept, and in which form."""

import zlib
from collections.abc import Sequence

from clockwire.model.outcome import LARGEST_RESPONSE_BODY, LARGEST_RESPONSE_HEADERS

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def headers_of(lines: Sequence[bytes]) -> dict[str, str]:
    """The headers of a response as libcurl hands them over, line by line: names in lower case, 8 KiB at most.

    A response may come after others with status 1xx: only the last one counts.
    """
    headers: dict[str, str] = {}
    together = b"".join(lines)
    begin = together.rfind(b"\r\nHTTP/") + 2 if together.count(b"HTTP/") > 1 else 0
    for line in together[begin : begin + LARGEST_RESPONSE_HEADERS].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def decoded(body: bytes, encoding: str | None) -> tuple[bytes, bool]:
    """The first 16 KiB of a body that came with this Content-Encoding, and whether it is longer.

    Compression is not asked for. A receiver that compresses all the same has no more than the first 16 KiB unpacked,
    however large the whole would become; an encoding that is unknown, or not what it says, is kept as it came.
    """
    window_bits = _WINDOW_BITS.get(encoding.lower()) if encoding else None
    if window_bits and body:
        unpack = zlib.decompressobj(window_bits)
        try:
            first = unpack.decompress(body, LARGEST_RESPONSE_BODY)
            more = unpack.decompress(unpack.unconsumed_tail, 1)
        except zlib.error:
            return body[:LARGEST_RESPONSE_BODY], len(body) > LARGEST_RESPONSE_BODY
        return first, bool(more) or not unpack.eof
    return body[:LARGEST_RESPONSE_BODY], len(body) > LARGEST_RESPONSE_BODY
