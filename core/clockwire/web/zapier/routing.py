"""Which endpoints for Zapier there are."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.routing import BaseRoute

from clockwire.web.parts import Parts
from clockwire.web.zapier import creating, describing, fallbacks, finding, subscribing

PREFIX: Final = "/api/integrations/zapier"


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """Subscribe and unsubscribe; samples; find and create."""
    return [route for module in (subscribing, fallbacks, finding, creating) for route in module.routes(parts, PREFIX)]


def paths() -> dict[str, Any]:
    """What OpenAPI says of them."""
    return describing.paths(PREFIX)
