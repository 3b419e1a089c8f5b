"""What do monitors ask? Whether it lives, whether it is ready, and how much of what it does."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.metrics import CONTENT_TYPE, Metrics
from clockwire.model.errors import StoreUnavailable
from clockwire.model.instants import SECOND, Clock
from clockwire.storage.backlog import count_backlog
from clockwire.storage.database import Database
from clockwire.web.parts import Parts
from clockwire.web.readiness import OK, PATIENCE_SECONDS, Readiness

#: The backlog is counted in the database this often at most, however many look.
BACKLOG_SECONDS = 5.0


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """GET /healthz, /readyz and /metrics; they need no key, and say nothing of any workspace."""
    ready = _Ready(Readiness(parts.database, parts.drain, parts.stalled_seconds))
    exposed = _Exposed(parts.metrics, parts.database, parts.clock)
    return [
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/readyz", ready.answer, methods=["GET"]),
        Route("/metrics", exposed.answer, methods=["GET"]),
    ]


def paths() -> dict[str, Any]:
    """What OpenAPI says of those that answer with JSON."""
    return {
        "/healthz": _told("Whether the process answers", ["status"], {"200": "It does."}),
        "/readyz": _told(
            "Whether the server can do its work",
            ["status", "checks"],
            {"200": "It can.", "503": "It cannot; `checks` says why."},
        ),
    }


async def _healthy(_request: Request) -> Response:
    """The process answers; nothing else is looked at."""
    return _json({"status": OK})


class _Ready:
    """GET /readyz."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def answer(self, _request: Request) -> Response:
        """200 if all holds, else 503; and which does not."""
        checks = await self._readiness.checks()
        ready = set(checks.values()) == {OK}
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _json({"status": OK if ready else "not ready", "checks": checks}, status)


class _Exposed:
    """GET /metrics."""

    def __init__(self, metrics: Metrics, database: Database, clock: Clock) -> None:
        self._metrics = metrics
        self._database = database
        self._clock = clock
        self._count_time = -BACKLOG_SECONDS

    async def answer(self, _request: Request) -> Response:
        """Every metric, in Prometheus' text format."""
        if time.monotonic() - self._count_time >= BACKLOG_SECONDS:
            self._count_time = time.monotonic()
            await self._count_backlog()
        return Response(self._metrics.exposed(), headers={"content-type": CONTENT_TYPE})

    async def _count_backlog(self) -> None:
        owed = late = math.nan  # what is not known for now, while the rest is
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                backlog = await self._database.read(count_backlog)
            now = self._clock()
            owed, late = backlog.owed, (now - min(backlog.first_due_time or now, now)) / SECOND
        self._metrics.show("clockwire_deliveries_owed", owed)
        self._metrics.show("clockwire_delivery_lateness_seconds", late)


def _told(summary: str, members: Sequence[str], answers: Mapping[str, str]) -> dict[str, Any]:
    known = {"status": {"type": "string"}, "checks": {"type": "object", "additionalProperties": {"type": "string"}}}
    schema = {"type": "object", "required": members, "properties": {name: known[name] for name in members}}
    content = {"application/json": {"schema": schema}}
    responses = {status: {"description": text, "content": content} for status, text in answers.items()}
    return {"get": {"summary": summary, "tags": ["Monitoring"], "security": [], "responses": responses}}


def _json(content: object, status: int = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
