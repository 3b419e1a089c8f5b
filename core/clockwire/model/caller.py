"""Who calls, and how the call entered: what every event says of its cause."""

from dataclasses import dataclass, field

from clockwire.v1.common_pb2 import Actor, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The party behind an operation. `workspace_id` is empty only where no workspace is meant."""

    workspace_id: str
    api_key_id: str = ""
    scopes: frozenset[str] = frozenset()
    actor: Actor = field(default_factory=lambda: Actor(kind=Actor.KIND_SYSTEM, display_name="clockwire"))
    origin: "Origin.ValueType" = Origin.ORIGIN_API
    causation_id: str = ""
    traceparent: str = ""


def system(workspace_id: str) -> Caller:
    """The service itself, acting in a workspace."""
    return Caller(workspace_id=workspace_id, origin=Origin.ORIGIN_SYSTEM)
