"""What a person who waits is told meanwhile; a file or another program is told nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ERASE = "\r\033[K"


@contextmanager
def waiting(sentence: str) -> Iterator[None]:
    """The sentence stands on the terminal until the block ends."""
    shown = sys.stderr.isatty()
    if shown:
        sys.stderr.write(f"{sentence} …")
        sys.stderr.flush()
    try:
        yield
    finally:
        if shown:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
