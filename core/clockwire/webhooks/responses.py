"""How much of a response is kept, and in which form."""

import zlib
from collections.abc import Sequence

from clockwire.model.outcome import LARGEST_RESPONSE_BODY, LARGEST_RESPONSE_HEADERS

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def headers_of(lines: Sequence[bytes]) -> dict[str, str]:
    """The headers of a response head as libcurl hands it over, line by line: names in lower case, 8 KiB at most."""
    headers: dict[str, str] = {}
    size = 0
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        size += len(line)
        if not colon or size > LARGEST_RESPONSE_HEADERS:
            continue
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def decoded(body: bytes, encoding: str) -> tuple[bytes, bool]:
    """The first 16 KiB of a body that came with this Content-Encoding, and whether it is longer.

    Compression is not asked for. A receiver that compresses all the same has no more than the first 16 KiB unpacked,
    however large the whole would become; an encoding that is unknown, or not what it says, is kept as it came.
    """
    window_bits = _WINDOW_BITS.get(encoding.lower())
    if window_bits and body:
        unpack = zlib.decompressobj(window_bits)
        try:
            first = unpack.decompress(body, LARGEST_RESPONSE_BODY)
            more = unpack.decompress(unpack.unconsumed_tail, 1)
        except zlib.error:
            return body[:LARGEST_RESPONSE_BODY], len(body) > LARGEST_RESPONSE_BODY
        return first, bool(more) or not unpack.eof
    return body[:LARGEST_RESPONSE_BODY], len(body) > LARGEST_RESPONSE_BODY
