"""What do monitors ask? Whether it lives, and whether it is ready."""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.web.parts import Parts


def routes(_parts: Parts) -> Sequence[BaseRoute]:
    """GET /healthz."""
    return [Route("/healthz", _healthy, methods=["GET"])]


async def _healthy(_request: Request) -> Response:
    """The process answers; nothing else is looked at."""
    return Response(orjson.dumps({"status": "ok"}), media_type="application/json")
