"""HTTP as a test speaks it: one request and its answer, or bytes as they are."""

import asyncio
import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clockwire.settings import Address
from tests.support.server import Served


@dataclass(frozen=True)
class HttpAnswer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The reason in the ErrorInfo of a refusal; empty if it has none."""
        return str(self.info.get("reason", ""))

    @property
    def info(self) -> Mapping[str, Any]:
        """The ErrorInfo of a refusal."""
        return self._detail("google.rpc.ErrorInfo")

    @property
    def violations(self) -> list[tuple[str, str]]:
        """Which fields a refusal says are wrong, and why."""
        found = self._detail("google.rpc.BadRequest").get("fieldViolations", [])
        return [(each["field"], each["description"]) for each in found]

    def _detail(self, type_: str) -> Mapping[str, Any]:
        return next((each["debug"] for each in self.json.get("details", []) if each["type"] == type_), {})


async def ask(server: Served, path: str, body: object = None, *, method: str = "POST", **headers: str) -> HttpAnswer:
    """The answer to a request with the workspace's key; *body* is bytes, or something that is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    said = {"authorization": f"Bearer {server.api_key}", "content-type": "application/json"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    said = {name: value for name, value in said.items() if value}
    content = None if method == "GET" else sent
    return await asyncio.to_thread(exchange, server.http_target, method, path, content, said)


def exchange(
    address: Address,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """One request on a connection of its own."""
    terms: dict[str, Any] = {"timeout": 20}
    connection = (
        http.client.HTTPSConnection(address.host, address.port, context=tls, **terms)
        if tls
        else http.client.HTTPConnection(address.host, address.port, **terms)
    )
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return HttpAnswer(response.status, named, response.read())
    finally:
        connection.close()


async def until(holds: Callable[[], object]) -> None:
    """Returns when that holds; the test's own limit ends a wait in vain."""
    while not holds():  # noqa: ASYNC110 - what is waited for happens in the server, which tells nobody
        await asyncio.sleep(0.01)


async def say(address: Address, sent: bytes) -> bytes:
    """Everything that comes back for these bytes until the server closes the connection."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(sent)
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
