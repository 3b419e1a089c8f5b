"""What a workspace holds, for bodies and answers that tell of more than one record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from clockwire.model.workspace import Workspace
from clockwire.storage.records import select_records
from clockwire.storage.workspaces import fetch_workspace
from clockwire.v1.records_pb2 import Record


@dataclass(frozen=True, slots=True)
class Around:
    """A workspace as a connection sees it."""

    connection: Connection
    workspace: Workspace

    @property
    def workspace_name(self) -> str:
        """What the workspace is called."""
        return self.workspace.name

    def find(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """Those of the records that exist, by their ids; without labels."""
        return select_records(self.connection, self.workspace.id, {id_ for id_ in ids if id_})


def around_in(connection: Connection, workspace_id: str) -> Around:
    """What is around in a workspace. Raises ResourceNotFound."""
    return Around(connection, fetch_workspace(connection, workspace_id))
