"""Who sends the webhooks of a SQLite file: one process, and the others know it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PATIENCE_SECONDS = 2.0
_PAUSE_SECONDS = 0.02


class DispatchedElsewhere(Exception):
    """Another process sends the webhooks of this file."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"another process sends the webhooks of {file}: stop it, or start this one with --no-dispatch")


@contextmanager
def only_dispatcher(database_file: Path) -> Iterator[int]:
    """While this is held no other process gets it; a process that dies lets go of it.

    The descriptor of what is held may be inherited: then it is held until the last of those processes has ended. One
    that is about to end is waited for.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    with Path(f"{database_file}.dispatch").open("a") as held:
        while not _try(held):
            if time.monotonic() > until:
                raise DispatchedElsewhere(database_file)
            time.sleep(_PAUSE_SECONDS)
        yield held.fileno()


def _try(held: IO[str]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
