"""A Connect client that others wrote (PyPI connectrpc) finds here what it expects."""

import asyncio
from typing import Any

import pytest
from connectrpc.client import ConnectClientSync
from connectrpc.code import Code
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from clockwire.v1 import record_service_pb2 as messages
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Client, Project, Record, RecordKey
from tests.support.server import ON_SQLITE, Served

pytestmark = pytest.mark.parametrize("codec", [google_protobuf_json_codec, google_protobuf_binary_codec])


@ON_SQLITE
async def test_it_writes_reads_and_lists(server: Served, codec):
    def walk() -> None:
        with ConnectClientSync(server.http_url, codec=codec()) as client:
            made = [
                call(client, server, messages.CreateRecordRequest(record=record)).record
                for record in (
                    Record(client=Client(client_name="Acme")),
                    Record(project=Project(project_name="Website", description="long " * 1_000)),
                )
            ]
            for record in made:
                key = RecordKey(id=record.id)
                assert call(client, server, messages.GetRecordRequest(key=key)).record == record
            projects = messages.ListRecordsRequest(type=RecordType.RECORD_TYPE_PROJECT)
            assert list(call(client, server, projects).records) == made[1:]

    await asyncio.to_thread(walk)


@ON_SQLITE
async def test_it_understands_refusals(server: Served, codec):
    def fail() -> None:
        with ConnectClientSync(server.http_url, codec=codec()) as client:
            with pytest.raises(ConnectError) as caught:
                call(client, server, messages.CreateRecordRequest(record=Record(client=Client())))
            assert caught.value.code is Code.INVALID_ARGUMENT
            info, fields = ErrorInfo(), BadRequest()
            details = {each.type_name: each.message_bytes for each in caught.value.details}
            info.ParseFromString(details["google.rpc.ErrorInfo"])
            fields.ParseFromString(details["google.rpc.BadRequest"])
            assert info.reason == "FIELD_INVALID"
            assert [each.field for each in fields.field_violations] == ["record.client.client_name"]
            with pytest.raises(ConnectError) as caught:
                call(client, server, messages.GetRecordRequest(), timeout_ms=0)
            assert caught.value.code is Code.DEADLINE_EXCEEDED

    await asyncio.to_thread(fail)


def call(client: ConnectClientSync, server: Served, request: Any, **terms: Any) -> Any:
    """The response to a request of RecordService."""
    name = type(request).__name__.removesuffix("Request")
    method = MethodInfo(
        name=name,
        service_name="clockwire.v1.RecordService",
        input=type(request),
        output=getattr(messages, f"{name}Response"),
        idempotency_level=IdempotencyLevel.UNKNOWN,
        stream_type=StreamType.UNARY,
    )
    headers = {"authorization": f"Bearer {server.api_key}"}
    return client.execute_unary(request=request, method=method, headers=headers, **terms)
