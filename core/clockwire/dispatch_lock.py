"""Who sends the webhooks of a SQLite file: one process, and the others know it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DispatchedElsewhere(Exception):
    """Another process sends the webhooks of this file."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"another process sends the webhooks of {file}: stop it, or start this one with --no-dispatch")


@contextmanager
def only_dispatcher(database_file: Path) -> Iterator[None]:
    """While this is held no other process gets it; a process that dies lets go of it."""
    with Path(f"{database_file}.dispatch").open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DispatchedElsewhere(database_file) from error
        yield
