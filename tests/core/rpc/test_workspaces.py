"""WorkspaceService over a real socket."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.client.errors import (
    EtagMismatch,
    FieldInvalid,
    KeyInvalid,
    MaskInvalid,
    PageTokenInvalid,
    ResourceNotFound,
    ScopeMissing,
)
from clockwire.model.identifiers import new_id
from clockwire.model.instants import DAY, to_timestamp
from clockwire.v1.account_service_pb2 import GetCallerRequest
from clockwire.v1.workspace_service_pb2 import (
    CreateWorkspaceRequest,
    DeleteWorkspaceRequest,
    GetWorkspaceRequest,
    ListWorkspacesRequest,
    UpdateWorkspaceRequest,
    Workspace,
)
from tests.support.server import ON_SQLITE


async def test_a_new_workspace_has_the_usual_settings(server):
    async with server.operator() as client:
        created = (await client.workspaces.CreateWorkspace(asked(name="Acme"))).workspace
        assert created == (await client.workspaces.GetWorkspace(GetWorkspaceRequest(workspace_id=created.id))).workspace
    assert (created.name, created.time_zone, created.currency, created.etag) == ("Acme", "UTC", "USD", '"1"')
    assert created.event_retention.seconds == created.body_retention.seconds == 30 * 86400
    assert created.create_time == created.update_time == to_timestamp(server.clock())


async def test_a_new_workspace_can_be_written_to(server):
    async with server.operator() as client:
        created = (await client.workspaces.CreateWorkspace(asked(name="Acme", currency="EUR"))).workspace
    async with server.client(server.new_key(workspace_id=created.id)) as client:
        record = (await client.create("project", project_name="P", quoted_cost="1")).record
    assert record.project.currency == "EUR"


async def test_a_repetition_makes_no_second_workspace(server):
    request = CreateWorkspaceRequest(workspace=Workspace(name="Acme"), request_id=new_id(0))
    async with server.operator() as client:
        server.clock.now += 1000
        first = await client.workspaces.CreateWorkspace(request)
        assert await client.workspaces.CreateWorkspace(request) == first
        listed = await client.workspaces.ListWorkspaces(ListWorkspacesRequest())
    assert [each.name for each in listed.workspaces] == ["Test", "Acme"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "workspace.name"),
        ({"name": " "}, "workspace.name"),
        ({"name": "x" * 101}, "workspace.name"),
        ({"time_zone": "Mars/Olympus"}, "workspace.time_zone"),
        ({"currency": "GOLD"}, "workspace.currency"),
        ({"event_retention": Duration(seconds=3599)}, "workspace.event_retention"),
        ({"event_retention": Duration(seconds=-1)}, "workspace.event_retention"),
        ({"event_retention": Duration(seconds=3654 * 86400)}, "workspace.event_retention"),
        ({"event_retention": Duration(seconds=1, nanos=-1)}, "workspace.event_retention"),
        (
            {"event_retention": Duration(seconds=3600), "body_retention": Duration(seconds=7200)},
            "workspace.body_retention",
        ),
        ({"delete_time": Timestamp(seconds=1)}, "workspace.delete_time"),
    ],
)
async def test_a_wrong_setting_is_named(server, changes, field):
    async with server.operator() as client:
        with pytest.raises(FieldInvalid) as caught:
            await client.workspaces.CreateWorkspace(asked(**{"name": "Acme", **changes}))
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_only_the_named_fields_change(server):
    async with server.client() as client:
        changed = await client.workspaces.UpdateWorkspace(
            update(server.workspace_id, "name", name="New", currency="EUR")
        )
        assert (changed.workspace.name, changed.workspace.currency, changed.workspace.etag) == ("New", "USD", '"2"')
        changed = await client.workspaces.UpdateWorkspace(update(server.workspace_id, currency="EUR"))
        assert (changed.workspace.name, changed.workspace.currency) == ("New", "EUR")
        changed = await client.workspaces.UpdateWorkspace(update(server.workspace_id, "*", name="Newer"))
        assert (changed.workspace.name, changed.workspace.currency) == ("Newer", "USD")


@ON_SQLITE
async def test_an_update_that_changes_nothing_leaves_the_version(server):
    async with server.client() as client:
        same = await client.workspaces.UpdateWorkspace(update(server.workspace_id, name="Test"))
        assert same.workspace.etag == '"1"'


@ON_SQLITE
async def test_bodies_are_never_kept_longer_than_events(server):
    async with server.client() as client:
        changed = await client.workspaces.UpdateWorkspace(
            update(server.workspace_id, event_retention=Duration(seconds=3600))
        )
    assert changed.workspace.body_retention.seconds == 3600


async def test_an_etag_that_is_not_current_stops_an_update(server):
    async with server.client() as client:
        with pytest.raises(EtagMismatch) as caught:
            await client.workspaces.UpdateWorkspace(update(server.workspace_id, name="New", etag='"7"'))
    assert caught.value.metadata["etag"] == '"1"'


@ON_SQLITE
@pytest.mark.parametrize("path", ["id", "etag", "create_time", "nothing", "name.first", ""])
async def test_a_mask_names_only_what_can_be_written(server, path):
    async with server.client() as client:
        with pytest.raises(MaskInvalid) as caught:
            await client.workspaces.UpdateWorkspace(update(server.workspace_id, path, name="New"))
    assert caught.value.metadata["path"] == path


async def test_a_deleted_workspace_s_keys_stop_at_once_until_it_is_brought_back(server):
    async with server.operator() as operator, server.client() as client:
        await client.account.GetCaller(GetCallerRequest())
        request = DeleteWorkspaceRequest(workspace_id=server.workspace_id, confirm_name="Test")
        deleted = (await operator.workspaces.DeleteWorkspace(request)).workspace
        assert deleted.delete_time == to_timestamp(server.clock())
        with pytest.raises(KeyInvalid):
            await client.account.GetCaller(GetCallerRequest())
        server.clock.now += 7 * DAY - 1
        assert (await operator.workspaces.DeleteWorkspace(request)).workspace == deleted
        await operator.workspaces.UpdateWorkspace(update(server.workspace_id, "delete_time"))
        await client.account.GetCaller(GetCallerRequest())


@ON_SQLITE
async def test_after_seven_days_a_deleted_workspace_cannot_be_brought_back(server):
    async with server.operator() as operator:
        request = DeleteWorkspaceRequest(workspace_id=server.workspace_id, confirm_name="Test")
        await operator.workspaces.DeleteWorkspace(request)
        server.clock.now += 7 * DAY
        with pytest.raises(ResourceNotFound):
            await operator.workspaces.UpdateWorkspace(update(server.workspace_id, "delete_time"))


@ON_SQLITE
async def test_a_workspace_is_deleted_only_by_who_knows_its_name(server):
    async with server.operator() as operator:
        for request in (
            DeleteWorkspaceRequest(workspace_id=server.workspace_id),
            DeleteWorkspaceRequest(workspace_id=server.workspace_id, confirm_name="test"),
            DeleteWorkspaceRequest(confirm_name="Test"),
        ):
            with pytest.raises(FieldInvalid):
                await operator.workspaces.DeleteWorkspace(request)


@ON_SQLITE
async def test_deletion_is_asked_for_by_its_own_call_only(server):
    async with server.operator() as operator:
        with pytest.raises(FieldInvalid):
            await operator.workspaces.UpdateWorkspace(
                update(server.workspace_id, "delete_time", delete_time=Timestamp(seconds=5))
            )


async def test_workspaces_are_listed_by_age_in_pages_and_deleted_ones_if_asked(server):
    async with server.operator() as operator:
        server.clock.now += 1000
        gone = (await operator.workspaces.CreateWorkspace(asked(name="Gone"))).workspace
        await operator.workspaces.DeleteWorkspace(DeleteWorkspaceRequest(workspace_id=gone.id, confirm_name="Gone"))
        await operator.workspaces.CreateWorkspace(asked(name="Acme"))
        request = ListWorkspacesRequest(page_size=1)
        first = await operator.workspaces.ListWorkspaces(request)
        request.page_token = first.next_page_token
        second = await operator.workspaces.ListWorkspaces(request)
        request.show_deleted = True
        with pytest.raises(PageTokenInvalid):
            await operator.workspaces.ListWorkspaces(request)
        every = await operator.workspaces.ListWorkspaces(ListWorkspacesRequest(show_deleted=True))
        with pytest.raises(FieldInvalid):
            await operator.workspaces.ListWorkspaces(ListWorkspacesRequest(page_size=-1))
    assert [each.name for each in (*first.workspaces, *second.workspaces)] == ["Test", "Acme"]
    assert not second.next_page_token
    assert {each.name for each in every.workspaces} == {"Test", "Gone", "Acme"}


async def test_a_workspace_s_own_key_reads_and_changes_that_one_alone(server):
    other = server.new_workspace()
    async with server.client() as client:
        assert (await client.workspaces.GetWorkspace(GetWorkspaceRequest())).workspace.id == server.workspace_id
        for call in (
            client.workspaces.GetWorkspace(GetWorkspaceRequest(workspace_id=other)),
            client.workspaces.UpdateWorkspace(update(other, name="Mine")),
        ):
            with pytest.raises(ResourceNotFound):
                await call
        for call in (
            client.workspaces.CreateWorkspace(asked(name="Mine")),
            client.workspaces.ListWorkspaces(ListWorkspacesRequest()),
            client.workspaces.DeleteWorkspace(DeleteWorkspaceRequest(workspace_id=other, confirm_name="Other")),
        ):
            with pytest.raises(ScopeMissing):
                await call


@ON_SQLITE
async def test_an_operator_without_a_workspace_has_to_say_which(server):
    async with server.operator() as client:
        with pytest.raises(FieldInvalid):
            await client.workspaces.GetWorkspace(GetWorkspaceRequest())
        with pytest.raises(ResourceNotFound):
            await client.workspaces.GetWorkspace(GetWorkspaceRequest(workspace_id="\U0001f600" * 5000))


def asked(**fields):
    """A request for a workspace."""
    return CreateWorkspaceRequest(workspace=Workspace(**fields))


def update(workspace_id, *paths, **fields):
    """A request to change a workspace."""
    return UpdateWorkspaceRequest(workspace=Workspace(id=workspace_id, **fields), update_mask=FieldMask(paths=paths))
