"""Who calls, and where? Read from the metadata of a call: the key, the workspace, the person, the cause."""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace

from clockwire.api.authentication import Authenticator
from clockwire.api.scopes import Access, allows
from clockwire.model.api_key import ApiKey, hash_of
from clockwire.model.caller import Caller
from clockwire.model.errors import (
    FieldInvalid,
    KeyInvalid,
    ReferenceMissing,
    ResourceNotFound,
    ScopeMissing,
    WorkspaceForbidden,
)
from clockwire.model.identifiers import is_id
from clockwire.v1.common_pb2 import Actor

LONGEST_CAUSATION_ID = 64

_READ = frozenset({"authorization", "x-workspace-id", "x-on-behalf-of", "x-causation-id", "traceparent"})
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_caller: ContextVar[Caller] = ContextVar("caller")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller that was let in, and the hash of the key it showed; empty for a caller without one."""

    caller: Caller
    key_hash: bytes = b""


def caller() -> Caller:
    """The caller of the call that is being answered."""
    return _caller.get()


def caller_in(workspace_id: str) -> Caller:
    """The same caller, acting in a workspace that its request names ("": in none)."""
    return replace(_caller.get(), workspace_id=workspace_id)


def set_caller(admitted: Admitted) -> None:
    """From here on, in this call, `caller()` is this one."""
    _caller.set(admitted.caller)


async def admit(metadata: Iterable[tuple[str, str | bytes]], access: Access, authenticator: Authenticator) -> Admitted:
    """The caller, if it may make a call with this *access*. Raises what stands in its way."""
    said = _read(metadata)
    if access.open and "authorization" not in said:
        return Admitted(Caller(workspace_id=""))
    key_hash = hash_of(_key_text(said))
    api_key = await authenticator.authenticate(key_hash)
    if not allows(api_key.scopes, access):
        raise ScopeMissing(access.scope)
    workspace_id = await _workspace_id(said, api_key, access, authenticator)
    return Admitted(
        Caller(
            workspace_id=workspace_id,
            api_key_id=api_key.id,
            scopes=api_key.scopes,
            actor=await _actor(said, api_key, workspace_id, authenticator),
            causation_id=_causation_id(said),
            traceparent=_traceparent(said),
        ),
        key_hash,
    )


def _read(metadata: Iterable[tuple[str, str | bytes]]) -> Mapping[str, str]:
    said: dict[str, str] = {}
    for name, value in metadata:
        if name not in _READ:
            continue
        if name in said:
            raise FieldInvalid.of(name, "is sent twice")
        said[name] = value if isinstance(value, str) else value.decode("ascii", "replace")
    return said


def _key_text(said: Mapping[str, str]) -> str:
    scheme, _, text = said.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise KeyInvalid
    return text.strip()


async def _workspace_id(said: Mapping[str, str], api_key: ApiKey, access: Access, authenticator: Authenticator) -> str:
    named = said.get("x-workspace-id", "")
    if not api_key.is_operator:
        if named and named != api_key.workspace_id:
            raise WorkspaceForbidden(named)
        return api_key.workspace_id
    if not named:
        if access.in_workspace:
            raise FieldInvalid.of("x-workspace-id", "an operator's key must name the workspace in this metadata")
        return ""
    if not await authenticator.workspace_exists(named):
        raise ResourceNotFound("workspace", named)
    return named


async def _actor(said: Mapping[str, str], api_key: ApiKey, workspace_id: str, authenticator: Authenticator) -> Actor:
    user_id = said.get("x-on-behalf-of", "")
    if not user_id:
        return Actor(kind=Actor.KIND_API_KEY, api_key_id=api_key.id, display_name=api_key.name)
    if not is_id(user_id):
        raise FieldInvalid.of("x-on-behalf-of", "must be the id of a user, a UUID in lower case")
    name = await authenticator.user_name(workspace_id, user_id)
    if name is None:
        raise ReferenceMissing("x-on-behalf-of", "user", user_id)
    return Actor(kind=Actor.KIND_USER, api_key_id=api_key.id, user_id=user_id, display_name=name)


def _causation_id(said: Mapping[str, str]) -> str:
    causation_id = said.get("x-causation-id", "")
    if len(causation_id) > LONGEST_CAUSATION_ID:
        raise FieldInvalid.of("x-causation-id", f"must have at most {LONGEST_CAUSATION_ID} characters")
    return causation_id


def _traceparent(said: Mapping[str, str]) -> str:
    """The trace the call belongs to. A malformed one is left out, as W3C Trace Context wants it."""
    text = said.get("traceparent", "")
    return text if _TRACEPARENT.fullmatch(text) else ""
