"""A gRPC server that answers as a test says, to see how a client bears it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

Answer = Callable[[Any, grpc.ServicerContext], Any]


@dataclass
class ScriptedServer:
    """Answers each call of a method by the next entry of its script, the last one for ever."""

    target: str = ""
    calls: list[tuple[str, Any, dict[str, str], str]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    _scripts: dict[str, list[Answer]] = field(default_factory=dict)

    def answers(self, method: str, *script: Answer) -> None:
        """From now on the method ("RecordService/CreateRecord") answers like this."""
        self._scripts[method] = list(script)

    def requests(self, method: str) -> list[Any]:
        """What the method was asked, in order."""
        return [request for name, request, _, _ in self.calls if name == method]

    def handle(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        """The next entry of the script, carried out."""
        with self.arrived:
            metadata = {name: str(value) for name, value in context.invocation_metadata()}
            self.calls.append((method, request, metadata, context.peer()))
            self.arrived.notify_all()
        script = self._scripts[method]
        return (script.pop(0) if len(script) > 1 else script[0])(request, context)


def refusing(code: grpc.StatusCode, *details: Message, sentence: str = "no") -> Answer:
    """An answer that is a status with these details."""

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        status = status_pb2.Status(code=code.value[0], message=sentence)
        for each in details:
            status.details.add().Pack(each)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, sentence)

    return answer


def reason(name: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    """The detail that carries a reason."""
    return error_details_pb2.ErrorInfo(reason=name, domain="clockwire.dev", metadata=metadata)


def saying(response: Message | Sequence[Message]) -> Answer:
    """An answer that is this message, or for a stream these messages."""
    return lambda _request, _context: response


@contextmanager
def scripted_server(*services: type, credentials: grpc.ServerCredentials | None = None) -> Iterator[ScriptedServer]:
    """A server with these generated servicers, on a port of its own."""
    scripted = ScriptedServer()
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    for servicer in services:
        _register(server, servicer, scripted)
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    scripted.target = f"localhost:{port}"
    server.start()
    try:
        yield scripted
    finally:
        server.stop(grace=None).wait()


def _register(server: grpc.Server, servicer: type, scripted: ScriptedServer) -> None:
    """Every method of *servicer* answers by its script."""
    import importlib

    name = servicer.__name__.removesuffix("Servicer")
    methods = {
        method: _scripted_method(scripted, f"{name}/{method}")
        for method in vars(servicer)
        if not method.startswith("_")
    }
    module = importlib.import_module(servicer.__module__)
    getattr(module, f"add_{servicer.__name__}_to_server")(type(name, (servicer,), methods)(), server)


def _scripted_method(scripted: ScriptedServer, method: str) -> Callable[[Any, Any, Any], Any]:
    return lambda _servicer, request, context: scripted.handle(method, request, context)
