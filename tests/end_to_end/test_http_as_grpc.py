"""Over HTTP a call ends as it ends over gRPC, whatever is asked and of whomever."""

import asyncio
import ipaddress
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clockwire.v1.workspace_service_pb2 import DeleteWorkspaceRequest
from tests.support.contract import METHODS, REASONS, Method, call, metadata_of
from tests.support.good_requests import GOOD
from tests.support.hostile_messages import bent, filled, requests
from tests.support.http import HttpAnswer, ask
from tests.support.intact import intact
from tests.support.server import ANY_PORT, ON_SQLITE, Served, served
from tests.support.world import WORDS, populate

UNARY = [method for method in METHODS if not method.streams]
CODES = {"canceled": "CANCELLED"}
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

a_few = settings(
    max_examples=60, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@pytest.fixture
async def server(database_url, clock):
    """A server that answers both."""
    async with served(database_url, clock, http=ANY_PORT, allow_target=[LOOPBACK]) as server:
        yield server


@ON_SQLITE
async def test_nothing_of_another_workspace_is_found_and_refusals_are_those_of_grpc(server: Served):
    key = server.new_key(workspace_id=server.new_workspace("Mine"))
    async with server.client() as theirs, server.channel() as channel:
        world = await populate(theirs)
        for method in UNARY:
            request = filled(_copied(GOOD[method.name]), world.known)
            over_http = await _asked(server, method, request, key)
            over_grpc = await call(channel, method, request, metadata_of(key))
            if over_grpc.ok or over_http.status == 200:
                assert WORDS not in _beyond(over_http, request), f"{method} {over_http}"
            assert (_code(over_http), _reason(over_http)) == (over_grpc.status, over_grpc.reason), f"{method}"
        await intact(theirs)


@ON_SQLITE
async def test_another_workspace_cannot_be_named(server: Served):
    key = server.new_key(workspace_id=server.new_workspace("Mine"))
    for method in UNARY:
        answer = await _asked(server, method, method.request(), key, x_workspace_id=server.workspace_id)
        assert answer.reason in {"WORKSPACE_FORBIDDEN", "SCOPE_MISSING"}, f"{method} {answer}"


@ON_SQLITE
@pytest.mark.timeout(120)
async def test_any_request_is_answered_as_documented_and_leaves_a_whole_workspace(server: Served):
    loop = asyncio.get_running_loop()
    async with server.client() as client:
        world = await populate(client)

        @settings(
            max_examples=60,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(UNARY).flatmap(_sent))
        def try_all(sent: tuple[Method, Message]) -> None:
            method, message = sent
            asking = _tried(server, method, filled(_copied(message), world.known))
            asyncio.run_coroutine_threadsafe(asking, loop).result(30)

        await asyncio.to_thread(try_all)
        await intact(client)


async def _tried(server: Served, method: Method, request: Message) -> None:
    if isinstance(request, DeleteWorkspaceRequest):
        return
    try:
        answer = await _asked(server, method, request, server.api_key, connect_timeout_ms="8000")
    except json_format.SerializeToJsonError:
        return  # a time out of range has no form in JSON
    known = _code(answer) == "OK" or (_code(answer), _reason(answer)) in REASONS
    assert known, f"{method} {answer} to {str(request)[:2_000]}"


def _sent(method: Method) -> st.SearchStrategy[tuple[Method, Message]]:
    """Good requests with something bent, and anything at all."""
    messages = st.one_of(bent(GOOD[method.name]), requests(method.request.DESCRIPTOR))
    return st.tuples(st.just(method), messages)


async def _asked(server: Served, method: Method, request: Message, key: str, **headers: str) -> HttpAnswer:
    body = json_format.MessageToJson(request).encode()
    return await ask(server, method.path, body, authorization=f"Bearer {key}", **headers)


def _code(answer: HttpAnswer) -> str:
    """The code of gRPC that the answer stands for."""
    code = "ok" if answer.status == 200 else answer.json["code"]
    return CODES.get(code, code.upper())


def _reason(answer: HttpAnswer) -> str:
    return "" if answer.status == 200 else answer.reason


def _beyond(answer: HttpAnswer, request: Message) -> str:
    """What an answer says beyond the words of the request."""
    said = answer.body.decode()
    for word in {f"{WORDS}-reader", *str(request).split('"')[1::2]}:
        said = said.replace(word, "") if word else said
    return said


def _copied(message: Message) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
