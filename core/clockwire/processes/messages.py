"""What a server and the process that rehearses for it tell each other."""

from typing import Any, NamedTuple

from clockwire.model.caller import Caller
from clockwire.storage.rehearsal import Operation, Script


class Begin(NamedTuple):
    """The first thing that is said: what to work with."""

    database_url: str
    log_level: str
    log_format: str


class Ready(NamedTuple):
    """The process rehearses."""


class Rehearse(NamedTuple):
    """An operation to be rehearsed."""

    number: int
    operation: Operation[Any]
    caller: Caller


class Rehearsed(NamedTuple):
    """What the operation would do; None if its turn has to tell."""

    number: int
    script: Script | None
