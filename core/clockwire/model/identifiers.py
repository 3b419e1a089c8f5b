"""How things are named: lower-case UUID text, version 7 where the service chooses (RFC 9562)."""

import os
import random
import re
from collections.abc import Iterator
from itertools import chain, repeat

from clockwire.model.instants import Instant

_AHEAD = 64
_VARIANT = 0b10 << 62  # the first two of the last 64 bits (RFC 9562, 4.1)
# Ids must differ, not be hard to guess: nothing is given to who knows one. So a generator that is seeded once by the
# system will do, and spares a system call, which hands the interpreter's lock to another thread, for each id.
_random = random.Random(os.urandom(32))  # noqa: S311
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id(now: Instant) -> str:
    """A version 7 UUID of this moment: unique, and sorting by age to the millisecond."""
    return ids_of(now, 1)[0]


def ids_of(now: Instant, count: int) -> list[str]:
    """*count* version 7 UUIDs of one moment that sort in the order of the list."""
    moment = f"{now // 1000:012x}"
    head = f"{moment[:8]}-{moment[8:]}-7{_random.getrandbits(12):03x}-"
    start = _VARIANT | _random.getrandbits(61)  # of 62 bits: what is counted on from there has room
    tails = [f"{tail:x}" for tail in range(start, start + count)]
    return [f"{head}{tail[:4]}-{tail[4:]}" for tail in tails]


def ids_from(now: Instant) -> Iterator[str]:
    """Version 7 UUIDs of one moment without end, that sort in the order in which they are taken.

    They are made many at a time, which costs less than one by one.
    """
    for count in chain([1], repeat(_AHEAD)):
        yield from ids_of(now, count)


def id_prefix(instant: Instant) -> str:
    """What the version 7 UUIDs of an instant's millisecond begin with: those made before it sort before."""
    head = f"{instant // 1000:012x}"
    return f"{head[:8]}-{head[8:]}"


def is_id(text: str) -> bool:
    """Whether *text* is a UUID in canonical lower-case form, of any version."""
    return _UUID.fullmatch(text) is not None
