"""How often, and for how long, a call is tried."""

import random
import time
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import Message

from clockwire.client.errors import ClockwireError, Exhausted, Unavailable

RequestT = TypeVar("RequestT", bound=Message)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times that double from the first to the longest, each shortened by up to half by chance."""

    first: float
    longest: float

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        longest = min(self.longest, self.first * 2.0 ** (failures - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreading callers, no secret


CALL_BACKOFF = Backoff(first=0.2, longest=5.0)


class Attempts:
    """The attempts of one call, all within one deadline."""

    def __init__(self, *, timeout: float, retries: int) -> None:
        self._deadline = time.monotonic() + timeout
        self._retries = retries
        self._failures = 0

    def seconds_left(self) -> float:
        """The time the next attempt has."""
        return max(self._deadline - time.monotonic(), 0.0)

    def delay_after(self, error: ClockwireError) -> float | None:
        """Seconds to wait before the next attempt; None if *error* is the end."""
        self._failures += 1
        if self._failures > self._retries or not _passes(error):
            return None
        delay = max(CALL_BACKOFF.delay(self._failures), error.retry_after or 0.0)
        return delay if delay < self.seconds_left() else None


@cache
def repeatable(path: str) -> bool:
    """Whether a call of this method ("/package.Service/Method") may be made twice without doing it twice."""
    method = descriptor_pool.Default().FindMethodByName(path.strip("/").replace("/", "."))
    safe = method.GetOptions().idempotency_level != descriptor_pb2.MethodOptions.IDEMPOTENCY_UNKNOWN
    return safe or "request_id" in method.input_type.fields_by_name


def identified(request: RequestT) -> RequestT:
    """*request* with a request_id, if its kind has one, so that a repetition is known as one."""
    if "request_id" not in request.DESCRIPTOR.fields_by_name or getattr(request, "request_id"):  # noqa: B009
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    setattr(copy, "request_id", str(uuid.uuid4()))  # noqa: B010 - a field of some of the messages
    return copy


def _passes(error: ClockwireError) -> bool:
    """Whether waiting helps, by the rule of proto/clockwire/v1/errors.proto."""
    return isinstance(error, Unavailable) or (isinstance(error, Exhausted) and error.retry_after is not None)
