"""Lengths of time, to the contract's Duration."""

from google.protobuf.duration_pb2 import Duration

from clockwire.model.instants import SECOND


def to_duration(micros: int) -> Duration:
    """A length of whole microseconds, not negative."""
    seconds, rest = divmod(micros, SECOND)
    return Duration(seconds=seconds, nanos=rest * 1000)
