"""The table of scopes: complete, and obeyed by every call."""

from importlib import import_module
from pkgutil import iter_modules

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

import clockwire.v1
from clockwire.api.scopes import ACCESS, OPEN_SERVICES, Access, allows
from clockwire.client.statuses import error_of
from clockwire.model.api_key import OPERATOR, SCOPES
from tests.support.server import ON_SQLITE

FILES = [
    import_module(f"clockwire.v1.{module.name}").DESCRIPTOR
    for module in iter_modules(clockwire.v1.__path__)
    if module.name.endswith("_service_pb2")
]
METHODS = {
    f"/{service.full_name}/{method.name}": method
    for file in FILES
    for service in file.services_by_name.values()
    for method in service.methods
}


def test_the_table_covers_every_call_of_the_contract_and_no_other():
    assert set(ACCESS) == set(METHODS)


def test_every_scope_in_the_table_is_one_that_keys_can_have():
    assert {access.scope for access in ACCESS.values()} <= {"", OPERATOR, *SCOPES}


def test_every_scope_that_keys_can_have_opens_something():
    assert set(SCOPES) <= {access.scope for access in ACCESS.values()}


def test_only_the_server_s_description_is_open():
    assert [method for method, access in ACCESS.items() if access.open] == [
        "/clockwire.v1.AccountService/GetServerInfo"
    ]


def test_what_has_no_side_effects_is_not_a_matter_of_writing():
    writing = {method for method, access in ACCESS.items() if access.scope.endswith(".write")}
    options = {method: METHODS[method].GetOptions().idempotency_level for method in writing}
    assert set(options.values()).isdisjoint({1})  # NO_SIDE_EFFECTS


def test_an_operator_may_everything_and_others_only_what_they_have():
    assert allows(frozenset({OPERATOR}), Access(scope="records.read"))
    assert allows(frozenset({"records.read"}), Access(scope="records.read"))
    assert not allows(frozenset({"records.read"}), Access(scope="records.write"))
    assert allows(frozenset(), Access())


@ON_SQLITE
async def test_each_call_is_refused_to_a_key_with_every_scope_but_the_needed_one(server):
    keys = {scope: server.new_key(*set(SCOPES) - {scope}) for scope in SCOPES}
    refused = {}
    async with server.channel() as channel:
        for method, access in ACCESS.items():
            if access.scope:
                error = await refusal(channel, method, keys.get(access.scope, server.api_key))
                refused[method] = error.reason, error.metadata.get("scope")
    assert refused == {method: ("SCOPE_MISSING", each.scope) for method, each in ACCESS.items() if each.scope}


@ON_SQLITE
@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer cw_live_wrong", "Basic abc", "cw_live_wrong"])
async def test_each_call_is_refused_without_a_key(server, authorization):
    metadata = () if authorization is None else (("authorization", authorization),)
    async with server.channel() as channel:
        for method, access in ACCESS.items():
            if not access.open:
                error = await refusal_of(channel, method, metadata)
                assert (method, error.reason) == (method, "KEY_INVALID")


@ON_SQLITE
async def test_health_and_reflection_need_no_key(server):
    async with server.channel() as channel:
        for service in ("", *{method.split("/")[1] for method in METHODS}):
            health = await HealthStub(channel).Check(HealthCheckRequest(service=service))
            assert health.status == HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError, match="no such service"):
            await HealthStub(channel).Check(HealthCheckRequest(service="nothing"))
        asked = ServerReflectionStub(channel).ServerReflectionInfo(iter([ServerReflectionRequest(list_services="")]))
        [answer] = [each async for each in asked]
    listed = {each.name for each in answer.list_services_response.service}
    assert listed == {method.split("/")[1] for method in METHODS} | OPEN_SERVICES - {"grpc.health.v1.Health"}


async def refusal(channel, method, api_key):
    """What a call with this key, and an empty request, is told."""
    return await refusal_of(channel, method, (("authorization", f"Bearer {api_key}"),))


async def refusal_of(channel, method, metadata):
    """The error of a call with an empty request."""
    descriptor = METHODS[method]
    request = GetMessageClass(descriptor.input_type)().SerializeToString()
    try:
        if descriptor.server_streaming:
            await channel.unary_stream(method)(request, metadata=metadata).read()
        else:
            await channel.unary_unary(method)(request, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return error_of(error)
    raise AssertionError(f"{method} was answered")
