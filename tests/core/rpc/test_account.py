"""AccountService over a real socket."""

import pytest

from clockwire import __version__
from clockwire.client.errors import KeyInvalid
from clockwire.model.instants import of_timestamp
from clockwire.v1.account_service_pb2 import GetCallerRequest, GetServerInfoRequest
from clockwire.v1.api_key_service_pb2 import Scope
from tests.support.server import ON_SQLITE


async def test_a_caller_is_told_its_key_and_its_workspace(server):
    async with server.client() as client:
        answer = await client.account.GetCaller(GetCallerRequest())
    assert answer.api_key.prefix == server.api_key[:12]
    assert answer.api_key.workspace_id == server.workspace_id
    assert answer.workspace.id == server.workspace_id
    assert answer.workspace.name == "Test"


@ON_SQLITE
async def test_an_operator_has_no_workspace_unless_it_names_one(server):
    async with server.operator() as client:
        answer = await client.account.GetCaller(GetCallerRequest())
    assert list(answer.api_key.scopes) == [Scope.SCOPE_OPERATOR]
    assert not answer.HasField("workspace")
    async with server.operator(workspace_id=server.workspace_id) as client:
        answer = await client.account.GetCaller(GetCallerRequest())
    assert answer.workspace.id == server.workspace_id


@ON_SQLITE
async def test_anybody_may_ask_what_the_server_is_but_not_for_its_limits(server):
    async with server.client("") as client:
        answer = await client.account.GetServerInfo(GetServerInfoRequest())
    assert answer.version == __version__
    assert list(answer.features) == ["reflection"]
    assert of_timestamp(answer.server_time) == server.clock()
    assert not answer.max_request_bytes
    assert not answer.max_streams_per_key


@ON_SQLITE
async def test_with_a_key_the_limits_are_told_too(server):
    async with server.client() as client:
        answer = await client.account.GetServerInfo(GetServerInfoRequest())
    assert answer.max_request_bytes == 4 * 1024 * 1024
    assert answer.min_keepalive_interval.seconds == 10
    assert answer.max_streams_per_key == 100


@ON_SQLITE
async def test_a_wrong_key_is_refused_also_where_none_is_needed(server):
    async with server.client("cw_live_wrong") as client:
        with pytest.raises(KeyInvalid):
            await client.account.GetServerInfo(GetServerInfoRequest())
