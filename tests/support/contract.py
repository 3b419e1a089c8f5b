"""Which calls does the contract have, and which statuses may they end with? Read from the contract itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from clockwire.v1 import (
    account_service_pb2,
    api_key_service_pb2,
    consumer_service_pb2,
    delivery_service_pb2,
    event_service_pb2,
    inbound_hook_service_pb2,
    record_service_pb2,
    subscription_service_pb2,
    timer_service_pb2,
    workspace_service_pb2,
)
from tests.support.repository import ROOT

FILES = (
    record_service_pb2,
    timer_service_pb2,
    event_service_pb2,
    consumer_service_pb2,
    subscription_service_pb2,
    delivery_service_pb2,
    inbound_hook_service_pb2,
    api_key_service_pb2,
    workspace_service_pb2,
    account_service_pb2,
)

_REASON = re.compile(r"// ([A-Z_]+)\. .*\n(?:  //.*\n)*  ERROR_REASON_([A-Z_]+) = \d+;")

#: The pairs of status and reason that errors.proto allows.
REASONS = {
    (status, reason) for status, reason in _REASON.findall((ROOT / "proto/clockwire/v1/errors.proto").read_text())
}


@dataclass(frozen=True)
class Method:
    """One RPC."""

    service: str
    name: str
    request: type[Message]
    response: type[Message]
    streams: bool

    @property
    def path(self) -> str:
        """As it is called: "/clockwire.v1.RecordService/GetRecord"."""
        return f"/clockwire.v1.{self.service}/{self.name}"

    def __str__(self) -> str:
        return f"{self.service}.{self.name}"


@dataclass(frozen=True)
class Answer:
    """How a call ended; a stream that was open is `OK` once its first response has come."""

    status: str
    reason: str = ""
    domain: str = ""
    sentence: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    response: Any = None

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return self.status == "OK"

    @property
    def documented(self) -> bool:
        """Whether errors.proto knows such an end, a bug of the server excepted."""
        if self.ok:
            return True
        return self.domain == "clockwire.dev" and self.status != "INTERNAL" and (self.status, self.reason) in REASONS


def _method(method: MethodDescriptor) -> Method:
    return Method(
        service=method.containing_service.name,
        name=method.name,
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
        streams=method.server_streaming,
    )


METHODS = [
    _method(method)
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
SERVICES = sorted({each.service for each in METHODS})
BY_NAME = {each.name: each for each in METHODS}


def metadata_of(api_key: str, *more: tuple[str, str | bytes]) -> Sequence[tuple[str, str | bytes]]:
    """What a call with this key says beside its request."""
    return [("authorization", f"Bearer {api_key}"), *more]


async def call(
    channel: grpc.aio.Channel,
    method: Method,
    request: Message | bytes,
    metadata: Sequence[tuple[str, str | bytes]] = (),
    *,
    seconds: float = 10.0,
) -> Answer:
    """How the call ends."""
    body = request if isinstance(request, bytes) else request.SerializeToString()
    try:
        if not method.streams:
            calling: Any = channel.unary_unary(method.path, response_deserializer=method.response.FromString)
            return Answer("OK", response=await calling(body, metadata=tuple(metadata), timeout=seconds))
        opening: Any = channel.unary_stream(method.path, response_deserializer=method.response.FromString)
        stream = opening(body, metadata=tuple(metadata), timeout=seconds)
        first = await stream.read()
        if first is grpc.aio.EOF:
            return Answer((await stream.code()).name)
        stream.cancel()
        return Answer("OK", response=first)
    except grpc.aio.AioRpcError as error:
        return _refusal(error)


def _refusal(error: grpc.aio.AioRpcError) -> Answer:
    status, sentence = error.code().name, error.details() or ""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if not isinstance(details, bytes):
        return Answer(status, sentence=sentence)
    for detail in Status.FromString(details).details:
        info = ErrorInfo()
        if detail.Unpack(info):
            return Answer(status, info.reason, info.domain, sentence, dict(info.metadata))
    return Answer(status, sentence=sentence)
