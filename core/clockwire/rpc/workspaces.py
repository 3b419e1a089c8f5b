"""WorkspaceService: the tenants."""

from typing import Any

import grpc

from clockwire.api.authentication import Authenticator
from clockwire.api.callers import caller
from clockwire.model.api_key import OPERATOR
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.instants import Clock
from clockwire.operations.workspaces import (
    create_workspace,
    delete_workspace,
    get_workspace,
    list_workspaces,
    update_workspace,
)
from clockwire.rpc.messages.workspaces import created_fields, updated_fields, workspace_message
from clockwire.rpc.pages import page_of
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.v1 import workspace_service_pb2 as messages
from clockwire.v1.workspace_service_pb2_grpc import WorkspaceServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class Workspaces(WorkspaceServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, authenticator: Authenticator, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._authenticator = authenticator
        self._clock = clock

    async def CreateWorkspace(
        self, request: messages.CreateWorkspaceRequest, context: Context
    ) -> messages.CreateWorkspaceResponse:
        """A new workspace."""
        changes = created_fields(request)
        return await self._writes.run(
            request,
            lambda transaction: create_workspace(transaction, changes),
            lambda workspace, _: messages.CreateWorkspaceResponse(workspace=workspace_message(workspace)),
            workspace_id="",
        )

    async def GetWorkspace(
        self, request: messages.GetWorkspaceRequest, context: Context
    ) -> messages.GetWorkspaceResponse:
        """One workspace."""
        found = await self._database.read(get_workspace, _named(request.workspace_id))
        return messages.GetWorkspaceResponse(workspace=workspace_message(found))

    async def ListWorkspaces(
        self, request: messages.ListWorkspacesRequest, context: Context
    ) -> messages.ListWorkspacesResponse:
        """A page of workspaces, oldest first."""
        page = page_of(request, "", self._clock())
        found = await self._database.read(
            list_workspaces,
            after=str(page.after[0]) if page.after else "",
            limit=page.size + 1,
            show_deleted=request.show_deleted,
        )
        response = messages.ListWorkspacesResponse(workspaces=[workspace_message(each) for each in found[: page.size]])
        if len(found) > page.size:
            response.next_page_token = page.next_token(found[page.size - 1].id)
        return response

    async def UpdateWorkspace(
        self, request: messages.UpdateWorkspaceRequest, context: Context
    ) -> messages.UpdateWorkspaceResponse:
        """The workspace with the named fields changed."""
        workspace_id, changes = _named(request.workspace.id), updated_fields(request)
        return await self._writes.run(
            request,
            lambda transaction: update_workspace(transaction, changes, etag=request.workspace.etag),
            lambda workspace, _: messages.UpdateWorkspaceResponse(workspace=workspace_message(workspace)),
            workspace_id=workspace_id,
        )

    async def DeleteWorkspace(
        self, request: messages.DeleteWorkspaceRequest, context: Context
    ) -> messages.DeleteWorkspaceResponse:
        """The workspace is marked for deletion, and its keys stop."""
        if not request.workspace_id:
            raise FieldInvalid.of("workspace_id", "must be set")
        response = await self._writes.run(
            request,
            lambda transaction: delete_workspace(transaction, request.confirm_name),
            lambda workspace, _: messages.DeleteWorkspaceResponse(workspace=workspace_message(workspace)),
            workspace_id=request.workspace_id,
        )
        self._authenticator.forget()
        return response


def _named(workspace_id: str) -> str:
    """The workspace a request means, the caller's own if it names none. Others than operators have only that one."""
    here = caller()
    named = workspace_id or here.workspace_id
    if not named:
        raise FieldInvalid.of("workspace_id", "must be set: an operator's key has no workspace of its own")
    if OPERATOR not in here.scopes and named != here.workspace_id:
        raise ResourceNotFound("workspace", named)
    return named
