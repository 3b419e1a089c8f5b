"""A sender that must leave nothing open."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from clockwire.webhooks.sender import Sender


@pytest.fixture
def sender() -> Iterator[Sender]:
    """A sender; when it is closed, every descriptor it opened must be closed too."""
    gc.collect()
    before = _descriptors()
    sender = Sender()
    yield sender
    assert sender.in_flight == 0
    sender.close()
    assert _descriptors() <= before


def _descriptors() -> set[Path]:
    return {each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}
