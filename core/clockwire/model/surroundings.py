"""What may a body or an answer tell of that its event or record only names? The workspace, and other records."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from clockwire.v1.records_pb2 import Record


class Surroundings(Protocol):
    """A workspace as it is now."""

    @property
    def workspace_name(self) -> str:
        """What the workspace is called."""

    def find(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """Those of the records that exist, by their ids; without labels."""


class Nothing:
    """A workspace without a name, in which nothing is found."""

    workspace_name = ""

    def find(self, ids: Iterable[str]) -> Mapping[str, Record]:  # noqa: ARG002 - as Surroundings has it
        """None."""
        return {}


NOTHING = Nothing()
